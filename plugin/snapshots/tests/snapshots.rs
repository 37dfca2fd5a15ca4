//! The window's main states as committed pictures. `cargo xtask snapshots` compares them, and `--update` renews them.

mod picture;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use egui::Theme;
use egui_kittest::SnapshotResults;
use picture::{Appearance, DEFAULT_SIZE, SMALLEST_SIZE, compare};
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::feel::{FeelControls, PedalMode};
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_engine::generator::{SelectedClip, SongPlacement};
use tonenet_engine::status::Status;
use tonenet_engine::timeline_store::TimelineSummary;
use tonenet_inference::user_style::UserStyleId;
use tonenet_plugin::editor::performance::{Axis, GridLine, NoteState, NoteView, PerformanceView, WrittenNote};
use tonenet_plugin::editor::{Dial, GenerateView, Tab, UserStyleView, View};
use tonenet_plugin::learner::{LearnedStyle, LearnerState};
use tonenet_plugin::params::ToneNetParams;
use tonenet_plugin::player::PlayerView;

/// The window of a new instance.
fn first_run() -> View {
    let status = Arc::<Status>::default();
    status.latency.store(24_000, Ordering::Relaxed);
    status.sample_rate.store(48_000, Ordering::Relaxed);
    status.info.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
    let mut view = View::new(&ToneNetParams::new(status.clone()), &status);
    // Not of the program that renders it.
    view.diagnostics.host = "a host".into();
    view
}

/// Ten seconds of a broken chord over a bass, a note of which was late.
fn performance() -> PerformanceView {
    const KEYS: [u8; 8] = [48, 60, 64, 67, 72, 67, 64, 60];
    let now = 9.6;
    let note = |place: usize| {
        let onset = place as f64 * 0.25;
        let own = 58 + (place * 7 % 12) as u8;
        let swing = if place % 2 == 1 { 14 } else { 0 };
        let restyled = 62 + (place * 5 % 9) as u8 + swing;
        let state = match place {
            11 => NoteState::Late,
            _ if onset > now - 0.3 => NoteState::Waiting,
            _ => NoteState::Restyled,
        };
        NoteView {
            onset,
            length: (onset < now - 0.2).then_some(if place.is_multiple_of(8) { 1.6 } else { 0.3 }),
            written: None,
            key: KEYS[place % KEYS.len()],
            own,
            restyled: (state == NoteState::Restyled).then_some(restyled),
            level: Some(70.0 + 4.0 * (onset * 0.8).sin() as f32),
            state,
            style: StyleBlend::only(StyleIndex::JAZZ),
            take: TakeSeed(3),
        }
    };
    let line = |beat: i32| GridLine { place: f64::from(beat) * 0.5, bar: (beat % 4 == 0).then_some(beat / 4 + 1) };
    PerformanceView {
        notes: (0..39).map(note).collect(),
        grid: (0..22).map(line).collect(),
        now: Some(now),
        is_moving: true,
        look_ahead: 0.5,
        floor: 1,
        ceiling: 127,
        ..PerformanceView::default()
    }
}

/// The window after some playing.
fn playing() -> View {
    let mut view = View { performance: performance(), ..first_run() };
    view.files.can_save = true;
    view.look_ahead = Mode::Window(WindowLength::OneBeat);
    view.latency = 24_000;
    view.restyled = 1_250;
    view.late = 1;
    view.engine.model = "Note model".into();
    view.diagnostics.engine = view.engine.clone();
    view.diagnostics.counters = [1_250, 1, 0, 0];
    view
}

/// The window with a feel that swings the off-beats and shortens the notes.
fn feel() -> View {
    let mut view = playing();
    view.settings.feel =
        FeelControls { timing: 0.6, articulation: 0.8, chord_spread: 0.3, pedal: PedalMode::Fill, ..FeelControls::OFF };
    for (dial, value) in [(Dial::Timing, 0.6), (Dial::Articulation, 0.8), (Dial::ChordSpread, 0.3)] {
        let dial = &mut view.dials[dial as usize];
        (dial.value, dial.text) = (value, format!("{:.0} %", value * 100.0));
    }
    let moved = |(place, note): (usize, &NoteView)| {
        let by = match place % 4 {
            1 | 3 => 0.07,
            2 => -0.02,
            _ => 0.0,
        };
        let length = note.length.map(|length| length * 0.7);
        let written = Some(WrittenNote { onset: note.onset, length: note.length });
        let is_still = matches!(note.state, NoteState::Waiting | NoteState::Late);
        if is_still { *note } else { NoteView { onset: note.onset + by, length, written, ..*note } }
    };
    view.performance.notes = view.performance.notes.iter().enumerate().map(moved).collect();
    view
}

/// The window in Timeline, with a song that is remembered and one note that is new in it.
fn timeline() -> View {
    let mut view = playing();
    let in_song = |note: NoteView| NoteView {
        onset: note.onset * 2.0,
        length: Some(note.length.map_or(0.5, |length| length * 2.0)),
        restyled: note.restyled.or(Some(70)),
        state: if note.state == NoteState::Late { NoteState::New } else { NoteState::Restyled },
        ..note
    };
    let performance = &view.performance;
    let line = |line: &GridLine| GridLine { place: line.place * 2.0, ..*line };
    view.performance = PerformanceView {
        axis: Axis::Song,
        notes: performance.notes.iter().copied().map(in_song).collect(),
        grid: performance.grid.iter().map(line).collect(),
        now: Some(7.5),
        look_ahead: 0.0,
        ..performance.clone()
    };
    view.look_ahead = Mode::Timeline;
    view.latency = 0;
    view.late = 0;
    view.new = 1;
    view.remembered = TimelineSummary { notes: 39, waiting: 0, is_entered: false, can_undo: true };
    view
}

/// The panel Generate with three pieces, the second of which is in the song.
fn generate() -> View {
    const KEYS: [u8; 16] = [67, 69, 71, 74, 72, 71, 69, 67, 64, 67, 69, 71, 69, 67, 66, 67];
    let tune = |from: u8| {
        let melody = (0..32).map(|i| ClipNote {
            onset: i as f64,
            length: 0.9,
            key: KEYS[(i + usize::from(from)) % KEYS.len()],
            velocity: 70 + (i * 11 % 30) as u8,
        });
        let bass = (0..8).map(|i| ClipNote { onset: i as f64 * 4.0, length: 3.8, key: 43 + from, velocity: 60 });
        Arc::new(Clip::new(32.0, (4, 4), melody.chain(bass).collect()).expect("a clip"))
    };
    let clips: Vec<_> = [0, 5, 9].map(tune).into();
    let clip = clips[1].clone();
    let placement = Some(SongPlacement { is_selected: true, clip: clip.clone(), start: Some(16.0) });
    let selected = SelectedClip { clip: Some(clip), index: 1, clips, placement, phrases: [None; 2] };
    let mut view = View { tab: Tab::Generate, ..playing() };
    view.generate = GenerateView { selected, position: Some(26.5), ..view.generate };
    view
}

/// The panel Styles after a style was learned.
fn styles() -> View {
    let mut view = View { tab: Tab::Styles, ..playing() };
    let id: UserStyleId = "0123456789abcdef".parse().expect("an id");
    view.styles.users.push(UserStyleView {
        slot: 0,
        title: "Late evening".into(),
        name: "Late evening".into(),
        description: "12 files, 14,200 notes. Softer bass than Pop, and a narrower range.".into(),
        id: Some(id),
    });
    view.styles.learning = LearnerState::Done(Arc::new(LearnedStyle {
        id,
        slot: 0,
        name: "Late evening".into(),
        was_there: false,
        files: 12,
        notes: 14_200,
        description: "Compared with Pop: softer bass (−5.0) and a narrower range (σ 11 for 15).".into(),
        reliability: "Tested on playing that it was not learned from: r 0.58, where Pop has 0.47.".into(),
        left_out: Vec::new(),
    }));
    view
}

/// The window while a new look-ahead waits for the host.
fn restart() -> View {
    View { look_ahead: Mode::Window(WindowLength::FourBeats), restart_pending: true, ..playing() }
}

/// The window of an instance whose engine has failed.
fn failed() -> View {
    let status = Arc::<Status>::default();
    status.failed.store(true, Ordering::Relaxed);
    View::new(&ToneNetParams::new(status.clone()), &status)
}

/// The main states of the window, by the names of their pictures.
/// The window of the standalone program, while a file plays.
fn standalone() -> View {
    let player = PlayerView {
        file: Some("evening.mid".into()),
        is_playing: true,
        is_looping: true,
        position: 9.6,
        length: 127.0,
        bar: 5,
        ports: "JACK: from ToneNet:in (nothing connected) to fluidsynth:midi_00".into(),
        problem: None,
        notice: None,
    };
    View { player: Some(player), ..playing() }
}

fn states() -> Vec<(&'static str, View)> {
    vec![
        ("first-run", first_run()),
        ("playing", playing()),
        ("feel", feel()),
        ("timeline", timeline()),
        ("restart", restart()),
        ("generate", generate()),
        ("styles", styles()),
        ("status", View { tab: Tab::Status, ..playing() }),
        ("failed", failed()),
        ("standalone", standalone()),
    ]
}

#[test]
#[ignore = "needs a Vulkan driver; `cargo xtask snapshots` installs one that draws on the processor, and runs this test"]
fn the_window_looks_as_in_the_committed_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let mut results = SnapshotResults::new();
    for (state, view) in states() {
        for (theme, shade) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            let full = Appearance { theme, size: DEFAULT_SIZE, scale: 1.0 };
            results.add(compare(&view, full, &folder, &format!("{state}-{shade}")));
            // In the smallest window a control is cut or overlaps first.
            let small = Appearance { size: SMALLEST_SIZE, scale: 2.0, ..full };
            results.add(compare(&view, small, &folder, &format!("{state}-{shade}-small-200")));
        }
    }
    results.unwrap();
}

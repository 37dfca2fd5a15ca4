//! A Take moves the same chords by the same amounts in a live pass, in a file and in Timeline.
#![cfg(feature = "embedded")]

use std::collections::BTreeMap;

use tonenet_core::dynamics::Expression;
use tonenet_core::feel::Feel;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::scheduler::{Hop, NoteId, SampleTime};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::{TimelineNote, TimelineSnapshot};
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::timeline;

const RATE: f64 = 48_000.0;

/// Notes in a chord, whose notes begin a hundredth of a beat one after the other, and chords.
const CHORD: usize = 3;
const CHORDS: usize = 48;

/// Beats that last half a second.
const BEAT: f64 = 0.5;

fn model() -> LoadedModel {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    EmbeddedModel::Note.load(&runtime).expect("the model loads")
}

fn notes() -> Vec<Note> {
    let note = |index: usize| {
        let (chord, place) = (index / CHORD, index % CHORD);
        let beats = chord as f64 / 2.0 + place as f64 / 100.0;
        let end = beats + 0.4;
        Note {
            onset: beats * BEAT,
            release: end * BEAT,
            onset_sixteenths: beats * 4.0,
            release_sixteenths: end * 4.0,
            channel: 0,
            key: (48 + place * 7 + chord % 5) as u8,
            velocity: 60 + (chord % 9) as u8,
        }
    };
    (0..CHORD * CHORDS).map(note).collect()
}

fn style(share_of_b: f32) -> StyleBlend {
    StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b }
}

fn settings(style: StyleBlend, take: TakeSeed) -> RestyleSettings {
    let look_ahead = LookAhead::WholePerformance;
    RestyleSettings { style, source_style: None, take, expression: Expression::default(), look_ahead }
}

fn in_file(model: &LoadedModel, settings: RestyleSettings, grid: Grid) -> Vec<Feel> {
    let notes = notes();
    let view = PerformanceView { notes: &notes, pedals: &[], grid, player_level: None };
    let styled = settings.styled_of_each(model, &[view], &Cancellation::default()).expect("predictions");
    styled.into_iter().next().expect("a performance").feel
}

fn in_timeline(model: &LoadedModel, style: StyleBlend, take: TakeSeed) -> Vec<Feel> {
    let note = |n: &Note| TimelineNote {
        beats: n.onset_sixteenths / 4.0,
        length: 0.4,
        beat_seconds: BEAT as f32,
        channel: n.channel,
        key: n.key,
        velocity: n.velocity,
    };
    let recorded = TimelineSnapshot::new(notes().iter().map(note).collect(), Vec::new());
    let snapshot = timeline::restyle(&recorded, "note", model, false, &Cancellation::default()).expect("predictions");
    let table = snapshot.column_table(model.styles().keys());
    (0..snapshot.notes().len()).map(|note| snapshot.feel(note, &table, style, take)).collect()
}

/// A live pass in which the model runs once every `hop` samples.
fn live(model: &LoadedModel, take: TakeSeed, hop: SampleTime, has_beats: bool) -> Vec<Feel> {
    let mut restyler = Restyler::new(model.live_model(RATE));
    let mut feels = BTreeMap::new();
    let (notes, mut asked) = (notes(), 0);
    let time = |note: &Note| (note.onset * RATE).round() as SampleTime;
    let mut ask = |restyler: &mut Restyler, until: SampleTime| {
        while asked + hop <= until {
            let request = Hop { time: asked + hop, settle_from: asked, settle_to: asked + hop };
            let position = request.time as f64 / RATE / BEAT * 4.0;
            let request = InferenceRequest { hop: request, position };
            let estimated = restyler.estimate(&request, |note, estimate, _| {
                feels.insert(note.id, estimate.feel);
            });
            estimated.expect("predictions");
            asked += hop;
        }
    };
    for (id, note) in (0..).zip(&notes) {
        ask(&mut restyler, time(note));
        restyler.push_event(&InputEvent::NoteOn {
            id: NoteId(id),
            time: time(note),
            position: note.onset_sixteenths,
            beats: has_beats.then_some(note.onset_sixteenths / 4.0),
            beat_seconds: BEAT,
            channel: note.channel,
            key: note.key,
            velocity: note.velocity,
            style: style(0.25),
            take,
        });
    }
    ask(&mut restyler, time(&notes[notes.len() - 1]) + 2 * hop);
    feels.into_values().collect()
}

/// What a take adds to the shift and the length of each note.
fn added(of: impl Fn(TakeSeed) -> Vec<Feel>, take: u16) -> Vec<[f32; 2]> {
    let (predicted, in_take) = (of(TakeSeed(0)), of(TakeSeed(take)));
    assert_eq!(predicted.len(), CHORD * CHORDS);
    let pairs = predicted.iter().zip(&in_take);
    pairs.map(|(predicted, taken)| [taken.shift - predicted.shift, taken.stretch - predicted.stretch]).collect()
}

fn farthest_apart(one: &[[f32; 2]], other: &[[f32; 2]]) -> f32 {
    one.iter().flatten().zip(other.iter().flatten()).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

#[test]
fn a_take_adds_the_same_in_a_live_pass_of_any_hop_in_a_file_and_in_timeline() {
    let model = model();
    let file = added(|take| in_file(&model, settings(style(0.25), take), Grid::Sixteenths), 7);
    for chord in file.chunks(CHORD) {
        assert!(farthest_apart(&chord[1..], &chord[..CHORD - 1]) < 1e-6, "notes of a chord move alike: {chord:?}");
    }
    let first = &file[..CHORD * CHORDS / 2];
    assert!(farthest_apart(first, &file[CHORD * CHORDS / 2..]) > 0.005, "it wanders");
    let timeline = added(|take| in_timeline(&model, style(0.25), take), 7);
    assert!(farthest_apart(&file, &timeline) < 1e-6, "Timeline");
    for hop in [48, 480, 6_000, 48_000] {
        let live = added(|take| live(&model, take, hop, true), 7);
        assert!(farthest_apart(&file, &live) < 1e-6, "a live pass with a hop of {hop} samples");
    }
    let other = added(|take| in_file(&model, settings(style(0.25), take), Grid::Sixteenths), 8);
    assert!(farthest_apart(&file, &other) > 0.005, "another Take");
}

#[test]
fn without_beats_a_take_changes_lengths_and_no_shift() {
    let model = model();
    let wanted: Vec<[f32; 2]> = {
        let on_beats = added(|take| in_file(&model, settings(style(0.25), take), Grid::Sixteenths), 7);
        on_beats.into_iter().map(|[_, stretch]| [0.0, stretch]).collect()
    };
    // The beat of a part without a click is half a second, as long as here.
    let file = added(|take| in_file(&model, settings(style(0.25), take), Grid::Seconds(0.125)), 7);
    assert!(farthest_apart(&file, &wanted) < 1e-6);
    let live = added(|take| live(&model, take, 6_000, false), 7);
    assert!(farthest_apart(&live, &wanted) < 1e-6);
}

#[test]
fn a_blend_lies_between_its_styles_and_an_exchange_adds_their_difference() {
    let model = model();
    let of = |style, source_style| {
        let settings = |take| RestyleSettings { source_style, ..settings(style, take) };
        added(|take| in_file(&model, settings(take), Grid::Sixteenths), 7)
    };
    let [jazz, pop] = [StyleIndex::JAZZ, StyleIndex::POP].map(|style| of(StyleBlend::only(style), None));
    let sum = |of_jazz: f32, of_pop: f32| -> Vec<[f32; 2]> {
        let both = jazz.iter().zip(&pop);
        both.map(|(jazz, pop)| [0, 1].map(|part| of_jazz * jazz[part] + of_pop * pop[part])).collect()
    };
    assert!(farthest_apart(&of(style(0.25), None), &sum(0.75, 0.25)) < 1e-5);
    let exchange = of(StyleBlend::only(StyleIndex::JAZZ), Some(StyleIndex::POP));
    assert!(farthest_apart(&exchange, &sum(1.0, -1.0)) < 1e-5);
}

//! A style of the user plays by the rules of a built-in one: in files, Timeline and live, in both runtimes.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::styles::{arbitrary, copy_of};
use common::{built_in, onnx_runtime};
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::scheduler::{SampleTime, SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::transport::Transport;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::offline::{Playback, events_from_song, restyle};
use tonenet_inference::performance::{LoadedModel, LookAhead, Network, PerformanceView, RestyleSettings};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::Runtime;
use tonenet_inference::styles::{PlayedStyle, StyleSlots};
use tonenet_inference::timeline;
use tonenet_inference::user_style::UserStyle;

const RATE: f64 = 48_000.0;

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets")
}

fn song() -> Song {
    Song::parse(std::fs::read(assets().join("demo/bach-prelude-bwv-846.mid")).unwrap()).unwrap()
}

fn model(name: &str, runtime: &Runtime) -> LoadedModel {
    LoadedModel::load(runtime, &ModelFiles::from_dir(&assets().join("models").join(name)).unwrap()).unwrap()
}

fn slot(slot: usize) -> StyleIndex {
    StyleIndex::from_slot(slot).unwrap()
}

/// The note model with a style in the user's third slot, made for its network.
fn note_model(runtime: &Runtime, style: impl Fn(&tonenet_inference::note::NoteNetwork) -> UserStyle) -> LoadedModel {
    let model = model("note", runtime);
    let Network::Note(network) = model.network() else { panic!("the note model") };
    let mut slots = StyleSlots::default();
    slots[2] = Some(Arc::new(style(network)));
    model.with_user_styles(&slots)
}

fn settings(style: StyleBlend, take: TakeSeed) -> RestyleSettings {
    let (expression, look_ahead) = (Expression::default(), LookAhead::WholePerformance);
    RestyleSettings { style, source_style: None, take, expression, look_ahead }
}

fn file_velocities(model: &LoadedModel, settings: &RestyleSettings) -> Vec<u8> {
    let notes: Vec<Note> = song().notes().iter().map(|n| n.note).collect();
    let view = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    settings.velocities(model, &view).unwrap()
}

fn largest_difference(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn both_runtimes_give_a_style_of_the_user_the_same_velocities_within_a_step() {
    let models = [built_in(), onnx_runtime().0].map(|runtime| note_model(&runtime, arbitrary));
    for style in [StyleBlend::only(slot(2)), StyleBlend { a: StyleIndex::POP, b: slot(2), share_of_b: 0.4 }] {
        for take in [TakeSeed(0), TakeSeed(7)] {
            let [one, other] = models.each_ref().map(|model| file_velocities(model, &settings(style, take)));
            assert!(largest_difference(&one, &other) <= 1, "{style:?} {take:?}");
        }
    }
}

#[test]
fn a_style_that_repeats_a_built_in_one_plays_as_it_does_everywhere() {
    let model = note_model(&built_in(), |network| copy_of(network, Genre::Pop));
    let [copy, pop] = [slot(2), StyleIndex::POP].map(|style| settings(StyleBlend::only(style), TakeSeed(0)));
    assert_eq!(file_velocities(&model, &copy), file_velocities(&model, &pop));
    let seconds = LookAhead::Seconds(0.3);
    let at_look_ahead = |settings| file_velocities(&model, &RestyleSettings { look_ahead: seconds, ..settings });
    assert_eq!(at_look_ahead(copy), at_look_ahead(pop));
    let exchanged = |style: RestyleSettings| {
        file_velocities(&model, &RestyleSettings { source_style: Some(StyleIndex::JAZZ), ..style })
    };
    assert_eq!(exchanged(copy), exchanged(pop));
    let from_itself = RestyleSettings { source_style: Some(slot(2)), ..pop };
    let own: Vec<u8> = song().notes().iter().map(|n| n.note.velocity).collect();
    assert_eq!(file_velocities(&model, &from_itself), own, "an exchange for the same style");

    let live = |style: StyleBlend, look_ahead: SchedulerConfig| {
        let playback = Playback { sample_rate: RATE, look_ahead, block: 512, style, take: TakeSeed(0) };
        let transport = |time: SampleTime| Transport {
            playing: true,
            tempo: Some(120.0),
            beats: Some(time as f64 / RATE * 2.0),
            ..Default::default()
        };
        let mut restyler = Restyler::new(model.live_model(RATE));
        restyle(&mut restyler, &events_from_song(&song(), RATE), &playback, transport).unwrap()
    };
    for look_ahead in [SchedulerConfig::window(WindowLength::OneBeat, 120.0, RATE), SchedulerConfig::live(RATE, 256)] {
        let expected = live(StyleBlend::only(StyleIndex::POP), look_ahead);
        assert!(expected.iter().flatten().any(|e| e.deviation.abs() > 3.0));
        assert_eq!(live(StyleBlend::only(slot(2)), look_ahead), expected);
        // The style reads the decoder that plays beside it.
        let blend = live(StyleBlend { a: slot(2), b: StyleIndex::POP, share_of_b: 0.5 }, look_ahead);
        for (blend, expected) in blend.iter().flatten().zip(expected.iter().flatten()) {
            assert!((blend.deviation - expected.deviation).abs() < 1e-3, "{blend:?} {expected:?}");
        }
    }
}

#[test]
fn a_blend_with_a_style_of_the_user_lies_between_both() {
    let model = note_model(&built_in(), arbitrary);
    let velocities = |share_of_b| {
        file_velocities(&model, &settings(StyleBlend { a: StyleIndex::CLASSICAL, b: slot(2), share_of_b }, TakeSeed(0)))
    };
    let (first, half, second) = (velocities(0.0), velocities(0.5), velocities(1.0));
    assert_eq!(first, file_velocities(&model, &settings(StyleBlend::only(StyleIndex::CLASSICAL), TakeSeed(0))));
    assert!(largest_difference(&first, &second) > 20, "the styles differ");
    for ((a, b), half) in first.iter().zip(&second).zip(&half) {
        assert!((a.min(b).saturating_sub(1)..=a.max(b).saturating_add(1)).contains(half), "{half} of {a} and {b}");
    }
}

#[test]
fn a_file_and_timeline_give_a_style_of_the_user_the_same_velocities() {
    let model = note_model(&built_in(), arbitrary);
    // Only what Timeline remembers, too: no pedal, and the file's notes in its order.
    let recorded = TimelineSnapshot::new(TimelineSnapshot::from_song(&song(), 0.0).notes().to_vec(), Vec::new());
    let restyled = timeline::restyle(&recorded, "note", &model, false, &Cancellation::default()).unwrap();
    assert!(!restyled.needs("note", model.styles().keys()));
    let (notes, _) = recorded.performance();
    let view = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let table = restyled.column_table(model.styles().keys());
    for style in [StyleBlend::only(slot(2)), StyleBlend { a: slot(2), b: StyleIndex::JAZZ, share_of_b: 0.3 }] {
        for take in [TakeSeed(0), TakeSeed(7)] {
            let file = settings(style, take).velocities(&model, &view).unwrap();
            let expected = |(index, note): (usize, &Note)| {
                Expression::default().velocity(note.velocity, restyled.expected(index, &table, style, take).unwrap())
            };
            assert_eq!(notes.iter().enumerate().map(expected).collect::<Vec<_>>(), file, "{style:?} {take:?}");
        }
    }
}

#[test]
fn a_style_of_another_model_is_named_with_the_cure_and_the_nearest_built_in_style_plays() {
    let style = |network: &_| {
        let contents = copy_of(network, Genre::Pop).contents().clone();
        let fingerprint = network.fingerprint(&[StyleIndex::JAZZ]).unwrap();
        UserStyle::new(tonenet_inference::user_style::StyleContents { fingerprint, ..contents }).unwrap()
    };
    let model = note_model(&built_in(), style);
    let said: Vec<String> = model.styles().substitutes().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "the style Mine was learned with another version of the note model; learn it again from its files. Until then \
          Jazz plays in its place"
        ]
    );
    let [foreign, jazz] = [slot(2), StyleIndex::JAZZ].map(|style| settings(StyleBlend::only(style), TakeSeed(3)));
    assert_eq!(file_velocities(&model, &foreign), file_velocities(&model, &jazz));
    let keys = model.styles().keys();
    assert_eq!(keys[slot(2).index()], keys[StyleIndex::JAZZ.index()], "Timeline keeps one column for both");
}

#[test]
fn the_articles_models_play_the_nearest_built_in_style_and_say_so() {
    let with_style = note_model(&built_in(), arbitrary);
    let Network::Note(network) = with_style.network() else { panic!("the note model") };
    let mut slots = StyleSlots::default();
    slots[2] = Some(Arc::new(arbitrary(network)));
    let model = model("baseline", &built_in()).with_user_styles(&slots);
    assert!(model.styles().substitutes()[0].to_string().contains("choose the note model"));
    let [mine, jazz] = [slot(2), StyleIndex::JAZZ].map(|style| settings(StyleBlend::only(style), TakeSeed(0)));
    assert_eq!(file_velocities(&model, &mine), file_velocities(&model, &jazz));
}

#[test]
fn an_empty_place_plays_as_the_place_before_it() {
    let model = note_model(&built_in(), arbitrary);
    let plays = |style: StyleIndex| model.styles().get(style).cloned();
    assert_eq!(plays(StyleIndex::new(5).unwrap()), plays(StyleIndex::POP));
    assert_eq!(plays(slot(1)), plays(StyleIndex::POP));
    assert_eq!(plays(slot(15)), plays(slot(2)));
    assert_ne!(plays(slot(2)), plays(StyleIndex::POP));
    assert_eq!(model.styles().distinct().len(), 4);
    assert_eq!(model.style_by_id("pop").unwrap(), StyleIndex::POP);
    assert!(model.style_by_id("bossa").is_err());
}

#[cfg(feature = "embedded")]
#[test]
fn a_style_of_the_user_plays_with_a_feel_of_its_own() {
    let runtime = built_in();
    let model = model("note", &runtime);
    let Network::Note(network) = model.network() else { panic!("the note model") };
    let user = arbitrary(network);
    let own = user.contents().feel.clone();
    let notes: Vec<Note> = song().notes().iter().map(|n| n.note).collect();
    let view = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let (part, _) = view.part();
    let beats = vec![0.5; part.len()];
    let styles = [PlayedStyle::Decoder(StyleIndex::JAZZ), PlayedStyle::User(Arc::new(user))];
    let styled = network
        .style_each(&[(&part, Some(&beats))], LookAhead::WholePerformance, &styles, &Cancellation::default())
        .unwrap();
    let [jazz, mine] = &styled[0][..] else { panic!("two styles") };
    let mut later = 0;
    for (jazz, mine) in jazz.feel.iter().zip(&mine.feel) {
        // No note gets shorter than a quarter.
        let expected = (jazz.stretch + own.stretch).max(-1.4);
        assert!((mine.stretch - expected).abs() < 1e-5, "{mine:?} {jazz:?}");
        assert!(mine.pedal_down > jazz.pedal_down, "{mine:?} {jazz:?}");
        later += usize::from(mine.shift > 0.5 * jazz.shift + 0.07);
    }
    assert!(later > part.len() / 10, "the off-beat eighths: {later} of {}", part.len());
}

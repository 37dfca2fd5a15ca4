//! Styles are learned from performances whose rule is known.

use std::path::Path;
use std::sync::Mutex;

use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::error::InferenceError;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::user_style::UserStyle;
use tonenet_learn::{Basis, LearnError, Learned, LeftOut, LeftOutReason, Performance, learn};

fn network() -> NoteNetwork {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note");
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    NoteNetwork::load(&runtime, &ModelFiles::from_dir(&folder).expect("a model")).expect("a note model")
}

/// Chords of three notes in eighths, from a seed; `velocity` plays them by key and place in the bar.
fn performance(seed: u32, chords: usize, velocity: impl Fn(u8, usize) -> u8) -> Performance {
    let mut state = seed.wrapping_mul(2_654_435_769).wrapping_add(1);
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % below) as u8
    };
    let mut notes = Vec::new();
    for chord in 0..chords {
        let onset = chord as f64 * 0.25;
        for key in [36 + random(12), 55 + random(8), 65 + random(14)] {
            let velocity = velocity(key, chord % 8).saturating_add(random(9));
            let sixteenths = chord as f64 * 2.0;
            let (release, release_sixteenths) = (onset + 0.2, sixteenths + 1.6);
            notes.push(Note {
                onset,
                release,
                onset_sixteenths: sixteenths,
                release_sixteenths,
                channel: 0,
                key,
                velocity,
            });
        }
    }
    Performance { name: format!("{seed}.mid"), notes, pedals: Vec::new(), grid: Grid::Sixteenths }
}

/// The bass is much louder than all else, which no built-in style does.
fn loud_bass(key: u8, _: usize) -> u8 {
    if key < 52 { 100 } else { 50 }
}

fn performances(count: u32) -> Vec<Performance> {
    (0..count).map(|seed| performance(seed, 120, loud_bass)).collect()
}

fn learn_quietly(performances: &[Performance]) -> Result<Learned, LearnError> {
    learn(&Basis::new(&network()), performances, "Loud bass", &|_| {}, &Cancellation::default())
}

#[test]
fn a_rule_that_no_built_in_style_has_is_learned_and_named() {
    let network = network();
    let learned = learn_quietly(&performances(4)).unwrap();
    let evidence = learned.evidence;
    assert!(evidence.is_reliable && evidence.r > 0.9 && evidence.nearest_r < 0.7, "{evidence:?}");
    let contents = learned.style.contents();
    assert_eq!((contents.card.files, contents.card.notes), (4, 4 * 360));
    assert_eq!(contents.card.r, Some(evidence.r as f32));
    assert!(contents.card.description.contains("louder bass (+"), "{}", contents.card.description);
    assert_eq!(learned.style.check(&network), Ok(()));
    assert_eq!(UserStyle::from_bytes(&learned.style.to_bytes(), "a.tonestyle"), Ok(learned.style));
}

#[test]
fn of_one_piece_only_a_mix_of_built_in_styles_is_learned() {
    let network = network();
    let sections = performance(1, 600, loud_bass).sections(5);
    let encodings = |basis: &Basis<'_>| {
        let learned = learn(basis, &sections, "Mine", &|_| {}, &Cancellation::default()).unwrap();
        let readout = &learned.style.contents().readout;
        readout.past.iter().chain(&readout.ahead).filter(|weight| **weight != 0.0).count()
    };
    assert!(encodings(&Basis::new(&network)) > 500);
    assert_eq!(encodings(&Basis::new(&network).of_one_piece()), 0);
}

#[test]
fn a_style_is_learned_without_a_built_in_one() {
    let network = network();
    let basis = Basis::new(&network).without(Genre::Classical);
    let learned = learn(&basis, &performances(3), "Loud bass", &|_| {}, &Cancellation::default()).unwrap();
    let built_ins: Vec<_> = learned.style.built_ins().collect();
    assert_eq!(built_ins, [Genre::Jazz, Genre::Pop].map(Into::into));
    assert_eq!(learned.style.check(&network), Ok(()));
}

#[test]
fn velocities_without_a_rule_play_as_the_nearest_built_in_style() {
    let by_chance = |seed: u32| {
        let mut state = seed + 77;
        let mut performance = performance(seed, 120, loud_bass);
        for note in &mut performance.notes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            note.velocity = 40 + (state >> 8) as u8 % 50;
        }
        performance
    };
    let learned = learn_quietly(&[0, 1, 2, 3].map(by_chance)).unwrap();
    assert!(!learned.evidence.is_reliable);
    assert!(learned.why_nearest().unwrap().contains("reliably differs from"));
    assert_plays_as_nearest(&learned);
}

#[test]
fn one_performance_plays_as_the_nearest_built_in_style() {
    let learned = learn_quietly(&[performance(1, 400, loud_bass)]).unwrap();
    assert!(!learned.evidence.is_reliable);
    assert_eq!(learned.style.contents().card.r, None);
    assert!(learned.why_nearest().unwrap().starts_with("One performance cannot show a style of its own"));
    assert_plays_as_nearest(&learned);
}

#[test]
fn sections_of_one_performance_test_a_style_on_one_another() {
    let sections = performance(1, 400, loud_bass).sections(5);
    let learned = learn_quietly(&sections).unwrap();
    assert!(learned.evidence.is_reliable && learned.evidence.r > 0.9, "{:?}", learned.evidence);
    assert_eq!((learned.used.len(), learned.why_nearest()), (5, None));
}

#[test]
fn a_section_has_whole_chords_and_the_pedal_that_holds_in_it() {
    let mut whole = performance(1, 100, loud_bass);
    whole.notes.reverse();
    whole.pedals = vec![(0.0, true), (6.0, false), (6.1, true), (20.0, false)];
    let sections = whole.sections(4);
    let sizes: Vec<_> = sections.iter().map(|section| section.notes.len()).collect();
    assert_eq!(sizes, [75, 75, 75, 75]);
    assert_eq!(
        whole.sections(7).iter().map(|section| section.notes.len()).collect::<Vec<_>>(),
        [45, 45, 45, 45, 45, 45, 30]
    );
    // A section lasts 25 chords, so 6.25 seconds.
    let pedals = [
        vec![(0.0, true), (6.0, false), (6.1, true)],
        vec![(6.1, true)],
        vec![(6.1, true)],
        vec![(6.1, true), (20.0, false)],
    ];
    assert_eq!(sections.iter().map(|section| section.pedals.clone()).collect::<Vec<_>>(), pedals);
    assert_eq!(sections[3].name, "1.mid, section 4");
    assert_eq!(performance(1, 0, loud_bass).sections(5), []);
}

fn assert_plays_as_nearest(learned: &Learned) {
    let contents = learned.style.contents();
    let readout = &contents.readout;
    assert!(readout.past.iter().chain(&readout.ahead).all(|&weight| weight == 0.0));
    for built_in in &readout.built_ins {
        assert_eq!(built_in.weight, if built_in.style == contents.nearest { 1.0 } else { 0.0 });
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let performances = performances(3);
    let on_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| learn_quietly(&performances)).unwrap().style.to_bytes()
    };
    assert_eq!(on_threads(1), on_threads(4));
}

#[test]
fn performances_that_do_not_fit_are_named_and_the_others_learned_from() {
    let named = |name: &str, performance: Performance| Performance { name: name.into(), ..performance };
    let mut all = performances(3);
    all.insert(1, named("flat.mid", performance(7, 100, |_, _| 64)));
    all.insert(0, named("short.mid", performance(8, 10, loud_bass)));
    all.push(named("empty.mid", performance(9, 0, loud_bass)));
    let learned = learn_quietly(&all).unwrap();
    assert_eq!(learned.used.iter().map(|used| &used.name[..]).collect::<Vec<_>>(), ["0.mid", "1.mid", "2.mid"]);
    let left_out = |name: &str, reason| LeftOut { name: name.into(), reason };
    let [short, flat, empty] = &learned.left_out[..] else { panic!("{:?}", learned.left_out) };
    assert_eq!(*short, left_out("short.mid", LeftOutReason::TooFewNotes { notes: 30 }));
    assert!(flat.name == "flat.mid" && matches!(flat.reason, LeftOutReason::Flat { spread } if spread < 4.0));
    assert_eq!(*empty, left_out("empty.mid", LeftOutReason::NoPianoNotes));
}

#[test]
fn what_cannot_be_learned_from_is_refused_in_words() {
    let refusal = |performances: &[Performance]| learn_quietly(performances).unwrap_err().to_string();
    let flat: Vec<_> = (0..3).map(|seed| performance(seed, 200, |_, _| 64)).collect();
    assert!(refusal(&flat).starts_with("the velocities hardly vary (a standard deviation of 2."), "{}", refusal(&flat));
    assert_eq!(
        refusal(&performances(2)),
        "there are 720 notes to learn from, and at least 1000 are needed; add performances"
    );
    assert_eq!(refusal(&[]), "there are no piano notes; choose piano performances");
    let named = |name| learn(&Basis::new(&network()), &performances(3), name, &|_| {}, &Cancellation::default());
    assert!(matches!(named(" "), Err(LearnError::Invalid(_))));
}

#[test]
fn learning_reports_its_progress_and_stops_when_it_is_cancelled() {
    let shares = Mutex::new(Vec::new());
    let cancellation = Cancellation::default();
    let network = network();
    let basis = Basis::new(&network);
    let report = |share: f64| shares.lock().unwrap().push(share);
    learn(&basis, &performances(3), "Loud bass", &report, &cancellation).unwrap();
    let shares = shares.into_inner().unwrap();
    // Each performance is read twice: for its velocities and for its feel.
    assert!(shares.len() == 7 && shares.iter().all(|share| *share > 0.0) && shares.last() == Some(&1.0), "{shares:?}");
    cancellation.cancel();
    let cancelled = learn(&basis, &performances(3), "Loud bass", &|_| {}, &cancellation);
    assert!(matches!(cancelled, Err(LearnError::Inference(InferenceError::Cancelled))));
}

use super::*;
use tonenet_core::genre::Genre;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::feel::OwnFeel;
use tonenet_inference::model::StyleSpread;
use tonenet_inference::performance::Network;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::user_style::{Readout, StyleCard, StyleContents};

/// A style of the embedded note model that adds a constant to nothing.
pub(crate) fn style(name: &str, constant: f32) -> UserStyle {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let model = EmbeddedModel::Note.load(&runtime).unwrap();
    let Network::Note(network) = model.network() else { panic!("the note model") };
    let readout = Readout {
        past: vec![0.1; network.past_width()],
        ahead: vec![0.0; network.ahead_width()],
        built_ins: Vec::new(),
        constant,
    };
    let card = StyleCard {
        files: 1,
        notes: 1_000,
        r: None,
        nearest_r: 0.5,
        learned_on: "2026-01-31".into(),
        description: "Softer than Jazz.".into(),
    };
    UserStyle::new(StyleContents {
        name: name.into(),
        fingerprint: network.fingerprint(&[]).unwrap(),
        readout,
        spread_scale: 1.0,
        spread: StyleSpread { human: 15.0, predicted: 10.0 },
        nearest: Genre::Jazz,
        feel: OwnFeel::NEAREST,
        card,
    })
    .unwrap()
}

fn slot(slot: usize) -> StyleIndex {
    StyleIndex::from_slot(slot).unwrap()
}

#[test]
fn every_place_has_a_title_of_its_own_that_finds_it_again() {
    let store = StyleStore::default();
    store.put(0, style("Late evening", 1.0));
    store.put(3, style("jazz", 2.0));
    store.put(4, style("late Evening", 3.0));
    let titles: Vec<String> = StyleIndex::all().map(|style| store.title(style)).collect();
    assert_eq!(titles[..4], ["Classical", "Jazz", "Pop", "(reserved 4)"]);
    assert_eq!(titles[8..10], ["Late evening", "(user style 2 is empty)"]);
    assert_eq!(titles[11..13], ["jazz (4)", "late Evening (5)"]);
    for style in StyleIndex::all() {
        assert_eq!(store.place(&store.title(style).to_uppercase()), Some(style));
    }
    assert_eq!(store.place("bossa"), None);
    assert_eq!(store.choices(), [&StyleIndex::BUILT_IN[..], &[slot(0), slot(3), slot(4)]].concat());
}

#[test]
fn a_style_that_is_there_already_takes_no_second_slot() {
    let store = StyleStore::default();
    let (first, other) = (style("First", 1.0), style("Other", 2.0));
    assert_eq!((store.add(first.clone()), store.add(other.clone())), (Some(0), Some(1)));
    assert_eq!(store.add(first.renamed("Again").unwrap()), Some(0));
    assert_eq!(store.title(slot(0)), "Again");
    let edition = store.edition();
    store.remove(0);
    assert!(store.edition() > edition, "the inference thread has to hear of it");
    assert_eq!(store.add(style("Third", 3.0)), Some(0));
    for number in 2..USER_SLOTS {
        assert_eq!(store.add(style("More", number as f32 + 2.0)), Some(number));
    }
    assert_eq!(store.add(style("Too many", 99.0)), None);
    assert!(store.rename(1, " ").is_err());
    assert_eq!(store.title(slot(1)), "Other");
}

#[test]
fn a_style_that_was_removed_comes_back_once() {
    let store = StyleStore::default();
    let (first, second) = (style("First", 1.0), style("Second", 2.0));
    store.put(2, first.clone());
    store.put(5, second.clone());
    assert_eq!((store.removed(), store.undo_remove()), (None, None));
    store.remove(9);
    assert_eq!(store.removed(), None, "that slot was empty");
    store.remove(2);
    store.remove(5);
    assert_eq!(store.removed().as_deref(), Some("Second"));
    let edition = store.edition();
    assert_eq!(store.undo_remove(), Some(5));
    assert!(store.edition() > edition, "the inference thread has to hear of it");
    assert_eq!((store.style(5).as_deref(), store.removed(), store.undo_remove()), (Some(&second), None, None));

    store.remove(5);
    store.put(5, first.clone());
    assert_eq!(store.undo_remove(), Some(0), "its slot has another style now");
    store.remove(0);
    assert_eq!(store.add(second), Some(0));
    assert_eq!(store.removed(), None, "it came back by itself");

    store.remove(5);
    (0..USER_SLOTS).for_each(|slot| store.put(slot, style("More", slot as f32 + 3.0)));
    assert_eq!((store.has_room(), store.undo_remove(), store.removed().as_deref()), (false, None, Some("First")));
    store.load(SavedStyles::default());
    assert_eq!(store.removed(), None, "it belongs to the other project");
}

#[test]
fn a_new_style_gets_a_name_that_no_other_style_has() {
    let store = StyleStore::default();
    assert_eq!(store.free_name(" Evenings\n"), "Evenings");
    store.put(0, style("Evenings", 1.0));
    store.put(7, style("evenings 2", 2.0));
    assert_eq!(store.free_name("evenings"), "evenings 3");
    assert_eq!(store.free_name("JAZZ"), "JAZZ 2");
    assert_eq!(store.free_name(" \t"), "My style");
    let long = store.free_name(&"ö".repeat(200));
    store.put(1, style(&long, 3.0));
    let longer = store.free_name(&"ö".repeat(200));
    assert!(longer != long && UserStyle::check_name(&longer).is_ok(), "{longer}");
}

#[test]
fn a_project_opens_with_the_same_styles_and_keeps_what_it_cannot_read() {
    let store = StyleStore::default();
    store.put(2, style("Mine", 1.0));
    let saved = serde_json::to_string(&store.saved()).unwrap();
    let newer = r#"{"format":99,"style":{"more":[1e-7]}}"#;
    let project = format!(r#"{{"0":{newer},{}"#, &saved[1..]);
    let opened = StyleStore::default();
    opened.load(serde_json::from_str(&project).unwrap());
    assert_eq!(opened.style(2), store.style(2));
    assert_eq!(opened.style(0), None);
    assert_eq!(opened.title(slot(0)), "(user style 1 cannot be read)");
    let problems = opened.problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("user style 1: ") && problems[0].ends_with("update ToneNet"), "{problems:?}");
    assert_eq!(serde_json::to_string(&opened.saved()).unwrap(), project, "byte for byte");

    let edition = opened.edition();
    opened.load(serde_json::from_str(&project).unwrap());
    assert_eq!(opened.edition(), edition, "the same styles need not be opened again");
    opened.load(SavedStyles::default());
    assert_eq!((opened.style(2), opened.problems()), (None, Vec::new()));
}

#[test]
fn threads_that_add_styles_at_once_lose_none() {
    for _ in 0..10 {
        let store = StyleStore::default();
        std::thread::scope(|scope| {
            for thread in 0..4u8 {
                let store = &store;
                let add = move |number: u8| store.add(style("Learned", f32::from(4 * thread + number)));
                scope.spawn(move || (0..4).for_each(|number| assert!(add(number).is_some())));
            }
        });
        assert!(!store.has_room(), "a style took another's slot");
    }
}

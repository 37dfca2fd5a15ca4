//! `tonenet restyle` as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};

use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::style::StyleIndex;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::feel::OwnFeel;
use tonenet_inference::performance::Network;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::user_style::{BuiltInWeight, Readout, StyleCard, StyleContents, UserStyle};
use tonenet_test_support::{Program, printed, printed_json};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

fn piece() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/demo/bach-prelude-bwv-846.mid")
}

fn restyle(folder: &Path, output: &str, more: &[&str]) -> Vec<u8> {
    let piece = piece();
    let mut arguments = vec!["restyle", piece.to_str().unwrap(), "-o", output];
    arguments.extend(more);
    let run = TONENET.run(&arguments, folder);
    assert!(run.status.success(), "{}", printed(&run));
    fs::read(folder.join(output)).unwrap()
}

fn velocities(midi: Vec<u8>) -> Vec<u8> {
    Song::parse(midi).unwrap().notes().iter().map(|n| n.note.velocity).collect()
}

/// The mean distance of two files' velocities.
fn apart(a: &[u8], b: &[u8]) -> f64 {
    let (a, b) = (velocities(a.to_vec()), velocities(b.to_vec()));
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

/// The file with all velocities made equal: what restyling must leave alone.
fn without_velocities(midi: Vec<u8>) -> Vec<u8> {
    let song = Song::parse(midi).unwrap();
    song.with_velocities(&vec![64; song.notes().len()]).unwrap()
}

#[test]
fn every_model_gives_new_velocities_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let original = fs::read(piece()).unwrap();
    let mut seen = vec![velocities(original.clone())];
    for model in ["note", "attention", "baseline"] {
        let restyled = restyle(folder.path(), &format!("{model}.mid"), &["--model", model]);
        assert_eq!(without_velocities(restyled.clone()), without_velocities(original.clone()), "{model}");
        let restyled = velocities(restyled);
        let changed = restyled.iter().zip(&seen[0]).filter(|(a, b)| a != b).count();
        assert!(changed * 100 >= restyled.len() * 85, "{model} changed {changed} of {}", restyled.len());
        assert!(!seen.contains(&restyled), "{model} plays as another model does");
        seen.push(restyled);
    }
}

#[test]
fn an_entered_part_is_said_to_be_entered_until_it_has_a_performance_s_velocities() {
    let folder = tempfile::tempdir().unwrap();
    let piece = piece();
    let said = TONENET.succeeds(&["restyle", piece.to_str().unwrap(), "-o", "a.mid"], folder.path());
    assert!(said.contains("\n    entered, not played: 100 % of onsets on the grid"), "{said}");
    let said = TONENET.succeeds(&["restyle", "a.mid", "-o", "b.mid"], folder.path());
    assert!(said.contains("restyled") && !said.contains("entered"), "{said}");
}

#[test]
fn what_is_asked_for_is_what_comes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let original = fs::read(piece()).unwrap();
    assert_eq!(restyle(folder, "none.mid", &["--amount", "0"]), original, "amount 0 is the file, bit for bit");
    let whole = restyle(folder, "whole.mid", &[]);
    assert_eq!(restyle(folder, "again.mid", &[]), whole, "the same twice");
    let classical = restyle(folder, "classical.mid", &["--style", "classical"]);
    assert!(apart(&classical, &whole) > 2.0);
    let blend = ["--style", "classical", "--style-b", "jazz", "--blend"];
    let end = |share| restyle(folder, "blend.mid", &[&blend[..], &[share]].concat());
    assert_eq!((end("0"), end("100")), (classical, whole.clone()), "a blend's ends are its styles");
    let take = restyle(folder, "take.mid", &["--take", "7"]);
    assert!(apart(&take, &whole) > 2.0);
    assert_eq!(restyle(folder, "take.mid", &["--take", "7"]), take, "a take is its number");
    assert!(apart(&restyle(folder, "take.mid", &["--take", "8"]), &take) > 2.0);
    let live = restyle(folder, "live.mid", &["--look-ahead", "0.01"]);
    assert!(apart(&live, &whole) > 1.0, "a note that knows less");
    let narrow = velocities(restyle(folder, "narrow.mid", &["--floor", "60", "--ceiling", "70"]));
    assert!(narrow.iter().all(|v| (60..=70).contains(v)));
}

#[test]
fn each_dynamic_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A piece with dynamics of its own, which an option may keep or tell the model of.
    fs::write(folder.join("own.mid"), restyle(folder, "own.mid", &["--style", "classical", "--take", "5"])).unwrap();
    let of = |more: &[&str]| {
        let run = TONENET.run(&[&["restyle", "own.mid", "-o", "out.mid", "--style", "pop"], more].concat(), folder);
        assert!(run.status.success(), "{}", printed(&run));
        velocities(fs::read(folder.join("out.mid")).unwrap()).into_iter().map(f64::from).collect::<Vec<_>>()
    };
    let mean = |velocities: &[f64]| velocities.iter().sum::<f64>() / velocities.len() as f64;
    let spread = |velocities: &[f64]| {
        let centre = mean(velocities);
        mean(&velocities.iter().map(|v| (v - centre).powi(2)).collect::<Vec<_>>()).sqrt()
    };
    let usual = of(&[]);
    assert!((mean(&of(&["--level", "10"])) - mean(&usual) - 10.0).abs() < 1.0);
    assert!((mean(&of(&["--level", "-10"])) - mean(&usual) + 10.0).abs() < 1.0);
    let wide = spread(&usual);
    assert!((spread(&of(&["--range", "50"])) / wide - 0.5).abs() < 0.1);
    assert!(spread(&of(&["--range", "0"])) < 0.5);
    let own: Vec<f64> = velocities(fs::read(folder.join("own.mid")).unwrap()).into_iter().map(f64::from).collect();
    let near = |a: &[f64]| mean(&a.iter().zip(&own).map(|(a, b)| (a - b).abs()).collect::<Vec<_>>());
    let kept = of(&["--range", "0", "--keep-accents", "100"]);
    assert!(near(&kept) < 1.0 && near(&of(&["--range", "0"])) > 4.0, "accents alone are the player's dynamics");
    assert_ne!(of(&["--hear-player"]), usual);
}

#[test]
fn an_exchange_of_styles_keeps_the_players_own_dynamics() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let played = restyle(folder, "played.mid", &["--style", "jazz", "--take", "3"]);
    let carry = |from: &str, to: &str, input: &str, output: &str| {
        let run = TONENET.run(&["restyle", input, "-o", output, "--from", from, "--style", to], folder);
        assert!(run.status.success(), "{}", printed(&run));
        velocities(fs::read(folder.join(output)).unwrap())
    };
    let played = velocities(played);
    assert_eq!(carry("jazz", "jazz", "played.mid", "same.mid"), played, "nothing to exchange");
    let there = carry("jazz", "classical", "played.mid", "there.mid");
    let moved: f64 = there.iter().zip(&played).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    assert!(moved / played.len() as f64 > 2.0, "it goes somewhere");
    let back = carry("classical", "jazz", "there.mid", "back.mid");
    let near = back.iter().zip(&played).filter(|(a, b)| a.abs_diff(**b) <= 2).count();
    assert!(near * 100 >= played.len() * 95, "{near} of {} came back", played.len());
}

#[test]
fn a_folder_keeps_its_shape_and_one_bad_file_does_not_cost_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("in/deeper");
    fs::create_dir_all(&inside).unwrap();
    fs::copy(piece(), inside.join("good.mid")).unwrap();
    fs::write(folder.path().join("in/bad.mid"), b"MThd and nothing").unwrap();
    let run = TONENET.run(&["restyle", "in", "-o", "out"], folder.path());
    assert_eq!(run.status.code(), Some(1));
    assert!(
        printed(&run).contains("bad.mid")
            && printed(&run).contains("1 of 2 files could not be restyled; the other one is written"),
        "{}",
        printed(&run)
    );
    assert!(folder.path().join("out/deeper/good.mid").exists());
    assert!(!folder.path().join("out/bad.mid").exists());
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let piece = piece();
    let piece = piece.to_str().unwrap();
    for (more, said) in [
        (&["--model", "nobody"][..], "there is no model"),
        (&["--model", "baseline", "--look-ahead", "0.5"], "whole performances"),
        (&["--model", "baseline", "--hear-player"], "--model note"),
        (&["--look-ahead", "-1"], "look-ahead"),
        (&["--style", "polka"], "polka"),
    ] {
        let run = TONENET.run(&[&["restyle", piece, "-o", "out.mid"], more].concat(), folder.path());
        assert!(!run.status.success());
        assert!(printed(&run).contains(said), "{more:?}: {}", printed(&run));
        assert!(!folder.path().join("out.mid").exists(), "{more:?}");
    }
    let run = TONENET.run(&["restyle", "missing.mid", "-o", "out.mid"], folder.path());
    assert!(printed(&run).contains("missing.mid") && run.status.code() == Some(1));
}

/// Writes a style that plays as pop does, and says whether it is for this note model.
fn write_style(path: &Path, is_for_this_model: bool) {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let model = EmbeddedModel::Note.load(&runtime).unwrap();
    let Network::Note(network) = model.network() else { panic!("the note model") };
    let style = UserStyle::new(StyleContents {
        name: "Late evening".into(),
        fingerprint: network.fingerprint(if is_for_this_model { &[StyleIndex::POP] } else { &[] }).unwrap(),
        readout: Readout {
            past: vec![0.0; network.past_width()],
            ahead: vec![0.0; network.ahead_width()],
            built_ins: vec![BuiltInWeight { style: Genre::Pop, weight: 1.0 }],
            constant: 0.0,
        },
        spread_scale: 1.0,
        spread: network.style(StyleIndex::POP).unwrap(),
        nearest: Genre::Classical,
        feel: OwnFeel::NEAREST,
        card: StyleCard {
            files: 5,
            notes: 9_000,
            r: Some(0.5),
            nearest_r: 0.4,
            learned_on: "2026-01-31".into(),
            description: "As pop.".into(),
        },
    });
    fs::write(path, style.unwrap().to_bytes()).unwrap();
}

#[test]
fn a_style_of_ones_own_is_a_file_beside_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_style(&folder.join("Late evening.tonestyle"), true);
    let mine = ["--style", "Late evening.tonestyle"];
    assert_eq!(restyle(folder, "mine.mid", &mine), restyle(folder, "pop.mid", &["--style", "pop"]));
    let blend = |a: &str| restyle(folder, "blend.mid", &["--style", "jazz", "--style-b", a, "--blend", "30"]);
    assert_eq!(blend("Late evening.tonestyle"), blend("pop"));
    let exchange = |from: &str| restyle(folder, "from.mid", &["--style", "jazz", "--from", from]);
    assert_eq!(exchange("Late evening.tonestyle"), exchange("pop"));

    fs::copy(piece(), folder.join("song.mid")).unwrap();
    let told = TONENET.succeeds(&[&["restyle", "song.mid"][..], &mine].concat(), folder);
    assert!(told.contains("the style Late evening, nearest to Classical"), "{told}");
    assert!(folder.join("song-late-evening.mid").exists());
    TONENET.refuses(&[&["restyle", "song.mid"][..], &mine].concat(), "song-late-evening.mid is there already", folder);
    let into_style = ["restyle", "song.mid", "-o", "Late evening.tonestyle"];
    TONENET.refuses(&[&into_style[..], &mine].concat(), "would be overwritten", folder);
    TONENET.refuses(&["restyle", "song.mid", "--style", "polka"], "or a .tonestyle file", folder);
}

#[test]
fn a_style_that_cannot_play_is_named_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_style(&folder.join("foreign.tonestyle"), false);
    let classical = restyle(folder, "classical.mid", &["--style", "classical"]);
    assert_eq!(restyle(folder, "out.mid", &["--style", "foreign.tonestyle"]), classical, "the nearest style plays");
    let piece = piece();
    let report = |more: &[&str]| {
        let arguments = [&["restyle", piece.to_str().unwrap(), "-o", "json.mid", "--json"][..], more].concat();
        printed_json(&TONENET.run(&arguments, folder))["styles"][0].clone()
    };
    let foreign = report(&["--style", "foreign.tonestyle"]);
    assert_eq!((&foreign["name"], &foreign["nearest"]), (&"Late evening".into(), &"Classical".into()));
    assert!(foreign["warning"].as_str().unwrap().contains("learn it again from its files"), "{foreign}");
    write_style(&folder.join("mine.tonestyle"), true);
    let mine = ["--style", "mine.tonestyle"];
    assert!(report(&mine)["warning"].is_null());
    let baseline = report(&[&mine[..], &["--model", "baseline"]].concat());
    assert!(baseline["warning"].as_str().unwrap().contains("choose the note model"), "{baseline}");

    fs::write(folder.join("damaged.tonestyle"), "{").unwrap();
    for (style, what) in
        [("damaged.tonestyle", "damaged.tonestyle does not hold a style"), ("no.tonestyle", "no.tonestyle")]
    {
        let run = TONENET.run(&["restyle", piece.to_str().unwrap(), "-o", "never.mid", "--style", style], folder);
        assert_eq!(run.status.code(), Some(1));
        assert!(printed(&run).contains(what), "{}", printed(&run));
        assert!(!folder.join("never.mid").exists());
    }
}

#[test]
fn with_a_set_swing_the_off_beat_eighths_move_and_with_fill_a_pedal_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let restyled = |output, more: &[&str]| Song::parse(restyle(folder.path(), output, more)).unwrap();
    let (written, swung) = (restyled("as-written.mid", &[]), restyled("swung.mid", &["--swing", "75"]));
    assert_eq!(written.notes().len(), swung.notes().len());
    let beat = u64::from(written.tempo().ticks_per_beat());
    let on = |song: &Song| {
        let mut notes: Vec<_> = song.notes().iter().map(|n| (n.note.key, n.onset_tick)).collect();
        notes.sort_unstable();
        notes
    };
    for (before, after) in on(&written).into_iter().zip(on(&swung)) {
        let is_off_beat = before.1 % beat == beat / 2;
        assert_eq!(after.1 - before.1, if is_off_beat { beat / 4 } else { 0 }, "{before:?}");
    }
    assert_eq!(swung.pedals().len(), written.pedals().len());
    let pedalled = restyled("pedalled.mid", &["--style", "classical", "--pedal", "fill"]);
    assert!(pedalled.pedal_movements().len() > 10, "{:?}", pedalled.pedal_movements());
    assert_eq!(on(&pedalled), on(&written), "nothing else moves");
    assert_eq!(pedalled.pedals().last().map(|pedal| pedal.value), Some(0));
}

#[test]
fn a_take_varies_timing_and_lengths_as_far_as_these_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let times = |output: &str, take: &str, more: &[&str]| {
        without_velocities(restyle(folder.path(), output, &[&["--take", take], more].concat()))
    };
    let feel = ["--timing", "100", "--articulation", "100"];
    assert_eq!(times("still.mid", "7", &[]), without_velocities(fs::read(piece()).unwrap()), "nothing is asked for");
    let seventh = times("seventh.mid", "7", &feel);
    assert_eq!(times("again.mid", "7", &feel), seventh, "the same number gives the same performance");
    for other in ["0", "8"] {
        assert_ne!(times(&format!("{other}.mid"), other, &feel), seventh, "Take {other}");
    }
}

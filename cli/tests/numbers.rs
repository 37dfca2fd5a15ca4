//! Every number of the command line has a range that its help and its refusal tell, and contradictions are refused.
//!
//! That none is missing here is tested where the command line is declared.

use tonenet_test_support::{NumericOption, Program, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const SEEDS: &str = "0 to 18446744073709551615";

/// Commands with what they need, and their numbers.
const NUMBERS: [(&[&str], &[NumericOption]); 3] = [
    (
        &["restyle", "a.mid", "-o", "out.mid", "--style-b", "pop"],
        &[
            ("--blend", "0 to 100", "-1", "101"),
            ("--amount", "0 to 100", "-1", "101"),
            ("--keep-accents", "0 to 100", "-1", "101"),
            ("--level", "-64 to 64", "-65", "65"),
            ("--range", "0 to 200", "-1", "201"),
            ("--floor", "1 to 127", "0", "128"),
            ("--ceiling", "1 to 127", "0", "128"),
            ("--take", "0 to 65535", "-1", "65536"),
            ("--timing", "0 to 100", "-1", "101"),
            ("--articulation", "0 to 100", "-1", "101"),
            ("--chord-spread", "0 to 100", "-1", "101"),
            ("--look-ahead", "0 to 3600", "-0.1", "3600.1"),
        ],
    ),
    (
        &["generate", "seqgan", "-o", "out.mid", "--style", "pop"],
        &[
            ("--bars", "1 to 64", "0", "65"),
            ("--seed", SEEDS, "-1", "18446744073709551616"),
            ("--temperature", "0 to 2", "-0.1", "2.1"),
            ("--top-p", "0.01 to 1", "0", "1.1"),
            ("--take", "0 to 65535", "-1", "65536"),
            ("--tempo", "4 to 1000", "3.9", "1001"),
        ],
    ),
    (&["generate", "vaegan", "-o", "out.mid", "--morph", "a.mid", "a.mid"], &[("--share", "0 to 100", "-1", "101")]),
];

#[test]
fn every_number_tells_its_range() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &[60, 70]);
    for (command, numbers) in NUMBERS {
        TONENET.names_ranges(command, numbers, folder);
    }
}

#[test]
fn contradictions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &[60, 70]);
    let restyle = ["restyle", "a.mid", "-o", "out.mid"];
    let refuse = |more: &[&str], what: &str| TONENET.refuses(&[&restyle, more].concat(), what, folder);
    refuse(&["--floor", "100", "--ceiling", "50"], "--floor 100 is above --ceiling 50");
    refuse(&["--blend", "30"], "--style-b");
    refuse(&["--from", "jazz", "--hear-player"], "cannot be used with");
    let morph = ["generate", "vaegan", "-o", "out.mid", "--morph", "a.mid", "a.mid"];
    TONENET.refuses(&[&morph[..], &["--seed", "4"]].concat(), "cannot be used with", folder);
    TONENET.refuses(&["generate", "seqgan", "-o", "out.mid", "--take", "4"], "--style", folder);
    TONENET.refuses(&["generate", "vaegan", "-o", "out.mid", "--metre", "3/4"], "is for seqgan", folder);
    let equal = TONENET.succeeds(&[&restyle[..], &["--floor", "50", "--ceiling", "50"]].concat(), folder);
    assert!(equal.contains("out.mid"), "{equal}");
}

#[test]
fn a_metre_is_written_as_it_is_asked_for_or_refused() {
    use tonenet_core::midi::Song;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (metre, signature) in [("6/8", (6, 8)), ("3/4", (3, 4))] {
        TONENET.succeeds(&["generate", "seqgan", "-o", "out.mid", "--bars", "2", "--metre", metre], folder);
        let song = Song::parse(std::fs::read(folder.join("out.mid")).unwrap()).unwrap();
        assert_eq!(song.time_signatures(), [(0, signature.0, signature.1)]);
        std::fs::remove_file(folder.join("out.mid")).unwrap();
    }
    for metre in ["12/8", "2/2", "3/2", "6/4", "5/4", "06/8", "0/0", "x"] {
        TONENET.refuses(
            &["generate", "seqgan", "-o", "out.mid", "--metre", metre],
            "choose 4/4, 2/4, 3/4, 6/8 or 9/8",
            folder,
        );
    }
}

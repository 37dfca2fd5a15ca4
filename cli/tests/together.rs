//! Files that `tonenet restyle` takes together become what each becomes alone.

use std::fs;
use std::path::Path;

use tonenet_test_support::{Program, files, printed, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

/// Files of several lengths. Two are the same but for their names, one is empty of notes.
const LENGTHS: [(&str, usize); 6] = [("a", 90), ("b", 31), ("c", 90), ("d", 200), ("e", 0), ("f", 33)];

/// Restyles what is in the folder `in`, on so many cores; returns what was printed and whether all went well.
fn restyle(folder: &Path, output: &str, cores: &str) -> (String, bool) {
    let mut command = TONENET.command(folder);
    command.args(["restyle", "in", "-o", output, "--style", "jazz"]).env("RAYON_NUM_THREADS", cores);
    let run = command.output().unwrap();
    (printed(&run), run.status.success())
}

fn write_files(folder: &Path) {
    fs::create_dir(folder.join("in")).unwrap();
    for (name, notes) in LENGTHS {
        let velocities: Vec<u8> = (0..notes).map(|note| 40 + (note * 7 % 60) as u8).collect();
        write_midi(&folder.join("in").join(format!("{name}.mid")), &velocities);
    }
}

/// The file's bytes after it was restyled by itself.
fn alone(folder: &Path, name: &str) -> Vec<u8> {
    TONENET.succeeds(&["restyle", &format!("in/{name}.mid"), "-o", "alone.mid", "--style", "jazz"], folder);
    fs::read(folder.join("alone.mid")).unwrap()
}

#[test]
fn a_folder_becomes_what_each_of_its_files_becomes_alone_on_any_number_of_cores() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_files(folder);
    for cores in ["1", "2", "3"] {
        let (said, is_fine) = restyle(folder, cores, cores);
        assert!(is_fine, "{said}");
        for (name, _) in LENGTHS {
            let together = fs::read(folder.join(cores).join(format!("{name}.mid"))).unwrap();
            assert!(together == alone(folder, name), "{name} differs on {cores} cores");
        }
    }
}

#[test]
fn a_file_that_fails_costs_its_neighbours_nothing_wherever_it_stands() {
    // By length, damaged files come first, in the middle and last.
    for bytes in [4000, 300, 5] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write_files(folder);
        fs::write(folder.join("in/broken.mid"), vec![b'x'; bytes]).unwrap();
        let (said, is_fine) = restyle(folder, "out", "1");
        assert!(!is_fine && said.contains("broken.mid"), "{said}");
        let expected: Vec<String> = LENGTHS.iter().map(|(name, _)| format!("{name}.mid")).collect();
        assert_eq!(files(&folder.join("out")), expected, "{said}");
        for (name, _) in LENGTHS {
            let together = fs::read(folder.join("out").join(format!("{name}.mid"))).unwrap();
            assert!(together == alone(folder, name), "{name} differs beside a broken file of {bytes} bytes");
        }
    }
}

//! The program around its commands: help, exit statuses, completions, manual pages and `doctor`.

use std::fs;
use std::path::Path;

use tonenet_test_support::{Program, assert_same_shape, doctor_report, files, printed, printed_json, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const COMMANDS: [&str; 7] = ["restyle", "generate", "learn", "inspect", "doctor", "completions", "man"];

#[test]
fn help_teaches_by_example() {
    let folder = tempfile::tempdir().unwrap();
    let all = TONENET.succeeds(&["--help"], folder.path());
    assert!(all.contains("Exit status:") && COMMANDS.iter().all(|command| all.contains(command)), "{all}");
    for command in ["restyle", "generate", "learn", "inspect", "completions"] {
        let help = TONENET.succeeds(&[command, "--help"], folder.path());
        assert!(help.contains(&format!("  tonenet {command} ")), "{help}");
    }
    for command in ["restyle", "generate", "learn", "inspect"] {
        assert!(
            TONENET.succeeds(&[command, "--help"], folder.path()).contains("--json reports: format, command, version")
        );
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_a_failure_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &[60, 70]);
    for wrong in [
        &[][..],
        &["restile"],
        &["restyle"],
        &["restyle", "a.mid", "--amount", "101"],
        &["restyle", "a.mid", "--style", "polka"],
        &["restyle", "a.mid", "--floor", "100", "--ceiling", "50"],
        &["restyle", "a.mid", "--model", "baseline", "--hear-player"],
        &["generate", "vaegan", "--bars", "4"],
        &["completions", "dos"],
    ] {
        assert_eq!(TONENET.run(wrong, folder).status.code(), Some(2), "{wrong:?}");
    }
    for failing in [
        &["restyle", "missing.mid"][..],
        &["restyle", "a.mid", "--model", "nobody"],
        &["restyle", "a.mid", "-o", "a.mid"],
        &["inspect", "missing.mid"],
    ] {
        let run = TONENET.run(failing, folder);
        assert_eq!(run.status.code(), Some(1), "{failing:?}");
        assert!(printed(&run).contains("error: ") && !printed(&run).contains("panicked"), "{}", printed(&run));
    }
    assert_eq!(files(folder), ["a.mid"]);
}

#[test]
fn every_shell_gets_completions() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = TONENET.succeeds(&["completions", shell], folder.path());
        assert!(COMMANDS.iter().all(|command| script.contains(command)), "{shell}");
        assert!(script.contains("style-b"), "{shell}");
        // The others' scripts complete no values.
        if ["bash", "fish", "zsh"].contains(&shell) {
            assert!(script.contains("classical"), "{shell}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let page = TONENET.succeeds(&["man"], folder.path());
    assert!(page.contains(".TH tonenet 1") && page.contains("Exit status:"), "{page}");
    TONENET.succeeds(&["man", "--output", "man1"], folder.path());
    let mut expected = COMMANDS.map(|command| format!("tonenet-{command}.1")).to_vec();
    expected.push("tonenet.1".into());
    expected.sort();
    assert_eq!(files(&folder.path().join("man1")), expected);
    let restyle = fs::read_to_string(folder.path().join("man1/tonenet-restyle.1")).unwrap();
    assert!(restyle.contains("keep\\-accents") && restyle.contains("EXAMPLES"), "{restyle}");
    // Again, over its own.
    TONENET.succeeds(&["man", "--output", "man1"], folder.path());
}

fn doctor(folder: &Path, more: &[&str], library: Option<&Path>) -> std::process::Output {
    let mut command = TONENET.command(folder);
    command.arg("doctor").args(more).env_remove("TONENET_ORT_DYLIB").env_remove("CLAP_PATH");
    if let Some(library) = library {
        command.env("TONENET_ORT_DYLIB", library);
    }
    command.output().unwrap()
}

#[test]
fn doctor_finds_that_everything_works() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let run = doctor(home, &[], None);
    assert!(run.status.success(), "{}", printed(&run));
    let told = [
        "Note model",
        "SeqGAN",
        "What can compute",
        "CPU by built-in",
        "Self-test",
        "549 notes in",
        "a hop takes",
        "Folders",
        "your presets",
        "standalone",
        "everything works",
        "No DAW will find the plugin",
    ];
    for what in told {
        assert!(printed(&run).contains(what), "{what}: {}", printed(&run));
    }
    fs::create_dir(home.join(".clap")).unwrap();
    fs::write(home.join(".clap/ToneNet.clap"), b"").unwrap();
    let found = printed_json(&doctor(home, &["--json"], None));
    assert_same_shape(&found, &doctor_report());
    assert_eq!(found["errors"], serde_json::json!([]));
    assert_eq!(found["models"].as_array().unwrap().len(), 5);
    let test = &found["self_tests"][0];
    assert_eq!((&test["notes"], &test["provider"], &test["computed_by"]), (&549.into(), &"cpu".into(), &"CPU".into()));
    assert!(test["hop_of_one_note_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{test}");
    let in_use = |provider: &&serde_json::Value| provider["is_in_use"] == true;
    assert_eq!(found["providers"].as_array().unwrap().iter().filter(in_use).count(), 1, "{found}");
    assert!(found["folders"].as_array().unwrap().len() >= 3, "{found}");
    let installed = |plugin: &&serde_json::Value| plugin["is_installed"] == true;
    assert!(found["plugins"].as_array().unwrap().iter().filter(installed).count() >= 1, "{found}");
}

#[test]
fn doctor_says_what_to_mend() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("text.so"), b"no library").unwrap();
    for library in [home.join("nothere.so"), home.join("text.so")] {
        let run = doctor(home, &[], Some(&library));
        assert_eq!(run.status.code(), Some(1));
        assert!(
            printed(&run).contains("BAD") && printed(&run).contains(library.to_str().unwrap()),
            "{}",
            printed(&run)
        );
        let run = doctor(home, &["--json"], Some(&library));
        assert_eq!(run.status.code(), Some(1));
        assert_eq!(printed_json(&run)["errors"].as_array().unwrap().len(), 1, "{}", printed(&run));
    }
}

/// ONNX Runtime as the tests of `inference` use it; `None` where it was not installed.
fn library() -> Option<std::path::PathBuf> {
    let file = if cfg!(windows) { "onnxruntime.dll" } else { "libonnxruntime.so" };
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../third_party/onnxruntime").join(file);
    library.canonicalize().ok()
}

#[test]
fn a_provider_that_does_not_compute_is_refused_with_the_reason_and_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &[60, 70, 80]);
    let none = folder.join("none");
    let run = |arguments: &[&str], library: &Path| {
        TONENET.command(folder).args(arguments).env("TONENET_ORT_DYLIB", library).output().unwrap()
    };
    // Without ONNX Runtime there is only the built-in runtime.
    for arguments in [&["restyle", "a.mid", "--provider", "cpu"][..], &["doctor", "--provider", "cpu"]] {
        let refused = run(arguments, &none);
        assert_eq!(refused.status.code(), Some(1));
        let told = printed(&refused);
        assert!(told.contains("--provider cpu cannot be used") && told.contains("leave it out"), "{told}");
    }
    assert!(!folder.join("a-jazz.mid").exists());
    let restyled = run(&["restyle", "a.mid", "--provider", "built-in"], &none);
    assert!(restyled.status.success() && printed(&restyled).contains("(chosen by you)"), "{}", printed(&restyled));
    assert_eq!(run(&["restyle", "a.mid", "--provider", "abacus"], &none).status.code(), Some(2));
    let Some(library) = library() else { return };
    let restyled = run(&["restyle", "a.mid", "-o", "cpu.mid", "--provider", "cpu"], &library);
    assert!(restyled.status.success(), "{}", printed(&restyled));
    assert_eq!(fs::read(folder.join("cpu.mid")).unwrap(), fs::read(folder.join("a-jazz.mid")).unwrap());
    let report = printed_json(&run(&["doctor", "--json"], &library));
    for provider in report["providers"].as_array().unwrap().iter().filter(|provider| provider["computes"] == false) {
        let id = provider["id"].as_str().unwrap();
        assert!(provider["reason"].is_string() && provider["remedy"].is_string(), "{provider}");
        let refused = run(&["restyle", "a.mid", "-o", "never.mid", "--provider", id], &library);
        assert_eq!(refused.status.code(), Some(1), "{id}");
        let told = printed(&refused);
        assert!(told.contains(&format!("--provider {id} cannot be used")) && told.contains("is not used by"), "{told}");
        assert!(!folder.join("never.mid").exists());
    }
    assert!(report["self_tests"].as_array().unwrap().len() >= 2, "ONNX Runtime and the built-in runtime: {report}");
}

#[test]
fn doctor_reports_in_json_also_where_the_named_provider_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = doctor(folder.path(), &["--json", "--provider", "cpu"], None);
    assert_eq!(refused.status.code(), Some(1));
    let report = printed_json(&refused);
    let errors: Vec<&str> = report["errors"].as_array().unwrap().iter().map(|error| error.as_str().unwrap()).collect();
    assert!(matches!(errors[..], [error] if error.contains("--provider cpu cannot be used")), "{errors:?}");
}

/// Stores what the user has set in the plugin's window, where the program looks for it.
#[cfg(target_os = "linux")]
fn set_in_the_window(home: &Path, settings: &serde_json::Value) {
    fs::create_dir_all(home.join(".config/tonenet")).unwrap();
    fs::write(home.join(".config/tonenet/runtime.json"), settings.to_string()).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn doctor_says_that_the_provider_of_the_window_does_not_compute_and_that_nothing_was_chosen() {
    let home = tempfile::tempdir().unwrap();
    set_in_the_window(home.path(), &serde_json::json!({ "provider": "cuda" }));
    let library = library();
    let report = printed_json(&doctor(home.path(), &["--json", "--measure-again"], library.as_deref()));
    let says = |text: &str| report["advice"].to_string().contains(text);
    let entry = report["providers"].as_array().unwrap().iter().find(|provider| provider["id"] == "cuda");
    let computes = entry.is_some_and(|entry| entry["computes"] == true);
    assert_ne!(says("CUDA is set in the plugin's window, and does not compute here"), computes, "{report}");
    assert!(says("Nothing was chosen, because CUDA is set"), "{report}");
    // Without the option nobody expects a choice.
    assert!(!printed(&doctor(home.path(), &[], library.as_deref())).contains("Nothing was chosen"));
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_generated_and_learned_computes_in_the_runtime_of_the_window() {
    let home = tempfile::tempdir().unwrap();
    set_in_the_window(home.path(), &serde_json::json!({ "provider": "built-in" }));
    let mut command = TONENET.command(home.path());
    command.args(["generate", "seqgan", "--json", "-o", "new.mid"]);
    if let Some(library) = library() {
        command.env("TONENET_ORT_DYLIB", library);
    }
    let report = printed_json(&command.output().unwrap());
    assert!(report["runtime"]["name"].as_str().is_some_and(|name| name.starts_with("built-in")), "{report}");
}

#[test]
fn doctor_says_which_library_is_in_use() {
    let Some(library) = library() else { return };
    let folder = tempfile::tempdir().unwrap();
    // By another path to the same file.
    let roundabout = library.parent().unwrap().join(".").join(library.file_name().unwrap());
    let report = printed_json(&doctor(folder.path(), &["--json"], Some(&roundabout)));
    let used = report["libraries"].as_array().unwrap().iter().filter(|library| library["is_used"] == true);
    assert_eq!(used.count(), 1, "{report}");
}

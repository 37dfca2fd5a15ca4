//! Manifests whose numbers would make states or windows of any size: refused by name before a graph is opened.

mod common;

use std::fs;
use std::path::Path;

use common::built_in;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::performance::LoadedModel;

/// What is said of a shipped model with a field of its manifest changed.
fn complaint(model: &str, field: &str, value: u64) -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models").join(model);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(shipped).expect("the model is there").flatten() {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a file can be copied");
    }
    let path = folder.path().join("model.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert!(manifest[field].is_u64(), "{model} has a {field}");
    manifest[field] = value.into();
    fs::write(&path, manifest.to_string()).expect("a file can be written");
    let files = ModelFiles::from_dir(folder.path()).expect("all files are there");
    LoadedModel::load(&built_in(), &files).map(|_| ()).expect_err(field).to_string()
}

#[test]
fn widths_that_no_network_has_are_refused_by_name() {
    for field in ["past_hidden", "ahead_hidden", "decoder_hidden"] {
        for width in [0, 1 << 32, 1 << 36, 1 << 61] {
            let said = complaint("note", field, width);
            assert!(said.contains(&format!("{field} is {width}")), "{said}");
        }
    }
}

#[test]
fn windows_that_no_network_was_shown_are_refused() {
    for (model, field) in [("baseline", "context_steps"), ("attention", "whole_take_steps")] {
        for steps in [0, 1 << 40] {
            let said = complaint(model, field, steps);
            assert!(said.contains(&steps.to_string()), "{said}");
        }
    }
}

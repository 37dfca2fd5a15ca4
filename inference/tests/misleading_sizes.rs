//! Manifests with sizes out of range are refused by field, before memory is allocated for them.

mod common;

use std::fs;
use std::path::Path;

use common::built_in;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::performance::LoadedModel;

/// The error for a shipped model with one field of its manifest changed.
fn refusal(model: &str, field: &str, value: u64) -> String {
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
fn hidden_sizes_out_of_range_are_refused_by_name() {
    for field in ["past_hidden", "ahead_hidden", "decoder_hidden"] {
        for width in [0, 1 << 32, 1 << 36, 1 << 61] {
            let message = refusal("note", field, width);
            assert!(message.contains(&format!("{field} is {width}")), "{message}");
        }
    }
}

#[test]
fn window_lengths_out_of_range_are_refused_with_their_value() {
    for (model, field) in [("baseline", "context_steps"), ("attention", "whole_take_steps")] {
        for steps in [0, 1 << 40] {
            let message = refusal(model, field, steps);
            assert!(message.contains(&steps.to_string()), "{message}");
        }
    }
}

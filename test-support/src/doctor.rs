//! A report of `tonenet doctor --json`, for tests of what reads it.

use serde_json::Value;

use crate::keys;

/// The report of a made-up machine where CUDA and TensorRT compute.
///
/// `cli` tests that the program's own report has the same shape, so this one cannot become outdated.
pub fn doctor_report() -> Value {
    serde_json::from_str(include_str!("doctor.json")).expect("the report is JSON")
}

/// Checks that JSON has the keys and types of a sample. `null` stands for any type, and a list's first entry for all.
///
/// # Panics
/// When it has not.
pub fn assert_same_shape(found: &Value, sample: &Value) {
    match (found, sample) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(entries), Value::Object(_)) => {
            assert_eq!(keys(found), keys(sample), "{found}");
            entries.iter().for_each(|(key, value)| assert_same_shape(value, &sample[key]));
        }
        (Value::Array(entries), Value::Array(samples)) => {
            entries.iter().chain(samples).for_each(|entry| assert_same_shape(entry, samples.first().unwrap_or(entry)));
        }
        _ => assert_eq!(std::mem::discriminant(found), std::mem::discriminant(sample), "{found} is not like {sample}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_shape_is_found() {
        let sample = json!({ "one": [{ "name": "a", "why": null }], "two": [], "three": 1 });
        let agrees = |found: &Value| std::panic::catch_unwind(|| assert_same_shape(found, &sample)).is_ok();
        assert!(agrees(&sample) && agrees(&json!({ "one": [], "two": [5], "three": 0.5 })));
        for other in [
            json!({ "one": [], "two": [] }),
            json!({ "one": [], "two": [], "three": 1, "four": 1 }),
            json!({ "one": [], "two": [], "three": "1" }),
            json!({ "one": [{ "name": "a" }], "two": [], "three": 1 }),
            json!({ "one": [{ "name": "a", "why": "b" }, { "name": 1, "why": null }], "two": [], "three": 1 }),
        ] {
            assert!(!agrees(&other), "{other}");
        }
    }
}

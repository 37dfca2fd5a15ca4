//! Times of the models in our program, in Python and in libtorch, and their ratios.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::python;
use super::report::{Report, Target, at_least, at_most};
use crate::cli::ForwardArgs;
use crate::forward;

/// Figures by name.
pub type Figures = BTreeMap<String, (f64, String)>;

/// Runs the training program's measurements, and those of the alternatives that are wanted.
///
/// # Errors
/// When a program cannot be built, installed or run.
pub fn measure(folder: &Path, torch: bool, python: bool) -> Result<Figures> {
    let json = folder.join("models.json");
    let mut arguments: Vec<OsString> = vec!["--json".into(), json.clone().into()];
    if torch {
        arguments.push("--torch".into());
    }
    let status = forward::run_training(&["bench", "models"], &ForwardArgs { arguments })?;
    ensure!(status.success(), "the models' measurements ended with {status}");
    let mut figures = parse(&fs::read(&json)?)?;
    if python {
        figures.extend(parse(&python::measure(folder)?)?);
    }
    Ok(figures)
}

/// Reads figures: a list of `name`, `found` and `unit`.
fn parse(json: &[u8]) -> Result<Figures> {
    let list: Vec<Value> = serde_json::from_slice(json).context("the measurements are no list of figures")?;
    let figure = |value: &Value| {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        Some((text("name")?, (value["found"].as_f64()?, text("unit")?)))
    };
    list.iter().map(|value| figure(value).with_context(|| format!("{value} is no figure"))).collect()
}

/// Reports all figures, and the ratios that have targets.
pub fn compare(figures: &Figures, report: &mut Report) {
    for (name, (found, unit)) in figures {
        let target = match name.as_str() {
            "growth" => at_most(1.05),
            "together" => at_least(20_000.0),
            "tune.onnxruntime" | "tune.built-in" => at_most(50.0),
            "texture.onnxruntime" | "texture.built-in" => at_most(10.0),
            _ => None,
        };
        report.add(name, *found, unit, target);
    }
    let mut ratio = |what: &str, [ours, theirs]: [&str; 2], target: Option<Target>| {
        if let (Some((ours, _)), Some((theirs, _))) = (figures.get(ours), figures.get(theirs)) {
            report.add(what, ours / theirs, "×", target);
        }
    };
    let (hop, take) = ("hop.onnxruntime", "take.note.onnxruntime");
    ratio("time of a hop, of Python onnxruntime's", [hop, "hop.python"], at_most(1.0));
    ratio("time of a hop, of libtorch's", [hop, "hop.libtorch"], at_most(0.5));
    ratio("speed of a take, of Python onnxruntime's", [take, "take.note.python"], at_least(1.0));
    ratio("speed of a take, of libtorch's", [take, "take.note.libtorch"], None);
    ratio("speed of a take, of the article's network's", [take, "take.baseline.onnxruntime"], None);
    ratio("speed of a take, of the article's with attention", [take, "take.attention.onnxruntime"], None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_by_name() {
        let figures = parse(br#"[{"name": "hop.python", "found": 2.5, "unit": "ms"}]"#).unwrap();
        assert_eq!(figures["hop.python"], (2.5, "ms".to_owned()));
        assert!(parse(br#"[{"name": "hop.python"}]"#).is_err());
    }
}

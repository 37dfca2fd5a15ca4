//! Sets the plugin's parameters as the command line says.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use nice_plug::context::gui::GuiContext;
use tonenet_plugin::dialogs::import_style;
use tonenet_plugin::params::{ToneNetParams, UserParam};
use tonenet_plugin::presets::{Preset, shipped};

use crate::args::Args;

/// The look-ahead of a keyboard, where every millisecond counts.
const FOR_A_KEYBOARD: &str = "Live";

/// The look-ahead of a file, which can wait.
const FOR_A_FILE: &str = "1 beat";

/// Sets what the user asks for, the preset first.
///
/// # Errors
/// When a value is none that the parameter has, or a file cannot be read.
pub fn apply(args: &Args, params: &Arc<ToneNetParams>, context: &GuiContext) -> Result<()> {
    let setter = context.param_setter();
    let set = |param: UserParam, value: f32| param.of(params).set(&setter, value);
    if let Some(name) = &args.preset {
        let read = preset(name)?.settings.read(params, UserParam::is_in_presets);
        for (param, value) in read.values {
            set(param, value);
        }
        if let Some(problem) = read.problems.first() {
            bail!("The preset {name}: {problem}.");
        }
    }
    let style = args.style.as_deref().map(|style| named_style(style, params)).transpose()?;
    let default = if args.song.is_some() { FOR_A_FILE } else { FOR_A_KEYBOARD };
    let texts = [
        (UserParam::Style, style.as_deref(), "--style"),
        (UserParam::Take, args.take.as_deref(), "--take"),
        (UserParam::Amount, args.amount.as_deref(), "--amount"),
        (UserParam::LookAhead, Some(args.look_ahead.as_deref().unwrap_or(default)), "--look-ahead"),
    ];
    for (param, text, option) in texts {
        let Some(text) = text else { continue };
        let value = read(param, text, params)
            .ok_or_else(|| anyhow!("{option} has no value \"{text}\". It has {}.", choices(param, params)))?;
        set(param, value);
    }
    Ok(())
}

/// The value of a text, as hosts read it. Upper and lower case are the same, and the window's names of modes count, too.
fn read(param: UserParam, text: &str, params: &ToneNetParams) -> Option<f32> {
    let param = param.of(params);
    let text = match text.trim() {
        "0 ms" => "Live, no latency",
        "½ beat" => "1/2 beat",
        text => text,
    };
    let steps = param.steps().unwrap_or_default();
    let named = (0..=steps).map(|step| step as f32 / steps.max(1) as f32);
    let by_name = named.filter(|_| steps > 0).find(|value| param.text(*value).eq_ignore_ascii_case(text));
    by_name.or_else(|| param.read_text(text))
}

/// The values that a user can choose, in words.
fn choices(param: UserParam, params: &ToneNetParams) -> String {
    match param {
        UserParam::Style => {
            let styles = params.styles();
            let titles: Vec<_> = styles.choices().into_iter().map(|style| styles.title(style)).collect();
            format!("{}, or the name of a .tonestyle file", titles.join(", "))
        }
        UserParam::LookAhead => {
            let param = param.of(params);
            let steps = param.steps().unwrap_or(1);
            let names: Vec<_> = (0..=steps).map(|step| param.text(step as f32 / steps as f32)).collect();
            names.join(", ")
        }
        UserParam::Take => "Average and 1 to 99".into(),
        _ => "0 to 100".into(),
    }
}

/// The name of a style. A file is imported first.
fn named_style(style: &str, params: &ToneNetParams) -> Result<String> {
    if !style.to_lowercase().ends_with(".tonestyle") {
        return Ok(style.into());
    }
    import_style(Path::new(style), &params.styles()).map_err(|refusal| anyhow!("{refusal}"))
}

/// A preset that ToneNet comes with, or the one of a file.
fn preset(name: &str) -> Result<Preset> {
    if let Some(preset) = shipped().iter().find(|preset| preset.name.eq_ignore_ascii_case(name)) {
        return Ok(preset.clone());
    }
    let path = Path::new(name);
    if !path.is_file() {
        let names: Vec<_> = shipped().iter().map(|preset| preset.name.as_str()).collect();
        bail!("There is no preset \"{name}\", and no file of that name. The presets are: {}.", names.join(", "));
    }
    let bytes = fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    Preset::from_bytes(&bytes, &file).map_err(Into::into)
}

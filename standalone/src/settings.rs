//! Sets the plugin's parameters as the command line says.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use nice_plug::context::gui::GuiContext;
use tonenet_plugin::dialogs::import_style;
use tonenet_plugin::params::{ToneNetParams, UserParam};
use tonenet_plugin::presets::{Preset, PresetFolder, shipped};

use crate::args::Args;

/// The modes, as the window names them.
const MODES: [&str; 7] = ["0 ms", "Live", "1/2 beat", "1 beat", "2 beats", "4 beats", "Timeline"];

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
    let (take, amount) = (args.take.map(|take| take.to_string()), args.amount.map(|amount| amount.to_string()));
    let texts = [
        (UserParam::Style, style.as_deref(), "--style"),
        (UserParam::Take, take.as_deref(), "--take"),
        (UserParam::Amount, amount.as_deref(), "--amount"),
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

/// The values that a user can choose, in words. Numbers were checked before.
fn choices(param: UserParam, params: &ToneNetParams) -> String {
    if param == UserParam::Style {
        let styles = params.styles();
        let titles: Vec<_> = styles.choices().into_iter().map(|style| styles.title(style)).collect();
        return format!("{}, or the name of a .tonestyle file", titles.join(", "));
    }
    MODES.join(", ")
}

/// The name of a style. A file is imported first.
fn named_style(style: &str, params: &ToneNetParams) -> Result<String> {
    if !style.to_lowercase().ends_with(".tonestyle") {
        return Ok(style.into());
    }
    import_style(Path::new(style), &params.styles()).map_err(|refusal| anyhow!("{refusal}"))
}

/// A preset that ToneNet comes with, one of the user's, or the one of a file.
fn preset(name: &str) -> Result<Preset> {
    let named = shipped().iter().find(|preset| preset.name.eq_ignore_ascii_case(name)).cloned();
    if let Some(preset) = named.or_else(|| PresetFolder::of_user().find(name)) {
        return Ok(preset);
    }
    let path = Path::new(name);
    if !path.is_file() {
        let names: Vec<_> = shipped().iter().map(|preset| format!("\"{}\"", preset.name)).collect();
        bail!(
            "There is no preset \"{name}\", and no file of that name. ToneNet comes with {}; yours are in the window's menu.",
            names.join(", ")
        );
    }
    let bytes = fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    Preset::from_bytes(&bytes, &file).map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::host::gui_context;

    /// The texts of the parameters after a command line.
    fn applied(arguments: &[&str]) -> Result<Vec<String>> {
        let args = Args::try_parse_from([&["tonenet-standalone"], arguments].concat())?;
        let params = Arc::new(ToneNetParams::new(Arc::default()));
        apply(&args, &params, &gui_context(params.clone(), Arc::default()))?;
        let text = |param: UserParam| param.of(&params).text(param.of(&params).value());
        Ok([UserParam::Style, UserParam::Take, UserParam::Amount, UserParam::LookAhead].map(text).to_vec())
    }

    #[test]
    fn a_keyboard_starts_live_and_a_file_with_a_beat() {
        assert_eq!(applied(&[]).expect("no settings"), ["Jazz", "Average", "100 %", "Live"]);
        assert_eq!(applied(&["song.mid"]).expect("no settings"), ["Jazz", "Average", "100 %", "1 beat"]);
    }

    #[test]
    fn settings_are_read_as_the_window_names_them() {
        let all = ["--style", "pop", "--take", "7", "--amount", "80", "--look-ahead", "timeline"];
        assert_eq!(applied(&all).expect("settings"), ["Pop", "Take 7", "80 %", "Timeline"]);
        for mode in MODES {
            assert!(applied(&["--look-ahead", mode]).is_ok(), "{mode}");
        }
    }

    #[test]
    fn a_preset_comes_first_and_other_options_change_it() {
        let preset = applied(&["--preset", "late-night trio"]).expect("a shipped preset");
        let changed = applied(&["--preset", "Late-night trio", "--amount", "13"]).expect("a shipped preset");
        assert_eq!((&changed[0], changed[2].as_str()), (&preset[0], "13 %"));
    }

    #[test]
    fn what_no_parameter_has_is_refused_with_what_it_has() {
        for (arguments, what) in [
            (["--style", "flute"], "It has Classical, Jazz, Pop"),
            (["--look-ahead", "long"], "It has 0 ms, Live, 1/2 beat"),
            (["--preset", "nothing"], "\"Late-night trio\""),
            (["--style", "missing.tonestyle"], "missing.tonestyle"),
            (["--amount", "300"], "100"),
            (["--take", "100"], "99"),
        ] {
            let error = format!("{:#}", applied(&arguments).expect_err("it is refused"));
            assert!(error.contains(what), "{arguments:?}: {error}");
        }
    }
}

//! `tonenet restyle`: MIDI files with another style's velocities, each part as one performance.

mod progress;
mod report;
mod styles;
mod workers;

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use tonenet_core::dynamics::Expression;
use tonenet_core::scope::Scope;
use tonenet_core::style::{BUILT_IN_STYLES, StyleBlend, StyleIndex, TakeSeed};
use tonenet_files::jobs::{self, Jobs, Request};
use tonenet_files::outputs::{Inputs, Messages};
use tonenet_files::result_names::ResultNames;
use tonenet_inference::chosen_runtime::Timing;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::performance::{LookAhead, RestyleSettings};
use tonenet_inference::runtime::Provider;
use tonenet_inference::song::{Selection, SongRestyling};
use tonenet_inference::user_style::EXTENSION;

use crate::args::{RestyleArgs, SelectionArgs, StyleName};
use crate::models::{ModelSource, Opened};
use crate::report::{ModelEntry, RuntimeEntry, finish, keep_stdout_for_report};
use crate::usage::wrong;
use report::{FileEntry, LeftOutEntry, RestyleReport};
use styles::{StyleEntry, Styles};
use workers::{Models, restyle_all};

pub use report::LeftAloneEntry;

/// `tonenet restyle`.
///
/// # Errors
/// When a file could not be restyled.
pub fn run(args: &RestyleArgs) -> Result<()> {
    check(args)?;
    let mut report = RestyleReport::new(args);
    let result = restyle(args, &mut report);
    finish(args.json, report, result, |report| &mut report.errors)
}

fn check(args: &RestyleArgs) -> Result<()> {
    if args.floor > args.ceiling {
        let (floor, ceiling) = (args.floor, args.ceiling);
        return Err(wrong(format!("--floor {floor} is above --ceiling {ceiling}; give a floor up to the ceiling")));
    }
    let names = [Some(&args.style), args.style_b.as_ref(), args.from.as_ref()];
    let is_known = |name: &&StyleName| name.file().is_some() || name.is_built_in();
    let unknown = names.into_iter().flatten().find(|name| !is_known(name));
    match unknown.filter(|_| EmbeddedModel::ALL.iter().any(|model| model.id() == args.model)) {
        Some(name) => {
            let known = BUILT_IN_STYLES.map(|style| style.id).join(", ");
            Err(wrong(format!("there is no style {name}; choose {known}, or a .{EXTENSION} file")))
        }
        None => Ok(()),
    }
}

fn restyle(args: &RestyleArgs, report: &mut RestyleReport) -> Result<()> {
    let source = ModelSource::from_name(&args.model)?;
    let names = result_names(args);
    let output = args.output.as_deref();
    let styles = [Some(&args.style), args.style_b.as_ref(), args.from.as_ref()];
    let styles = styles.into_iter().flatten().filter_map(StyleName::file);
    let request = Request { inputs: &args.inputs, output, names: &names, replace: args.force };
    let Jobs { jobs, left_out, messages } =
        jobs::plan(Inputs::default().folders(source.folder()).files(styles), &request)?;
    keep_stdout_for_report(args.json, messages)?;
    let mut opened = Opened::new(&args.computing, Timing::Once)?;
    opened.check(&args.computing)?;
    let (title, model) = source.load(&opened.runtime)?;
    opened.check_model(&args.computing, &model)?;
    let Opened { runtime, report: opened, .. } = opened;
    if args.hear_player && !model.reads_player_velocities() {
        return Err(wrong(format!(
            "the {} model does not listen to velocities; use --model note with --hear-player",
            args.model
        )));
    }
    report.runtime = Some(RuntimeEntry::from(&opened));
    report.model = Some(ModelEntry { name: args.model.clone(), title: title.clone() });
    report.left_out = left_out.iter().map(LeftOutEntry::from).collect();
    if !args.json {
        messages.line(format_args!("{title} by {opened}"));
        report.left_out.iter().for_each(|left| messages.line(left));
    }
    let styles = Styles::open(args, &model)?;
    report.styles = styles.files;
    if !args.json {
        report.styles.iter().for_each(|style| tell_style(style, messages));
    }
    let another = || match runtime.provider().provider {
        Provider::Cpu => source.load(&runtime.unshared()).map(|(_, model)| model.with_user_styles(&styles.slots)),
        // Other processors run one graph at a time anyway.
        _ => Ok(styles.model.clone()),
    };
    let another = || another().unwrap_or_else(|_| styles.model.clone());
    let models = Models { first: &styles.model, another: &another };
    report.files = restyle_all(&models, &jobs, &settings(args, styles.blend, styles.source));
    if !args.json {
        report.files.iter().for_each(|file| tell(file, messages));
    }
    summary(&report.files)
}

/// Results are called after their styles: `jazz`, or `jazz-pop` where two are blended.
fn result_names(args: &RestyleArgs) -> ResultNames {
    let label = |a: &str, b: Option<&str>| b.map_or_else(|| a.to_owned(), |b| format!("{a}-{b}"));
    let (a, b) = (args.style.label(), args.style_b.as_ref().map(StyleName::label));
    let own = [Some(&a), b.as_ref()].into_iter().flatten().map(String::as_str);
    let styles: BTreeSet<&str> = BUILT_IN_STYLES.iter().map(|style| style.id).chain(own).collect();
    let seconds = || std::iter::once(None).chain(styles.iter().copied().map(Some));
    let all_labels = styles.iter().flat_map(|a| seconds().map(move |b| label(a, b))).collect();
    ResultNames { label: label(&a, b.as_deref()), all_labels }
}

fn settings(args: &RestyleArgs, style: StyleBlend, source_style: Option<StyleIndex>) -> SongRestyling {
    let percent = |value: u8| f32::from(value) / 100.0;
    let restyling = RestyleSettings {
        style,
        source_style,
        take: TakeSeed(args.take),
        expression: Expression {
            amount: percent(args.amount),
            keep_accents: percent(args.keep_accents),
            level: f32::from(args.level),
            range: percent(args.range),
            floor: args.floor,
            ceiling: args.ceiling,
        },
        look_ahead: args.look_ahead.map_or(LookAhead::WholePerformance, LookAhead::Seconds),
    };
    SongRestyling {
        restyling,
        condition_on_player: args.hear_player,
        selection: selection(&args.selection),
        scope: Scope::ALL,
        feel: args.feel.controls(),
    }
}

/// The parts that the command line asks for.
pub fn selection(args: &SelectionArgs) -> Selection {
    match &args.tracks[..] {
        _ if args.all => Selection::All,
        [] => Selection::Keyboards,
        tracks => Selection::Tracks(tracks.to_vec()),
    }
}

/// Says which style a file holds, and what plays in its place if it cannot.
fn tell_style(style: &StyleEntry, messages: Messages) {
    let StyleEntry { file, name, nearest, warning } = style;
    messages.line(format_args!("{file}: the style {name}, nearest to {nearest}"));
    warning.iter().for_each(|warning| eprintln!("warning: {file}: {warning}"));
}

/// Says what became of a file.
fn tell(file: &FileEntry, messages: Messages) {
    for warning in &file.warnings {
        eprintln!("warning: {}: {warning}", file.input);
    }
    if let Some(output) = &file.output {
        let moved = if file.moved > 0 { format!(", {} begin elsewhere", file.moved) } else { String::new() };
        let FileEntry { changed, restyled, .. } = file;
        messages.line(format_args!("{output}: {changed} of {restyled} notes have a new velocity{moved}"));
        file.parts.iter().for_each(|part| messages.line(format_args!("  {part}")));
    }
    for error in &file.errors {
        eprintln!("error: {error}");
    }
}

/// Says how many files failed.
///
/// # Errors
/// When one did.
fn summary(files: &[FileEntry]) -> Result<()> {
    let failed = files.iter().filter(|file| !file.errors.is_empty()).count();
    let all = files.len();
    match (failed, all - failed) {
        (0, _) => Ok(()),
        (1, 0) => bail!("the file could not be restyled; nothing is written"),
        (_, 0) => bail!("none of the {all} files could be restyled; nothing is written"),
        (_, 1) => bail!("{failed} of {all} files could not be restyled; the other one is written"),
        (_, _) => bail!("{failed} of {all} files could not be restyled; the others are written"),
    }
}

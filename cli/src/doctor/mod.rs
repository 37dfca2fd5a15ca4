//! `tonenet doctor`: whether ToneNet works on this machine, and what to do where it does not.

mod folders;
mod plugins;
mod providers;
mod self_test;

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use tonenet_core::style::BUILT_IN_STYLES;
use tonenet_inference::chosen_runtime::Timing;
use tonenet_inference::embedded::{EmbeddedGenerator, EmbeddedModel};
use tonenet_inference::error::InferenceError;
use tonenet_inference::library::{self, Candidate, Source};
use tonenet_inference::runtime::{ProviderPreference, Runtime};

use crate::args::DoctorArgs;
use crate::models::Opened;
use crate::report::{Head, RuntimeEntry, print};
use crate::terminal::{BAD, GOOD, HEADING};
use folders::FolderEntry;
use plugins::PluginEntry;
use providers::ProviderEntry;
use self_test::SelfTest;

/// Velocity steps that the runtimes may be apart: they round differently.
const MOST_STEPS_APART: u8 = 1;

/// The report of `tonenet doctor --json`.
#[derive(Debug, Serialize)]
struct DoctorReport {
    #[serde(flatten)]
    head: Head,
    system: String,
    models: Vec<ModelCheck>,
    runtime: RuntimeEntry,
    providers: Vec<ProviderEntry>,
    libraries: Vec<LibraryEntry>,
    self_tests: Vec<SelfTest>,
    folders: Vec<FolderEntry>,
    plugins: Vec<PluginEntry>,
    /// What may be done, but need not.
    advice: Vec<String>,
    /// What has to be mended.
    errors: Vec<String>,
}

/// A model inside the program.
#[derive(Debug, Serialize)]
struct ModelCheck {
    name: &'static str,
    title: &'static str,
    /// What it does, in words.
    purpose: String,
    /// Why it cannot be used, if it cannot.
    error: Option<String>,
}

/// A place where ONNX Runtime's library is looked for.
#[derive(Debug, Serialize)]
struct LibraryEntry {
    /// Who says so.
    source: &'static str,
    path: String,
    is_there: bool,
    is_used: bool,
}

/// `tonenet doctor`.
///
/// # Errors
/// When something has to be mended.
pub fn run(args: &DoctorArgs) -> Result<()> {
    let report = examine(args)?;
    if args.json {
        print(&report)?;
    } else {
        tell(&report);
    }
    match report.errors.len() {
        0 => Ok(()),
        1 => bail!("there is a problem to mend"),
        problems => bail!("there are {problems} problems to mend"),
    }
}

fn examine(args: &DoctorArgs) -> Result<DoctorReport> {
    let candidates = library::candidates(None);
    let timing = if args.measure_again { Timing::Anew } else { Timing::Once };
    let opened = Opened::new(&args.computing, timing)?;
    let Opened { runtime, report, .. } = &opened;
    let (mut advice, mut errors) = (Vec::new(), Vec::new());
    let models = models(runtime);
    errors.extend(models.iter().filter_map(|model| Some(format!("{}: {}", model.title, model.error.as_ref()?))));
    errors.extend(opened.check(&args.computing).err().map(|error| format!("{error:#}")));
    advice.extend(about_the_window(&opened, args));
    let mut notes = report.notes.clone();
    if report.library.is_none() {
        // The last one says how to have ONNX Runtime, which is no fault.
        advice.extend(notes.pop());
    }
    let is_asked_for = candidates.iter().any(|candidate| candidate.source.is_explicit());
    if is_asked_for && report.library.is_none() { &mut errors } else { &mut advice }.append(&mut notes);
    let mut providers = providers::find(&opened);
    let self_tests = self_tests(&mut providers, &mut errors);
    let plugins = plugins::find();
    if !plugins.iter().any(|plugin| plugin.is_for_daws() && plugin.is_installed) {
        advice.push(
            "No DAW will find the plugin yet. Put ToneNet.clap or ToneNet.vst3 into one of the folders above.".into(),
        );
    }
    Ok(DoctorReport {
        head: Head::new("doctor"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        models,
        runtime: RuntimeEntry::from(report),
        providers: providers.into_iter().map(|(entry, _)| entry).collect(),
        libraries: candidates.iter().map(|candidate| LibraryEntry::new(candidate, report.library.as_deref())).collect(),
        self_tests,
        folders: folders::find(),
        plugins,
        advice,
        errors,
    })
}

/// What the user has set in the plugin's window and may not know: that it does not compute, or that nothing is chosen.
fn about_the_window(opened: &Opened, args: &DoctorArgs) -> Vec<String> {
    let ProviderPreference::Only(provider) = opened.settings.provider else {
        let is_built_in = opened.settings.provider == ProviderPreference::BuiltIn && args.computing.provider.is_none();
        return (is_built_in && args.measure_again).then(|| nothing_chosen("Built-in")).into_iter().collect();
    };
    if args.computing.provider.is_some() {
        return Vec::new();
    }
    let mut advice = Vec::new();
    if opened.runtime.provider().provider != provider {
        let refusal = opened.report.refusals.iter().find(|refusal| refusal.provider == provider);
        let why = refusal.map(|refusal| format!(" {}", refusal.note(&opened.report.runtime))).unwrap_or_default();
        advice.push(format!("{provider} is set in the plugin's window, and does not compute here.{why}"));
    }
    if args.measure_again {
        advice.push(nothing_chosen(&provider.to_string()));
    }
    advice
}

fn nothing_chosen(set: &str) -> String {
    format!(
        "Nothing was chosen, because {set} is set in the plugin's window. Choose The fastest there to have it chosen."
    )
}

fn models(runtime: &Runtime) -> Vec<ModelCheck> {
    let check = |name, title, purpose: &str, loaded: Result<(), InferenceError>| ModelCheck {
        name,
        title,
        purpose: purpose.into(),
        error: loaded.err().map(|error| error.to_string()),
    };
    let styles = format!("velocities: {}", BUILT_IN_STYLES.map(|style| style.id).join(", "));
    let velocities =
        EmbeddedModel::ALL.map(|model| check(model.id(), model.title(), &styles, model.load(runtime).map(drop)));
    let on_processor = &runtime.on_processor();
    let generators = [
        check("seqgan", "SeqGAN", "new tunes over chords", EmbeddedGenerator::tunes(on_processor).map(drop)),
        check("vaegan", "VAE-GAN", "new piano textures", EmbeddedGenerator::textures(on_processor).map(drop)),
    ];
    velocities.into_iter().chain(generators).collect()
}

impl LibraryEntry {
    fn new(candidate: &Candidate, used: Option<&Path>) -> Self {
        let whole = |path: &Path| path.canonicalize().ok();
        let source = match candidate.source {
            Source::Setting => "the settings",
            Source::Variable => library::VARIABLE,
            Source::Plugin => "this program's folder",
            Source::UserData => "your ToneNet folder",
            Source::System => "the system's ToneNet folder",
        };
        Self {
            source,
            path: candidate.path.display().to_string(),
            is_there: candidate.path.is_file(),
            is_used: used.is_some_and(|used| whole(used).is_some() && whole(used) == whole(&candidate.path)),
        }
    }
}

/// Restyles the test piece with each provider that computes; the first one is in use.
fn self_tests(providers: &mut [(ProviderEntry, Option<Runtime>)], errors: &mut Vec<String>) -> Vec<SelfTest> {
    let mut tests: Vec<SelfTest> = Vec::new();
    for (entry, runtime) in providers {
        let Some(runtime) = runtime else { continue };
        match SelfTest::run(runtime) {
            Ok(test) => {
                entry.follow(&test);
                tests.push(test);
            }
            Err(error) => {
                entry.refuse(format!("it failed the self-test ({error:#})"), runtime.provider().provider.remedy());
                let remedy = if entry.id == "built-in" { "install ToneNet again" } else { "choose another provider" };
                errors.push(format!("{} failed the self-test ({error:#}); {remedy}", entry.title));
            }
        }
    }
    if let Some((first, others)) = tests.split_first() {
        for other in others {
            if let Some(apart) = first.steps_apart(other)
                && apart > MOST_STEPS_APART
            {
                errors.push(format!(
                    "{first} and {other} differ by {apart} velocity steps; use another release of ONNX Runtime, or \
                     --provider cpu"
                ));
            }
        }
    }
    tests
}

/// Prints what was found, and the verdict.
fn tell(report: &DoctorReport) {
    let heading = |text: &str| anstream::println!("\n{HEADING}{text}{HEADING:#}");
    let line = |is_good: bool, text: &str| {
        let (style, mark) = if is_good { (GOOD, "ok ") } else { (BAD, "BAD") };
        anstream::println!("  {style}{mark}{style:#} {text}");
    };
    anstream::println!("{HEADING}tonenet {}{HEADING:#} on {}", env!("CARGO_PKG_VERSION"), report.system);
    heading("Models inside");
    for ModelCheck { title, purpose, error, .. } in &report.models {
        line(error.is_none(), &format!("{title} ({purpose})"));
    }
    heading("Runtime");
    let reason = report.runtime.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    println!("  {} · {}{reason}", report.runtime.name, report.runtime.provider);
    println!("  ONNX Runtime is looked for in this order:");
    for LibraryEntry { source, path, is_there, is_used } in &report.libraries {
        let state = if *is_used {
            "in use"
        } else if *is_there {
            "there"
        } else {
            "not there"
        };
        println!("    {path} ({source}): {state}");
    }
    heading("What can compute");
    report.providers.iter().for_each(|provider| println!("  {}", provider.line()));
    heading("Self-test");
    report.self_tests.iter().for_each(|test| line(true, &test.line()));
    heading("Folders");
    report.folders.iter().for_each(|folder| println!("  {}", folder.line()));
    heading("Plugins and standalone");
    for PluginEntry { format, path, is_installed } in &report.plugins {
        println!("  {format}: {path}: {}", if *is_installed { "installed" } else { "not there" });
    }
    heading("Verdict");
    match report.errors.is_empty() {
        true => line(true, "everything works"),
        false => report.errors.iter().for_each(|error| line(false, error)),
    }
    report.advice.iter().for_each(|advice| println!("  tip {advice}"));
}

//! `cargo xtask validate`: runs the plugin formats' own validators on the release bundles.
//!
//! Each runs in an environment without the user's files. Their reports stay in `target/validate`.

mod verdict;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::bundle::{self, Bundles};
use crate::cli::ValidateArgs;
use crate::setup::Screen;
use crate::workspace::{self, wait};
use verdict::Verdict;

/// Time limit for a run.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// pluginval's strictness, from 1 to 10, and its number of runs.
const STRICTNESS: &str = "10";
const SEEDS: std::ops::RangeInclusive<u32> = 1..=5;

/// A validator and its source.
struct Validator {
    name: &'static str,
    option: &'static str,
    source: &'static str,
    build: &'static str,
}

const CLAP_VALIDATOR: Validator = Validator {
    name: "clap-validator",
    option: "--clap-validator",
    source: "https://github.com/free-audio/clap-validator",
    build: "cargo build --release",
};
const VST3_VALIDATOR: Validator = Validator {
    name: "validator",
    option: "--vst3-validator",
    source: "https://github.com/steinbergmedia/vst3sdk (with its submodules)",
    build: "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build --target validator",
};
const PLUGINVAL: Validator = Validator {
    name: "pluginval",
    option: "--pluginval",
    source: "https://github.com/Tracktion/pluginval (with its submodules; releases have it built)",
    build: "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build",
};

/// A validator's run on a bundle.
struct Run {
    /// The name of its report.
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    bundle: PathBuf,
    read: fn(&str) -> Option<Verdict>,
}

/// The outcome of a run.
struct Outcome {
    name: String,
    /// `None` where it ended, or was ended, before it reported one.
    verdict: Option<Verdict>,
    /// Whether it ended by itself and with success.
    is_success: bool,
    report: PathBuf,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.is_success && self.verdict.is_some_and(|verdict| verdict.failed == 0 && verdict.passed > 0)
    }
}

/// Runs the given validators, prints their findings and keeps their reports.
///
/// # Errors
/// When a program or a bundle is missing; after the table, when a validator found something wrong.
pub fn run(args: &ValidateArgs) -> Result<()> {
    let programs = [
        (&args.clap_validator, &CLAP_VALIDATOR),
        (&args.vst3_validator, &VST3_VALIDATOR),
        (&args.pluginval, &PLUGINVAL),
    ]
    .map(|(path, validator)| path.as_deref().map(|path| program(path, validator)).transpose());
    let [clap_validator, vst3_validator, pluginval] = programs;
    let (clap_validator, vst3_validator, pluginval) = (clap_validator?, vst3_validator?, pluginval?);
    // Other systems have their own.
    let screen = (pluginval.is_some() && cfg!(target_os = "linux"))
        .then(Screen::open)
        .transpose()
        .context("pluginval opens windows")?;
    let bundles = match &args.bundles {
        Some(folder) => Bundles { folder: fs::canonicalize(folder).with_context(|| no_bundle(folder))? },
        None => bundle::release()?,
    };
    let runs = runs(&bundles, clap_validator, vst3_validator, pluginval);
    for run in &runs {
        ensure!(run.bundle.exists(), "{}", no_bundle(&run.bundle));
    }
    let folder = workspace::root().join("target/validate");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let display = screen.as_ref().map(Screen::display);
    let outcomes = runs.into_iter().map(|run| run.start(&folder, display)).collect::<Result<Vec<_>>>()?;
    println!("{}", table(&outcomes));
    let bad: Vec<&str> = outcomes.iter().filter(|outcome| !outcome.is_good()).map(|o| o.name.as_str()).collect();
    ensure!(bad.is_empty(), "{} found something wrong, or did not end; their reports say what", bad.join(", "));
    Ok(())
}

fn no_bundle(path: &Path) -> String {
    format!(
        "there is no {}; build it with cargo xtask bundle, or give --bundles the folder that holds it",
        path.display()
    )
}

/// The absolute path of a program, so that it runs from any folder.
fn program(path: &Path, validator: &Validator) -> Result<PathBuf> {
    let Validator { name, option, source, build } = validator;
    if !path.is_file() {
        bail!(
            "there is no {name} at {}; get it from {source}, build it ({build}), and give {option} the path of the program",
            path.display()
        );
    }
    fs::canonicalize(path).with_context(|| format!("cannot find {}", path.display()))
}

/// The runs to make.
fn runs(
    bundles: &Bundles,
    clap_validator: Option<PathBuf>,
    vst3_validator: Option<PathBuf>,
    pluginval: Option<PathBuf>,
) -> Vec<Run> {
    let mut runs = Vec::new();
    if let Some(program) = clap_validator {
        runs.push(Run {
            name: "clap-validator".into(),
            program,
            arguments: vec!["validate".into()],
            bundle: bundles.clap(),
            read: verdict::from_clap_validator,
        });
    }
    if let Some(program) = vst3_validator {
        runs.push(Run {
            name: "vst3-validator".into(),
            program,
            // All of its tests.
            arguments: vec!["-e".into()],
            bundle: bundles.vst3(),
            read: verdict::from_vst3_validator,
        });
    }
    if let Some(program) = pluginval {
        runs.extend(SEEDS.map(|seed| {
            Run {
                name: format!("pluginval-seed-{seed}"),
                program: program.clone(),
                arguments: ["--strictness-level", STRICTNESS, "--random-seed", &seed.to_string(), "--validate"]
                    .map(str::to_owned)
                    .into(),
                bundle: bundles.vst3(),
                read: verdict::from_pluginval,
            }
        }));
    }
    runs
}

impl Run {
    fn start(self, folder: &Path, display: Option<&str>) -> Result<Outcome> {
        let home = tempfile::tempdir().context("no temporary folder; set TMPDIR to one that can be written")?;
        let report = folder.join(&self.name).with_extension("txt");
        let output = File::create(&report).with_context(|| format!("cannot write {}", report.display()))?;
        println!("{}, on {}", self.name, self.bundle.display());
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(&self.bundle).current_dir(home.path());
        // A clean environment: no settings, libraries or options of the user.
        command.env_clear().env("LANG", "C.UTF-8");
        // Windows starts nothing without the second.
        for variable in ["PATH", "SystemRoot"] {
            command.envs(std::env::var_os(variable).map(|value| (variable, value)));
        }
        for variable in ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"] {
            command.env(variable, home.path());
        }
        command.envs(display.map(|display| ("DISPLAY", display)));
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot run {}", self.program.display()))?;
        let status = wait(child, LIMIT)?;
        let said = fs::read(&report).with_context(|| format!("cannot read {}", report.display()))?;
        let said = verdict::without_colours(&String::from_utf8_lossy(&said));
        fs::write(&report, &said).with_context(|| format!("cannot write {}", report.display()))?;
        Ok(Outcome {
            name: self.name,
            verdict: (self.read)(&said),
            is_success: status.is_some_and(|status| status.success()),
            report,
        })
    }
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = format!("\n{:<20}{:>8}{:>8}{:>9}  {}", "", "passed", "failed", "skipped", "report");
    for Outcome { name, verdict, is_success, report } in outcomes {
        let numbers = match verdict {
            Some(Verdict { passed, failed, skipped }) => format!("{passed:>8}{failed:>8}{skipped:>9}"),
            None => format!("{:>8}{:>8}{:>9}", "?", "?", "?"),
        };
        let ended = if *is_success { "" } else { "  (ended with an error)" };
        table += &format!("\n{name:<20}{numbers}  {}{ended}", report.display());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_refused_with_where_to_get_it() {
        for validator in [&CLAP_VALIDATOR, &VST3_VALIDATOR, &PLUGINVAL] {
            let said = program(Path::new("/no/such/program"), validator).unwrap_err().to_string();
            for part in ["/no/such/program", validator.source, validator.build, validator.option] {
                assert!(said.contains(part), "{said}");
            }
        }
    }

    /// The outcome of a short script in place of a validator.
    #[cfg(unix)]
    fn outcome(script: &str) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        // The shell gets the script as an argument: a file that was just written may still be busy in another test's child.
        let run = Run {
            name: "a".into(),
            program: "/bin/sh".into(),
            arguments: ["-c", script, "validator", "-e"].map(Into::into).into(),
            bundle: "/b".into(),
            read: verdict::from_vst3_validator,
        };
        run.start(folder.path(), Some(":7")).unwrap()
    }

    #[test]
    #[cfg(unix)]
    fn it_passes_only_where_something_passed_nothing_failed_and_the_program_succeeded() {
        let is_good = |script: &str| outcome(script).is_good();
        assert!(is_good("echo Result: 4 tests passed, 0 tests failed"));
        assert!(!is_good("echo Result: 4 tests passed, 1 tests failed"));
        assert!(!is_good("echo Result: 0 tests passed, 0 tests failed"));
        assert!(!is_good("echo Result: 4 tests passed, 0 tests failed; exit 1"));
        assert!(!is_good("echo nothing"));
    }

    #[test]
    #[cfg(unix)]
    fn it_sees_its_arguments_and_nothing_of_the_users_environment() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        outcome(&format!("echo \"$@\" > {0}; env >> {0}", kept.display()));
        let said = fs::read_to_string(kept).unwrap();
        assert!(said.starts_with("-e /b\n"), "{said}");
        assert!(said.contains("DISPLAY=:7") && !said.contains("CARGO"), "{said}");
        let home = std::env::var("HOME").unwrap_or_default();
        assert!(!said.contains(&format!("HOME={home}\n")), "{said}");
    }
}

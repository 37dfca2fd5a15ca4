//! `cargo xtask workflow`: runs the shell steps of a job on this machine, as they stand in the workflow's file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use saphyr::{LoadableYamlNode, Yaml};

use crate::cli::WorkflowArgs;
use crate::workspace;

/// The folder of the workflows.
const FOLDER: &str = ".github/workflows";

/// A step of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    kind: Kind,
    /// The variables that are set for this step.
    variables: BTreeMap<String, String>,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// Runs a script by a shell.
    Script { shell: String, text: String },
    /// Runs an action, which only the workflow's host can.
    Action(String),
}

/// Runs the steps of a job in their order.
///
/// # Errors
/// When there is no such job, a value is missing, or a step fails.
pub fn run(args: &WorkflowArgs) -> Result<()> {
    let steps = steps(&load(&args.workflow)?, &args.job, &values(&args.values)?)?;
    for name in &args.skip {
        ensure!(steps.iter().any(|step| step.name == *name), "the job has no step {name:?}");
    }
    for Step { name, kind, variables } in steps {
        match kind {
            Kind::Action(action) => println!("== {name}: left out, it is the action {action}"),
            Kind::Script { .. } if args.skip.contains(&name) => println!("== {name}: left out"),
            Kind::Script { text, .. } if args.list => println!("== {name}\n{}", text.trim_end()),
            Kind::Script { shell, text } => {
                println!("== {name}");
                ensure!(shell == "bash", "{name} wants {shell}; only bash is started here");
                // As the workflow's host starts it.
                let mut bash = Command::new("bash");
                bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &text]).current_dir(workspace::root());
                let status = bash.env("CI", "true").envs(variables).status().context("cannot run bash")?;
                ensure!(status.success(), "the step {name:?} ended with {status}");
            }
        }
    }
    Ok(())
}

/// Values for names such as `matrix.name`.
fn values(given: &[String]) -> Result<BTreeMap<String, String>> {
    let pair = |given: &String| {
        let (name, value) = given.split_once('=').with_context(|| format!("{given} is no NAME=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    given.iter().map(pair).collect()
}

fn load(workflow: &str) -> Result<Yaml<'static>> {
    let path = workspace::root().join(FOLDER).join(workflow).with_extension("yml");
    let text = fs::read_to_string(&path).with_context(|| format!("there is no workflow {}", path.display()))?;
    parse(&text, &path)
}

fn parse(text: &str, path: &Path) -> Result<Yaml<'static>> {
    // The document lives as long as the program: it is small, and is read once.
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let documents = Yaml::load_from_str(text).with_context(|| format!("{} is no YAML", path.display()))?;
    documents.into_iter().next().with_context(|| format!("{} is empty", path.display()))
}

fn get<'a>(node: &'a Yaml<'static>, key: &str) -> Option<&'a Yaml<'static>> {
    node.as_mapping_get(key)
}

fn text(node: &Yaml<'static>, key: &str) -> Option<String> {
    get(node, key)?.as_str().map(str::to_owned)
}

/// The steps of a job, with the values filled in.
fn steps(workflow: &Yaml<'static>, job: &str, values: &BTreeMap<String, String>) -> Result<Vec<Step>> {
    let jobs = get(workflow, "jobs").context("the workflow has no jobs")?;
    let job = get(jobs, job).with_context(|| format!("the workflow has no job {job}"))?;
    let steps = get(job, "steps").and_then(Yaml::as_sequence).context("the job has no steps")?;
    let defaults = get(workflow, "defaults").and_then(|defaults| get(defaults, "run"));
    let usual = defaults.and_then(|run| text(run, "shell")).unwrap_or_else(|| "bash".into());
    let mut found = Vec::new();
    for step in steps {
        let mut variables = BTreeMap::new();
        for node in [job, step] {
            for (name, value) in get(node, "env").and_then(Yaml::as_mapping).into_iter().flatten() {
                let (Some(name), Some(value)) = (name.as_str(), value.as_str()) else {
                    bail!("a variable of the job is not a text")
                };
                variables.insert(name.to_owned(), filled(value, values)?);
            }
        }
        let kind = match (text(step, "run"), text(step, "uses")) {
            (Some(script), None) => Kind::Script {
                shell: text(step, "shell").unwrap_or_else(|| usual.clone()),
                text: filled(&script, values)?,
            },
            (None, Some(action)) => Kind::Action(action),
            _ => bail!("a step runs a script or uses an action, not both"),
        };
        let name = text(step, "name").or_else(|| text(step, "uses")).context("a step has no name")?;
        found.push(Step { name, kind, variables });
    }
    Ok(found)
}

/// A text with `${{ name }}` replaced. Secrets are empty here, as they are in a copy of the repository.
fn filled(text: &str, values: &BTreeMap<String, String>) -> Result<String> {
    let mut parts = text.split("${{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").context("an expression does not end")?;
        let name = name.trim();
        match values.get(name) {
            Some(value) => filled.push_str(value),
            None if name.starts_with("secrets.") => {}
            None => bail!("the job needs a value: --value {name}=…"),
        }
        filled.push_str(rest);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;

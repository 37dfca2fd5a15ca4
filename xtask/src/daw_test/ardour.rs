//! Ardour without a window, in a home folder of its own, so that it neither reads nor writes the user's files.
//!
//! It runs Lua scripts, each within a time limit. A script's answers come back by key. What Ardour prints goes to a log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};

use crate::bundle::copy_folder;
use crate::chroot::{Chroot, User};
use crate::platform::Platform;
use crate::workspace::wait;

/// The folder of Ardour 7's programs on Debian.
const PROGRAMS: &str = "/usr/lib/ardour7";
/// Code that all scripts share.
const PRELUDE: &str = include_str!("prelude.lua");
/// Time limit for scanning one plugin.
const SCAN: Duration = Duration::from_secs(60);
/// Fails unless the Ardour version that the scripts need is installed.
pub fn is_installed() -> Result<()> {
    ensure!(
        Path::new(PROGRAMS).exists(),
        "the Ardour that is installed has no {PROGRAMS}: the test knows version 7 alone"
    );
    Ok(())
}

/// See the [module](self).
pub struct Ardour {
    home: PathBuf,
    /// The system that it is installed in; `None` for this machine's.
    system: Option<(Chroot, User<'static>)>,
}

/// A script, and the name of its files.
pub struct Script {
    pub name: &'static str,
    pub text: &'static str,
}

/// The answers that a script wrote.
pub struct Answers(Vec<Vec<String>>);

impl Ardour {
    /// Installs a VST3 into a home folder and has Ardour scan it.
    pub fn with_plugin(home: &Path, bundle: &Path) -> Result<Self> {
        let name = bundle.file_name().context("a bundle has a name")?;
        let installed = home.join(".vst3").join(name);
        copy_folder(bundle, &installed)?;
        let ardour = Self { home: home.to_owned(), system: None };
        ardour.scan(&installed)?;
        Ok(ardour)
    }

    /// The Ardour of another system, which scans a VST3 that is installed there.
    pub fn in_system(system: &Chroot, user: User<'static>, bundle: &Path) -> Result<Self> {
        let ardour = Self { home: system.outside(user.home), system: Some((system.clone(), user)) };
        ardour.scan(bundle)?;
        Ok(ardour)
    }

    fn scan(&self, bundle: &Path) -> Result<()> {
        // Ardour rejects a scan from the same second as the plugin, or older.
        let binary = bundle.join(Platform::current()?.vst3_binary());
        File::options().append(true).open(&binary)?.set_modified(SystemTime::now() - Duration::from_secs(60))?;
        let mut scan = self.command(&Path::new(PROGRAMS).join("ardour-vst3-scanner"), &[("LD_LIBRARY_PATH", PROGRAMS)]);
        scan.args(["-f", "-v"]).arg(self.seen(bundle));
        self.finish(scan, "scan", SCAN)
    }

    /// A path as Ardour sees it.
    pub fn seen(&self, path: &Path) -> PathBuf {
        self.system.as_ref().map_or_else(|| path.to_owned(), |(system, _)| system.inside(path))
    }

    /// Runs a script in a process of its own.
    ///
    /// # Errors
    /// When it fails or takes longer than `limit`; the error names the log.
    pub fn run(&self, script: &Script, arguments: &[String], limit: Duration) -> Result<Answers> {
        let file = |ending: &str| self.home.join(format!("{}.{ending}", script.name));
        let (program, answers) = (file("lua"), file("answers"));
        fs::write(&program, format!("{PRELUDE}\n{}", script.text))?;
        let mut command = self.command(Path::new("ardour7-lua"), &[]);
        command.arg(self.seen(&program)).arg(self.seen(&answers)).args(arguments);
        self.finish(command, script.name, limit)?;
        let text = fs::read_to_string(&answers).with_context(|| format!("no answers in {}", answers.display()))?;
        let answers = Answers::parse(&text);
        ensure!(answers.values("done").is_some(), "{} broke off; see {}", script.name, self.log(script.name).display());
        Ok(answers)
    }

    /// Starts Ardour's interface with a session on a screen.
    pub fn start(&self, session: &Path, display: &str) -> Result<Child> {
        let log = File::create(self.log("window"))?;
        let mut command = self.command(Path::new("ardour"), &[("DISPLAY", display)]);
        command.args(["--no-announcements", "--no-splash"]).arg(session);
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        child.context("cannot run ardour; is Debian's package ardour installed?")
    }

    /// The log file for a program's output.
    fn log(&self, name: &str) -> PathBuf {
        self.home.join(format!("{name}.log"))
    }

    fn command(&self, program: &Path, variables: &[(&str, &str)]) -> Command {
        if let Some((system, user)) = &self.system {
            let mut command = system.command(*user, "env");
            command.args(variables.iter().map(|(name, value)| format!("{name}={value}"))).arg(program);
            return command;
        }
        let mut command = Command::new(program);
        command.env("HOME", &self.home).env("XDG_RUNTIME_DIR", &self.home).current_dir(&self.home);
        // Otherwise the user's own folders, plugins or runtime would be used.
        for variable in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "VST3_PATH", "TONENET_ORT_DYLIB"] {
            command.env_remove(variable);
        }
        command.envs(variables.iter().copied());
        command
    }

    fn finish(&self, mut command: Command, name: &str, limit: Duration) -> Result<()> {
        let log = self.log(name);
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| {
            format!("cannot run {}; is Debian's package ardour installed?", command.get_program().display())
        })?;
        match wait(child, limit)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("Ardour's {name} ended with {status}; see {}:\n{}", log.display(), last_lines(&log)),
            None => bail!("Ardour's {name} took more than {limit:?} and was ended; see {}", log.display()),
        }
    }
}

/// The end of a log, which shows the cause.
fn last_lines(log: &Path) -> String {
    let text = fs::read(log).map_or_else(|e| e.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

impl Answers {
    fn parse(text: &str) -> Self {
        Self(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    /// The values of the first line with a key.
    fn values(&self, key: &str) -> Option<&[String]> {
        self.0.iter().find(|line| line[0] == key).map(|line| &line[1..])
    }

    /// The word under a key.
    pub fn word(&self, key: &str) -> Result<&str> {
        let first = self.values(key).and_then(<[String]>::first);
        first.map(String::as_str).with_context(|| format!("the script does not give its {key}"))
    }

    /// The whole number under a key.
    pub fn number(&self, key: &str) -> Result<i64> {
        let word = self.word(key)?;
        word.parse().with_context(|| format!("{key} should be a whole number and is {word}"))
    }

    /// The seconds under a key.
    pub fn seconds(&self, key: &str) -> Result<f64> {
        let word = self.word(key)?;
        word.parse().with_context(|| format!("{key} should be seconds and is {word}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_by_key() {
        let answers = Answers::parse("latency\t43636\nexport\t1.5\ntake\tTake1_record-2\ndone\n");
        assert_eq!(answers.number("latency").unwrap(), 43_636);
        assert_eq!(answers.seconds("export").unwrap(), 1.5);
        assert_eq!(answers.word("take").unwrap(), "Take1_record-2");
        assert!(answers.values("done").is_some());
        assert!(answers.number("position").is_err());
    }
}

//! A text about an instance for a bug report: versions, host, audio, counters and errors, without names of people or folders.

use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Duration;

use nice_plug::prelude::Plugin;
use tonenet_engine::status::{BlockSizes, EngineInfo, LoggedError, Status};
use tonenet_inference::embedded::EmbeddedModel;

use crate::ToneNet;
use crate::params::STATE_VERSION;

/// What the diagnostics say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnostics {
    /// The format of the plugin, such as CLAP; empty if it is not known.
    pub format: String,
    /// The host's program, without its folder.
    pub host: String,
    /// The look-ahead, as hosts show it.
    pub look_ahead: String,
    /// The latency, in samples.
    pub latency: u32,
    /// The sample rate in Hz; 0 before the first activation.
    pub sample_rate: u32,
    /// The smallest and the largest block, in samples.
    pub blocks: Option<(u32, u32)>,
    /// The load of the inference thread, 0–1.
    pub load: f32,
    /// Restyled, late and new notes, and overloads.
    pub counters: [u64; 4],
    /// The runtime, the model and problems.
    pub engine: EngineInfo,
    /// The last errors.
    pub errors: Vec<LoggedError>,
    /// Time since the instance was loaded, in whole seconds.
    pub uptime: Duration,
}

impl Diagnostics {
    /// The diagnostics of an instance. The caller fills in the format and the look-ahead.
    pub fn new(status: &Status) -> Self {
        use std::sync::atomic::Ordering::Relaxed;
        let counters = [&status.restyled, &status.late, &status.new, &status.overloads];
        Self {
            format: String::new(),
            host: HOST.clone(),
            look_ahead: String::new(),
            latency: status.latency.load(Relaxed),
            sample_rate: status.sample_rate.load(Relaxed),
            blocks: BlockSizes::seen(&status.blocks),
            load: status.load.get(),
            counters: counters.map(|counter| counter.load(Relaxed)),
            engine: status.info(),
            errors: status.errors.errors(),
            uptime: Duration::from_secs(status.errors.uptime().as_secs()),
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        let models = EmbeddedModel::ALL.map(|model| format!("{} {}", model.id(), model.version())).join(", ");
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        let blocks =
            self.blocks.map_or("none yet".into(), |(smallest, largest)| format!("{smallest} to {largest} samples"));
        let [restyled, late, new, overloads] = self.counters;
        let lines = [
            ("ToneNet", format!("{}, state {STATE_VERSION}, models {models}", ToneNet::VERSION)),
            ("Format", or(&self.format, "not known")),
            ("Host program", or(&self.host, "not known")),
            ("System", format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)),
            ("Runtime", or(&self.engine.runtime, "not open")),
            ("Model", or(&self.engine.model, "none")),
            ("Audio", format!("{} Hz, blocks {blocks}", self.sample_rate)),
            ("Look-ahead", format!("{}, latency {} samples", self.look_ahead, self.latency)),
            ("Notes", format!("{restyled} restyled, {late} late, {new} new, {overloads} overloads")),
            ("Load of the model's thread", format!("{:.0} %", self.load * 100.0)),
            ("Running for", time(self.uptime)),
        ];
        let mut text = String::new();
        for (name, value) in lines {
            line(&mut text, name, &value);
        }
        let error = self.engine.error.iter().map(|error| ("Error", error));
        let styles = self.engine.styles.iter().map(|problem| ("Style", problem));
        let notes = self.engine.notes.iter().map(|note| ("Not used", note));
        for (name, value) in error.chain(styles).chain(notes) {
            line(&mut text, name, &without_folders(value));
        }
        for LoggedError { time: at, count, message } in &self.errors {
            let times = if *count > 1 { format!(" ({count} times)") } else { String::new() };
            line(&mut text, "Logged", &format!("{}{times} {}", time(*at), without_folders(message)));
        }
        text
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{name}: {value}");
}

/// The name of the host's program, without its folder.
static HOST: LazyLock<String> = LazyLock::new(|| {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|program| program.file_stem());
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
});

fn time(since: Duration) -> String {
    let seconds = since.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A text in which each path is reduced to the file's own name.
///
/// Folders may have spaces in their names. So a path counts up to the last separator before the sentence goes on.
pub(crate) fn without_folders(text: &str) -> String {
    let is_separator = |character| matches!(character, '/' | '\\');
    let mut short = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_separator) {
        // The path begins with the word that has the separator: `C:\`, `~/`, `folder/`.
        let word = rest[..begin].rfind(|c: char| c.is_whitespace() || "\"'(“„«".contains(c));
        let word = word.map_or(0, |place| place + rest[place..].chars().next().map_or(1, char::len_utf8));
        short.push_str(&rest[..word]);
        let path = &rest[word..];
        let first =
            |text: &str, ends: &[&str]| ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
        // Folders may hold commas and brackets, too, so these end a path only behind its last separator.
        let part = &path[..first(path, &[": ", "; ", "\"", "\n"])];
        let last = part.rfind(is_separator).unwrap_or(0);
        let path = &path[..(last + first(&part[last..], &[", ", ")", " ("])).max(1)];
        let name = path.rfind(is_separator).map_or(0, |place| place + 1);
        short.push_str(&path[name..]);
        rest = &rest[word + path.len()..];
    }
    short + rest
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_reduced_to_the_files_name() {
        for (text, short) in [
            ("cannot read /home/ada/x.mid: no such file", "cannot read x.mid: no such file"),
            ("cannot read /home/Ada Lovelace/my songs/x y.mid: no such file", "cannot read x y.mid: no such file"),
            ("\"C:\\Users\\Ada L\\a.dll\" is not used", "\"a.dll\" is not used"),
            (
                "/opt/a/lib.so (TONENET_ORT_DYLIB) is not used: ~/b/c.so is there",
                "lib.so (TONENET_ORT_DYLIB) is not used: c.so is there",
            ),
            (
                "There is no ONNX Runtime at /home/ada/lib.so, which the setting names",
                "There is no ONNX Runtime at lib.so, which the setting names",
            ),
            ("cannot read /home/Lovelace, Ada/x.mid: no such file", "cannot read x.mid: no such file"),
            ("cannot read C:\\Users\\Ada (Work)\\songs (old)\\x.mid, try again", "cannot read x.mid, try again"),
            ("nothing to shorten; all is well", "nothing to shorten; all is well"),
        ] {
            assert_eq!(without_folders(text), short);
        }
    }

    #[test]
    fn the_text_says_versions_host_audio_counters_and_errors() {
        let status = Arc::<Status>::default();
        status.blocks.record(64);
        status.blocks.record(512);
        Status::count(&status.late);
        status.info.lock().notes = vec!["/home/ada/lib.so is not used: it is damaged.".into()];
        status.fail("cannot read /home/ada/songs/x.mid");
        status.fail("cannot read /home/ada/songs/x.mid");
        let diagnostics =
            Diagnostics { format: "CLAP".into(), look_ahead: "1 beat".into(), ..Diagnostics::new(&status) };
        let text = diagnostics.text();
        for part in [
            concat!("ToneNet: ", env!("CARGO_PKG_VERSION"), ", state "),
            "models note ",
            "Format: CLAP",
            "blocks 64 to 512 samples",
            "Look-ahead: 1 beat, latency 0 samples",
            "0 restyled, 1 late, 0 new, 0 overloads",
            "Not used: lib.so is not used: it is damaged.",
            "Error: cannot read x.mid",
            "Logged: 0:00:00 (2 times) cannot read x.mid",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    proptest! {
        #[test]
        fn no_error_brings_a_separator_or_a_folder_into_the_text(
            before in "[a-z ]{0,10}", folders in "(/[a-zA-Z ]{1,8}){1,4}", name in "[a-z]{1,8}\\.mid", after in "(: [a-z ]{0,10})?",
        ) {
            let status = Arc::<Status>::default();
            status.fail(format!("{before} /secret{folders}/{name}{after}"));
            status.info.lock().styles = vec![format!("{before} C:\\secret{}\\{name}", folders.replace('/', "\\"))];
            let text = Diagnostics::new(&status).text();
            prop_assert!(!text.contains(['/', '\\']) && !text.contains("secret"), "{}", text);
            prop_assert!(text.contains(&name));
        }

        #[test]
        fn no_text_makes_it_panic_and_none_keeps_a_separator(text in "\\PC*") {
            prop_assert!(!without_folders(&text).contains(['/', '\\']));
        }
    }
}

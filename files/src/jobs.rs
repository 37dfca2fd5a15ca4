//! Which files a command makes of which.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::midi_files::{self, Found};
use crate::outputs::{Identity, Inputs, Messages, OutputFile};

/// A file and what is made of it.
pub struct Job {
    /// The file that is read.
    pub input: PathBuf,
    /// The file that is written.
    pub output: OutputFile,
}

/// All jobs of a command.
pub struct Jobs {
    /// In the order in which they were named.
    pub jobs: Vec<Job>,
    /// Where the command says what it does.
    pub messages: Messages,
}

/// Plans a file for each MIDI file that is named or in a folder that is: `output` itself for a single file, else in the
/// folder `output`, as deep there as it lies in its own.
///
/// Where `output` lies in a folder that is read, what an earlier run left there is not read again.
///
/// # Errors
/// When there is nothing to do, or an original or another job's file would be lost. Nothing is written either way.
pub fn plan(read: Inputs, inputs: &[PathBuf], output: &Path) -> Result<Jobs> {
    let is_single = inputs.len() == 1 && !inputs[0].is_dir();
    let is_folder = !is_single || output.is_dir() || ends_as_folder(output);
    let mut pairs: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut folders = Vec::new();
    for input in inputs {
        if input.is_dir() {
            // The folder itself is not left out: then its files would be overwritten, which is told.
            let own = Identity::of(output).ok().filter(|output| !Identity::of(input).is_ok_and(|own| own == *output));
            let found: Found = midi_files::find(input, own.as_ref())?;
            folders.extend(found.folders);
            for file in found.files {
                let inside = file.strip_prefix(input).unwrap_or(&file);
                pairs.push((file.clone(), output.join(inside)));
            }
        } else if is_folder {
            let name = input.file_name().with_context(|| format!("{} is no file", input.display()))?;
            pairs.push((input.clone(), output.join(name)));
        } else {
            pairs.push((input.clone(), output.to_owned()));
        }
    }
    if pairs.is_empty() {
        bail!("there is no MIDI file ({}) in {}", midi_files::endings(), inputs[0].display());
    }
    let mut outputs = read.files(pairs.iter().map(|(input, _)| input)).folders(folders).outputs();
    let jobs = pairs.into_iter().map(|(input, output)| {
        let output = outputs.file(&output).with_context(|| format!("nothing was made of {}", input.display()))?;
        Ok(Job { input, output })
    });
    let jobs = jobs.collect::<Result<_>>()?;
    Ok(Jobs { jobs, messages: outputs.messages() })
}

/// Whether a path is written as a folder's, there or not.
fn ends_as_folder(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

#[cfg(all(test, unix))]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    /// Folders and files of a small world, so that names meet.
    const FOLDERS: [&str; 4] = ["a", "b", "a/b", "b/a"];
    const NAMES: [&str; 3] = ["x.mid", "y.mid", "b"];

    fn folder() -> impl Strategy<Value = String> {
        proptest::sample::select(FOLDERS.to_vec()).prop_map(Into::into)
    }

    fn path() -> impl Strategy<Value = String> {
        (folder(), proptest::sample::select(NAMES.to_vec())).prop_map(|(folder, name)| format!("{folder}/{name}"))
    }

    /// What a link may lead to: folders, files, and what is not there.
    fn target() -> impl Strategy<Value = String> {
        prop_oneof![folder(), path(), Just("new".into()), Just("new/x.mid".into())]
    }

    /// What may be asked for.
    fn anything() -> impl Strategy<Value = String> {
        prop_oneof![target(), Just("new/../a".into()), Just("a/new/../x.mid".into())]
    }

    #[derive(Debug, Clone)]
    enum Entry {
        File,
        HardLink(String),
        Link(String),
    }

    fn entry() -> impl Strategy<Value = Entry> {
        prop_oneof![Just(Entry::File), path().prop_map(Entry::HardLink), target().prop_map(Entry::Link)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Whatever is there and whatever is asked for: what is planned can be written, leaves every file that is read as
        /// it was, and each result holds what was made of its own input; what is refused changes nothing.
        #[test]
        fn nothing_that_is_read_or_written_is_lost(
            entries in proptest::collection::vec((path(), entry()), 1..8),
            inputs in proptest::collection::vec(anything(), 1..4),
            output in anything(),
        ) {
            let world = tempfile::tempdir().unwrap();
            let at = |name: &str| world.path().join(name);
            for folder in FOLDERS {
                let _ = fs::create_dir_all(at(folder));
            }
            for (place, (name, entry)) in entries.iter().enumerate() {
                // What is there already stays.
                let _ = match entry {
                    Entry::File if !at(name).exists() => fs::write(at(name), format!("original {place}")),
                    Entry::File => Ok(()),
                    Entry::HardLink(to) => fs::hard_link(at(to), at(name)),
                    Entry::Link(to) => symlink(at(to), at(name)),
                };
            }
            let inputs: Vec<PathBuf> = inputs.iter().map(|input| at(input)).collect();
            let Ok(Jobs { jobs, .. }) = plan(Inputs::default(), &inputs, &at(&output)) else { return Ok(()) };
            let read: BTreeMap<PathBuf, Vec<u8>> =
                jobs.iter().filter_map(|job| Some((job.input.clone(), fs::read(&job.input).ok()?))).collect();
            for (place, job) in jobs.iter().enumerate() {
                job.output.write(format!("result {place}").as_bytes()).unwrap();
            }
            for (input, bytes) in read {
                prop_assert_eq!(fs::read(&input).unwrap(), bytes, "{:?}", input);
            }
            for (place, job) in jobs.iter().enumerate() {
                // Who reads follows no path that is not there.
                let path = job.output.name().to_string_lossy().replace("/new/..", "");
                let written = fs::read_to_string(path).unwrap();
                prop_assert_eq!(written, format!("result {place}"), "{:?}", job.output.name());
            }
        }
    }
}

//! Pairs each file that a command reads with the file that it writes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::{FileError, Refusal};
use crate::midi_files::{self, Source};
use crate::outputs::{Identity, Inputs, Messages, OutputFile, Outputs};
use crate::result_names::{ResultNames, is_result_of};

/// A file to read and the result to write.
#[derive(Debug)]
pub struct Job {
    /// The source to read.
    pub input: Source,
    /// The file to write.
    pub output: OutputFile,
}

/// A file that is skipped, because an earlier run made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The file.
    pub result: PathBuf,
    /// The original that it was made from.
    pub original: PathBuf,
}

/// All jobs of a command.
#[derive(Debug)]
pub struct Jobs {
    /// The jobs, in the order in which their inputs were named.
    pub jobs: Vec<Job>,
    /// Results of earlier runs among the inputs, which are skipped.
    pub left_out: Vec<LeftOut>,
    /// Where the command prints messages.
    pub messages: Messages,
}

/// The inputs and outputs that the user asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Files, and folders of them; `-` is standard input.
    pub inputs: &'a [PathBuf],
    /// A file for a single input, otherwise a folder; `-` is standard output. Without it, each result goes beside its
    /// original.
    pub output: Option<&'a Path>,
    /// Names for results beside their originals.
    pub names: &'a ResultNames,
    /// Whether results that earlier runs left beside their originals are replaced.
    pub replace: bool,
}

/// Plans a result for each MIDI file that is named or is in a named folder.
///
/// In the folder `output`, results keep their originals' subfolders. Results of earlier runs are not read again. They
/// are the files in the folder `output`, and files beside an original that differ from it in velocities only.
///
/// # Errors
/// When there is nothing to do, or an original or another job's file would be lost. Nothing is written either way.
pub fn plan(read: Inputs, request: &Request<'_>) -> Result<Jobs, FileError> {
    let is_dash = |path: &Path| path == Path::new("-");
    if request.inputs.iter().any(|input| is_dash(input)) || request.output.is_some_and(is_dash) {
        return plan_stream(read, request);
    }
    let Gathered { pairs, folders } = gather(request)?;
    let (pairs, left_out) = leave_out_results(pairs, request.names);
    if pairs.is_empty() {
        let path = request.inputs.first().cloned().unwrap_or_default();
        return Err(FileError::NoMidiFile { path });
    }
    let read = read.files(pairs.iter().map(|(input, _)| input)).results(left_out.iter().map(|left| &left.result));
    let mut outputs = read.folders(folders).outputs();
    let jobs = pairs.into_iter().map(|(input, output)| {
        let reserved = match &output {
            Some(output) => outputs.file(output),
            None => beside(&mut outputs, &input, request),
        };
        let output = reserved.map_err(|source| no_result(&input, source))?;
        Ok(Job { input: Source::File(input), output })
    });
    let jobs = jobs.collect::<Result<_, FileError>>()?;
    Ok(Jobs { jobs, left_out, messages: outputs.messages() })
}

fn no_result(input: &Path, source: FileError) -> FileError {
    FileError::NoResult { input: Source::from_argument(input).to_string(), source: Box::new(source) }
}

/// Plans the one job that reads standard input or writes standard output.
fn plan_stream(read: Inputs, request: &Request<'_>) -> Result<Jobs, FileError> {
    let [input] = request.inputs else { return Err(Refusal::OneStream.into()) };
    if input.is_dir() {
        return Err(Refusal::OneStream.into());
    }
    let source = Source::from_argument(input);
    let files = match &source {
        Source::File(path) => Some(path),
        Source::Stdin => None,
    };
    let mut outputs = read.files(files).outputs();
    // Standard input has no folder, so its result goes to standard output.
    let output = request.output.filter(|output| *output != Path::new("-"));
    let reserved = match output {
        Some(output) => outputs.file(output),
        None => outputs.stdout(),
    };
    let output = reserved.map_err(|source| no_result(input, source))?;
    let jobs = vec![Job { input: source, output }];
    Ok(Jobs { jobs, left_out: Vec::new(), messages: outputs.messages() })
}

/// Files, with their results' paths where these are not beside them, and every folder that was searched.
struct Gathered {
    pairs: Vec<Pair>,
    folders: Vec<PathBuf>,
}

type Pair = (PathBuf, Option<PathBuf>);

fn gather(request: &Request<'_>) -> Result<Gathered, FileError> {
    let Request { inputs, output, .. } = *request;
    let is_single = inputs.len() == 1 && !inputs[0].is_dir();
    let is_folder = !is_single || output.is_some_and(|output| output.is_dir() || ends_as_folder(output));
    let mut gathered = Gathered { pairs: Vec::new(), folders: Vec::new() };
    for input in inputs {
        if input.is_dir() {
            // If the output folder is the input itself, it is searched; the refusal then names a file.
            let own = output.and_then(|output| Identity::from_path(output).ok());
            let own = own.filter(|output| !Identity::from_path(input).is_ok_and(|own| own == *output));
            let found = midi_files::find(input, own.as_ref())?;
            gathered.folders.extend(found.folders);
            for file in found.files {
                let result = output.map(|output| output.join(file.strip_prefix(input).unwrap_or(&file)));
                gathered.pairs.push((file, result));
            }
        } else if is_folder {
            let name = input.file_name().ok_or_else(|| FileError::NoFileName { path: input.clone() })?;
            gathered.pairs.push((input.clone(), output.map(|output| output.join(name))));
        } else {
            gathered.pairs.push((input.clone(), output.map(Path::to_owned)));
        }
    }
    Ok(gathered)
}

/// Separates originals from the results that were made of them.
fn leave_out_results(pairs: Vec<Pair>, names: &ResultNames) -> (Vec<Pair>, Vec<LeftOut>) {
    let known: HashSet<Identity> = pairs.iter().filter_map(|(input, _)| Identity::from_path(input).ok()).collect();
    let (mut kept, mut left_out) = (Vec::new(), Vec::new());
    for pair in pairs {
        let is_original = |original: &PathBuf| {
            Identity::from_path(original).is_ok_and(|identity| known.contains(&identity))
                && is_result_of(&pair.0, original)
        };
        match names.originals_of(&pair.0).into_iter().find(is_original) {
            Some(original) => left_out.push(LeftOut { result: pair.0, original }),
            None => kept.push(pair),
        }
    }
    (kept, left_out)
}

/// Reserves the result beside an original.
fn beside(outputs: &mut Outputs, input: &Path, request: &Request<'_>) -> Result<OutputFile, FileError> {
    let result = request.names.result_of(input);
    if !request.replace || !result.exists() {
        return outputs.new_file(&result);
    }
    if !is_result_of(&result, input) {
        return Err(Refusal::NotAResult { path: result, input: input.to_owned() }.into());
    }
    outputs.replaced_result(&result)
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

    /// Folders and files of a small tree, so that names collide.
    const FOLDERS: [&str; 4] = ["a", "b", "a/b", "b/a"];
    const NAMES: [&str; 4] = ["x.mid", "x-jazz.mid", "y.mid", "b"];

    fn folder() -> impl Strategy<Value = String> {
        proptest::sample::select(FOLDERS.to_vec()).prop_map(Into::into)
    }

    fn path() -> impl Strategy<Value = String> {
        (folder(), proptest::sample::select(NAMES.to_vec())).prop_map(|(folder, name)| format!("{folder}/{name}"))
    }

    /// Possible targets of a link: folders, files and missing paths.
    fn target() -> impl Strategy<Value = String> {
        prop_oneof![folder(), path(), Just("new".into()), Just("new/x.mid".into())]
    }

    /// Possible arguments.
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

        /// Whatever exists and whatever is requested, no file is lost.
        ///
        /// Planned outputs can be written, files that are read stay unchanged, and each result is made from its own
        /// input. A refused plan changes nothing.
        #[test]
        fn nothing_that_is_read_or_written_is_lost(
            entries in proptest::collection::vec((path(), entry()), 1..8),
            inputs in proptest::collection::vec(anything(), 1..4),
            output in proptest::option::of(anything()),
            replace in any::<bool>(),
        ) {
            let world = tempfile::tempdir().unwrap();
            let at = |name: &str| world.path().join(name);
            for folder in FOLDERS {
                let _ = fs::create_dir_all(at(folder));
            }
            for (place, (name, entry)) in entries.iter().enumerate() {
                // Existing files stay.
                let _ = match entry {
                    Entry::File if !at(name).exists() => fs::write(at(name), format!("original {place}")),
                    Entry::File => Ok(()),
                    Entry::HardLink(to) => fs::hard_link(at(to), at(name)),
                    Entry::Link(to) => symlink(at(to), at(name)),
                };
            }
            let inputs: Vec<PathBuf> = inputs.iter().map(|input| at(input)).collect();
            let names = ResultNames { label: "jazz".into(), all_labels: vec!["jazz".into()] };
            let output = output.map(|output| at(&output));
            let request = Request { inputs: &inputs, output: output.as_deref(), names: &names, replace };
            let Ok(Jobs { jobs, .. }) = plan(Inputs::default(), &request) else { return Ok(()) };
            let inputs = jobs.iter().filter_map(|job| match &job.input {
                Source::File(path) => Some(path),
                Source::Stdin => None,
            });
            let read: BTreeMap<PathBuf, Vec<u8>> =
                inputs.filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect();
            for (place, job) in jobs.iter().enumerate() {
                job.output.write(format!("result {place}").as_bytes()).unwrap();
            }
            for (input, bytes) in read {
                prop_assert_eq!(fs::read(&input).unwrap(), bytes, "{:?}", input);
            }
            for (place, job) in jobs.iter().enumerate() {
                // A reader cannot follow a path that does not exist.
                let path = job.output.name().to_string_lossy().replace("/new/..", "");
                let written = fs::read_to_string(path).unwrap();
                prop_assert_eq!(written, format!("result {place}"), "{:?}", job.output.name());
            }
        }
    }
}

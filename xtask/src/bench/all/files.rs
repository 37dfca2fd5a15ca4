//! Times the program `tonenet` on a folder of files and on one very long file.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Programs;
use super::pieces::piece;
use super::report::{Report, at_least, at_most};

/// Files of the folder.
const FILES: usize = 100;
/// Notes of the long file.
const LONG: usize = 1_000_000;
/// How often the memory of a process is read.
const LOOK: Duration = Duration::from_millis(5);

/// What a run took.
struct Cost {
    seconds: f64,
    /// The most memory; `None` where the system does not report it.
    megabytes: Option<f64>,
}

/// Notes of a file of the folder. Their mean is near that of piano performances.
fn notes(file: usize) -> usize {
    500 + 37 * file % 100 * 35
}

/// Measures everything.
pub fn measure(programs: &Programs, folder: &Path, report: &mut Report) -> Result<()> {
    let work = tempfile::tempdir_in(folder)?;
    let files = work.path().join("files");
    fs::create_dir(&files)?;
    for file in 0..FILES {
        fs::write(files.join(format!("{file:03}.mid")), piece(notes(file), file as u64))?;
    }
    let all: usize = (0..FILES).map(notes).sum();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let run = |input: &Path, result: &str, threads: usize| restyle(programs, input, &work.path().join(result), threads);
    let one = run(&files, "one", 1)?;
    report.add("a folder of 100 files, one core", all as f64 / one.seconds, "notes/s", at_least(20_000.0));
    let every = run(&files, "every", cores)?;
    let per_core = all as f64 / every.seconds / cores as f64;
    report.add("the same on all cores, a core", per_core, "notes/s", at_least(20_000.0));
    ensure!(same(&work.path().join("one"), &work.path().join("every"))?, "the cores changed the result");
    let single = work.path().join("one-note.mid");
    fs::write(&single, piece(1, 0))?;
    report.add("a file of one note", run(&single, "single.mid", cores)?.seconds * 1e3, "ms", None);
    let long = work.path().join("long.mid");
    fs::write(&long, piece(LONG, 0))?;
    let cost = run(&long, "long-restyled.mid", cores)?;
    report.add("a file of 1,000,000 notes", cost.seconds, "s", at_most(60.0));
    if let Some(megabytes) = cost.megabytes {
        report.add("its memory", megabytes, "MB", at_most(1_500.0));
    }
    Ok(())
}

/// Whether two folders have the same files with the same bytes.
fn same(a: &Path, b: &Path) -> Result<bool> {
    for entry in fs::read_dir(a)? {
        let path = entry?.path();
        let name = path.file_name().context("a file has a name")?;
        if fs::read(&path)? != fs::read(b.join(name))? {
            return Ok(false);
        }
    }
    Ok(fs::read_dir(a)?.count() == fs::read_dir(b)?.count())
}

fn restyle(programs: &Programs, input: &Path, output: &Path, threads: usize) -> Result<Cost> {
    let started = Instant::now();
    let mut program = Command::new(&programs.tonenet)
        .arg("restyle")
        .arg(input)
        .arg("--output")
        .arg(output)
        .args(["--style", "jazz"])
        .env("TONENET_ORT_DYLIB", &programs.onnxruntime)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", programs.tonenet.display()))?;
    let mut megabytes = None;
    let status = loop {
        megabytes = most_memory(program.id()).or(megabytes);
        match program.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(LOOK),
        }
    };
    ensure!(status.success(), "tonenet restyle ended with {status}");
    Ok(Cost { seconds: started.elapsed().as_secs_f64(), megabytes })
}

/// The most memory that a process has had, in MB; Linux reports it.
fn most_memory(process: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

//! `evaluate --as-shipped`: how restyling whole files compares with restyling the performance in them alone.
//!
//! Only files of several tracks or channels are scored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::metrics::velocities::score_file;
use anyhow::{Result, bail};
use rayon::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::SongPart;
use tonenet_core::note::Note;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::song::{SongRestyling, restyle_song};

use crate::arguments::EvaluateArgs;
use crate::data::genre;
use crate::data::performances::{self, ShippedFile};
use crate::models::velocity_model_folder;
use crate::runtimes;

/// The largest loss in r that restyling by parts may cost a genre.
const MOST_LOST: f64 = 0.01;

/// r of a performance's notes, restyled in three ways.
#[derive(Debug, Clone, Copy, Default)]
struct Scores {
    /// Alone, as training data is read.
    alone: f64,
    /// Together with everything else in the file, as one part.
    as_one: f64,
    /// In the whole file, part by part.
    by_parts: f64,
}

/// `cargo xtask evaluate --as-shipped`.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let name = match args.models.as_slice() {
        [] => "note",
        [name] => name,
        _ => bail!("--as-shipped scores one model; name one"),
    };
    let model = LoadedModel::load(&runtimes::open_default()?, &ModelFiles::from_dir(&velocity_model_folder(name)?)?)?;
    let mut files = Vec::new();
    let mut single = 0usize;
    performances::for_each_file(data, args.split, |file| {
        // The model has no style to restyle another genre's file in.
        if model.style_by_id(file.performance.genre.as_str()).is_err() {
            return;
        }
        let voices: BTreeSet<_> = file.song.notes().iter().map(|n| (n.track, n.note.channel)).collect();
        if voices.len() > 1 { files.push(file) } else { single += 1 }
    })?;
    if files.is_empty() {
        bail!("the {:?} split has no file of several tracks or channels", args.split);
    }
    println!("{} files of several tracks or channels, {single} of one", files.len());

    let mut kinds = BTreeMap::<String, usize>::new();
    for file in &files {
        *kinds.entry(kind(&file.song.parts())).or_default() += 1;
    }
    for (kind, count) in &kinds {
        println!("{count:>6}  {kind}");
    }

    let scores: Vec<(&ShippedFile, Option<Scores>)> =
        files.par_iter().map(|file| anyhow::Ok((file, score(&model, file)?))).collect::<Result<_>>()?;
    println!("\nr of the performance's notes, whole takes, in their own genre's style");
    println!("{:>12} {:>6} {:>8} {:>12} {:>9}", "", "files", "alone", "as one part", "by parts");
    let mut lost = Vec::new();
    for genre in genre::distinct(scores.iter().map(|(file, _)| file.performance.genre.clone())) {
        let of_genre: Vec<Scores> =
            scores.iter().filter(|(file, _)| file.performance.genre == genre).filter_map(|s| s.1).collect();
        if of_genre.is_empty() {
            continue;
        }
        let mean = |of: fn(&Scores) -> f64| of_genre.iter().map(of).sum::<f64>() / of_genre.len() as f64;
        let (alone, as_one, by_parts) = (mean(|s| s.alone), mean(|s| s.as_one), mean(|s| s.by_parts));
        println!("{:>12} {:>6} {alone:>8.3} {as_one:>12.3} {by_parts:>9.3}", genre.as_str(), of_genre.len());
        if by_parts < alone - MOST_LOST {
            lost.push(genre.to_string());
        }
    }
    println!("\nthe ten files that parts cost most");
    let mut by_loss: Vec<(&ShippedFile, Scores)> = scores.iter().filter_map(|&(file, s)| Some((file, s?))).collect();
    by_loss.sort_by(|a, b| (a.1.by_parts - a.1.alone).total_cmp(&(b.1.by_parts - b.1.alone)));
    for (file, Scores { alone, as_one, by_parts }) in by_loss.iter().take(10) {
        println!("{alone:.3} {as_one:.3} {by_parts:.3}  {}", file.performance.name);
        for part in file.song.parts() {
            println!("    {part}");
        }
    }
    if !lost.is_empty() {
        bail!("restyled by parts, {} comes out more than {MOST_LOST} below the performance alone", lost.join(" and "));
    }
    Ok(())
}

/// How a file's tracks and channels are grouped, in words.
fn kind(parts: &[SongPart]) -> String {
    let part = |p: &SongPart| {
        format!("{}, {}, tracks: {}, channels: {}", p.instrument, p.grouping, p.tracks.len(), p.channels.len())
    };
    parts.iter().map(part).collect::<Vec<_>>().join(" | ")
}

fn score(model: &LoadedModel, file: &ShippedFile) -> Result<Option<Scores>> {
    let ShippedFile { song, places, performance } = file;
    let restyling = RestyleSettings {
        style: StyleBlend::only(model.style_by_id(performance.genre.as_str())?),
        source_style: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    let alone = restyling.velocities(model, &performance.view())?;

    let everything: Vec<usize> =
        (0..song.notes().len()).filter(|&place| song.notes()[place].note.is_restylable()).collect();
    let notes: Vec<Note> = everything.iter().map(|&place| song.notes()[place].note).collect();
    let as_one = restyling.velocities(model, &PerformanceView { notes: &notes, ..performance.view() })?;
    let is_performed = |(place, velocity): (&usize, u8)| places.binary_search(place).is_ok().then_some(velocity);
    let as_one: Vec<u8> = everything.iter().zip(as_one).filter_map(is_performed).collect();

    let wanted = SongRestyling { restyling, ..SongRestyling::in_style(restyling.style.a, restyling.take) };
    let whole = restyle_song(model, song, &wanted)?.velocities;
    let by_parts: Vec<u8> = places.iter().map(|&place| whole[place]).collect();

    let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
    let r = |velocities: &[u8]| {
        let velocities: Vec<f32> = velocities.iter().map(|&v| f32::from(v)).collect();
        score_file(&velocities, &human).map(|score| score.r)
    };
    Ok((|| Some(Scores { alone: r(&alone)?, as_one: r(&as_one)?, by_parts: r(&by_parts)? }))())
}

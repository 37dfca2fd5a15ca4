//! Prints how widely a model restyles plain parts that were entered: comps made here, and the demo piece.
//!
//! `cargo run --release -p tonenet-training --example comps -- [MODEL]`, where MODEL is a shipped model's name or a folder.

use anyhow::Result;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::style::TakeSeed;
use tonenet_files::midi_files::read_song;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::song::{SongRestyling, restyle_song};
use tonenet_training::models::velocity_model_folder;
use tonenet_training::{runtimes, workspace};

/// C, G, A minor and F: the bass, then the triad.
const CHORDS: [[u8; 4]; 4] = [[36, 60, 64, 67], [43, 59, 62, 67], [45, 60, 64, 69], [41, 60, 65, 69]];
const BARS: usize = 16;
const TEMPO: f64 = 100.0;
const VELOCITY: u8 = 80;

/// Where in a bar the bass and the triad are struck, in beats, each note up to the next.
struct Comp {
    name: &'static str,
    bass: &'static [f64],
    triad: &'static [f64],
    /// Whether the triad is struck note by note.
    is_broken: bool,
}

const COMPS: [Comp; 5] = [
    Comp { name: "whole notes", bass: &[0.0], triad: &[0.0], is_broken: false },
    Comp { name: "quarter notes", bass: &[0.0, 2.0], triad: &[0.0, 1.0, 2.0, 3.0], is_broken: false },
    Comp {
        name: "eighth notes",
        bass: &[0.0, 2.0],
        triad: &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5],
        is_broken: false,
    },
    Comp { name: "syncopated", bass: &[0.0, 1.5, 2.0, 3.5], triad: &[0.0, 1.5, 3.0], is_broken: false },
    Comp { name: "broken", bass: &[0.0, 2.0], triad: &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5], is_broken: true },
];

impl Comp {
    fn song(&self) -> Result<Song> {
        let mut notes = Vec::new();
        for bar in 0..BARS {
            let [bass, triad @ ..] = CHORDS[bar % CHORDS.len()];
            let mut strike = |places: &[f64], keys: &dyn Fn(usize) -> Vec<u8>| {
                for (index, &onset) in places.iter().enumerate() {
                    let length = places.get(index + 1).unwrap_or(&4.0) - onset;
                    let onset = 4.0 * bar as f64 + onset;
                    notes.extend(keys(index).into_iter().map(|key| ClipNote {
                        onset,
                        length,
                        key,
                        velocity: VELOCITY,
                    }));
                }
            };
            strike(self.bass, &|_| vec![bass]);
            strike(self.triad, &|index| if self.is_broken { vec![triad[index % 3]] } else { triad.to_vec() });
        }
        Ok(Song::parse(Clip::new(4.0 * BARS as f64, (4, 4), notes)?.to_midi(TEMPO))?)
    }
}

fn main() -> Result<()> {
    let model = std::env::args().nth(1).unwrap_or_else(|| "note".into());
    let files = ModelFiles::from_dir(&velocity_model_folder(&model)?)?;
    let model = LoadedModel::load(&runtimes::open_default()?, &files)?;
    let mut songs = Vec::new();
    for comp in &COMPS {
        songs.push((comp.name, comp.song()?));
    }
    songs.push(("demo piece", read_song(&workspace::demo_piece())?));
    println!("standard deviation of the restyled velocities, in velocity steps; lowest to highest");
    print!("{:14}", "");
    Genre::ALL.iter().for_each(|genre| print!("{:>18}", genre.id()));
    println!();
    for (name, song) in songs {
        print!("{name:14}");
        for genre in Genre::ALL {
            let velocities = restyle_song(&model, &song, &SongRestyling::in_style(genre, TakeSeed(0)))?.velocities;
            let (low, high) = velocities.iter().fold((127, 0), |(low, high), &v| (low.min(v), high.max(v)));
            print!("{:>18}", format!("{:.1} ({low} to {high})", deviation(&velocities)));
        }
        println!();
    }
    Ok(())
}

fn deviation(velocities: &[u8]) -> f64 {
    let n = velocities.len() as f64;
    let mean = velocities.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    (velocities.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt()
}

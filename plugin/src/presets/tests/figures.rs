//! What the shipped presets make of music, in figures.
//!
//! `TONENET_PIECES=a.mid:b.mid cargo test -p tonenet-plugin --lib preset_figures -- --nocapture` prints the table for other pieces.

use tonenet_core::feel::FeelControls;
use tonenet_core::midi::Song;
use tonenet_core::scope::Scope;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::performance::{LoadedModel, LookAhead, RestyleSettings};
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::song::{Selection, SongRestyling, restyle_song};

use super::{loaded, shipped};
use crate::presets::Preset;

const PIECE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/bach-prelude-bwv-846.mid");

/// The velocities of a song, and how they spread.
struct Figures {
    velocities: Vec<f64>,
    floor: u8,
    ceiling: u8,
}

impl Figures {
    fn of_song(song: &Song) -> Self {
        let velocities = song.notes().iter().map(|note| note.note.velocity.into()).collect();
        Self { velocities, floor: 0, ceiling: 128 }
    }

    /// What a preset makes of a song.
    fn new(preset: &Preset, song: &Song, model: &LoadedModel) -> Self {
        let settings = loaded(preset).params.settings();
        let restyling = RestyleSettings {
            style: settings.style,
            source_style: None,
            take: settings.take,
            expression: settings.expression,
            look_ahead: LookAhead::WholePerformance,
        };
        let song_settings = SongRestyling {
            restyling,
            condition_on_player: settings.condition_on_player,
            selection: Selection::Keyboards,
            scope: Scope::ALL,
            feel: FeelControls::OFF,
        };
        let restyled = restyle_song(model, song, &song_settings).unwrap();
        let velocities = restyled.velocities.iter().map(|velocity| f64::from(*velocity)).collect();
        let (floor, ceiling) = (settings.expression.floor, settings.expression.ceiling);
        Self { velocities, floor, ceiling }
    }

    fn mean(&self) -> f64 {
        self.velocities.iter().sum::<f64>() / self.velocities.len() as f64
    }

    fn spread(&self) -> f64 {
        let mean = self.mean();
        (self.velocities.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / self.velocities.len() as f64).sqrt()
    }

    /// The share of notes at a velocity, in per cent.
    fn share_at(&self, velocity: u8) -> f64 {
        let there = self.velocities.iter().filter(|v| **v == f64::from(velocity)).count();
        100.0 * there as f64 / self.velocities.len() as f64
    }

    fn range(&self) -> (f64, f64) {
        let all = self.velocities.iter().copied();
        (all.clone().fold(127.0, f64::min), all.fold(0.0, f64::max))
    }

    /// The mean distance of the velocities of each note.
    fn distance(&self, other: &Self) -> f64 {
        let distances = self.velocities.iter().zip(&other.velocities).map(|(one, other)| (one - other).abs());
        distances.sum::<f64>() / self.velocities.len() as f64
    }

    fn print(&self, name: &str, own: &Self, nearest: &str) {
        let (softest, loudest) = self.range();
        println!(
            "| {name} | {:.1} | {:.1} | {softest}–{loudest} | {:.1} | {:.1} | {:.1} | {nearest} |",
            self.mean(),
            self.spread(),
            self.share_at(self.floor),
            self.share_at(self.ceiling),
            self.distance(own),
        );
    }
}

#[test]
fn preset_figures_differ_and_hardly_any_note_is_held_at_the_floor_or_ceiling() {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let model = EmbeddedModel::Note.load(&runtime).unwrap();
    let pieces = std::env::var("TONENET_PIECES").unwrap_or_else(|_| PIECE.into());
    let mut faults = Vec::new();
    for piece in pieces.split(':') {
        let song = Song::parse(std::fs::read(piece).unwrap()).unwrap();
        let own = Figures::of_song(&song);
        println!("\n{piece}: {} notes", own.velocities.len());
        println!("| preset | mean | SD | range | at floor % | at ceiling % | moved | nearest |");
        own.print("(as played)", &own, "");
        let all: Vec<(&str, Figures)> =
            shipped().iter().map(|preset| (preset.name.as_str(), Figures::new(preset, &song, &model))).collect();
        for (name, figures) in &all {
            let others = all.iter().filter(|(other, _)| other != name);
            let others = others.map(|(other, there)| (figures.distance(there), other));
            let (distance, other) = others.min_by(|one, other| one.0.total_cmp(&other.0)).unwrap();
            figures.print(name, &own, &format!("{distance:.1} from {other}"));
            let held = figures.share_at(figures.floor).max(figures.share_at(figures.ceiling));
            if held > 15.0 || figures.distance(&own) < 1.0 || distance < 2.0 {
                faults.push(format!("{name} in {piece}"));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

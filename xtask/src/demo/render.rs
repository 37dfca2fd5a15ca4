//! `--render`: the piece before and after as WAV files, played by a SoundFont's instruments.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustysynth::{MidiFile, MidiFileSequencer, SoundFont, Synthesizer, SynthesizerSettings};

use crate::setup;

/// Samples per second of the WAV files.
const SAMPLE_RATE: u32 = 44_100;

/// How long the last notes ring after the end of the piece, in seconds.
const TAIL: f64 = 3.0;

/// The loudest sample after scaling, 1 being full scale.
const PEAK: f32 = 0.9;

/// Where Linux distributions put General MIDI SoundFonts.
const INSTALLED: [&str; 5] = [
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/default.sf2",
    SMALL,
];

/// The SoundFont of Debian's package `timgm6mb-soundfont` (6 MB, GPL).
const SMALL: &str = "/usr/share/sounds/sf2/TimGM6mb.sf2";
const SMALL_PACKAGE: &str = "timgm6mb-soundfont";

/// The SoundFont to play with: the one that the user names, else one that is installed, else a small one by apt.
///
/// # Errors
/// When there is none, and apt cannot install one.
pub fn choose(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let installed = INSTALLED.into_iter().map(PathBuf::from).find(|path| path.is_file());
    match installed {
        Some(path) => Ok(path),
        None => {
            setup::require_packages(&[SMALL_PACKAGE]).context("name a SoundFont with --soundfont FILE.sf2")?;
            Ok(PathBuf::from(SMALL))
        }
    }
}

/// A General MIDI synthesizer with a SoundFont.
pub struct Renderer {
    font: Arc<SoundFont>,
}

/// Stereo sound, each side in −1..=1 after [`scale_together`].
pub struct Sound {
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Renderer {
    /// Reads a SoundFont (`.sf2`).
    ///
    /// # Errors
    /// When the file cannot be read, or is no SoundFont 2.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read the SoundFont {}", path.display()))?;
        let font = SoundFont::new(&mut BufReader::new(file))
            .with_context(|| format!("{} is not a SoundFont 2 file that can be played", path.display()))?;
        Ok(Self { font: Arc::new(font) })
    }

    /// Plays a MIDI file from its first to its last event, and lets it ring.
    ///
    /// # Errors
    /// When the bytes are not a MIDI file that the synthesizer can read.
    pub fn render(&self, midi: &[u8]) -> Result<Sound> {
        let file = Arc::new(MidiFile::new(&mut &midi[..]).context("the synthesizer cannot read the MIDI file")?);
        let settings = SynthesizerSettings::new(SAMPLE_RATE as i32);
        let mut sequencer = MidiFileSequencer::new(Synthesizer::new(&self.font, &settings)?);
        let samples = ((file.get_length() + TAIL) * f64::from(SAMPLE_RATE)) as usize;
        let mut sound = Sound { left: vec![0.0; samples], right: vec![0.0; samples] };
        sequencer.play(&file, false);
        sequencer.render(&mut sound.left, &mut sound.right);
        ensure!(sound.peak() > 0.0, "the SoundFont is silent on this piece; name another with --soundfont");
        Ok(sound)
    }
}

/// Scales sounds by one factor, so that the loudest of them nearly fills the range and their levels stay comparable.
pub fn scale_together(sounds: &mut [&mut Sound]) {
    let loudest = sounds.iter().map(|sound| sound.peak()).fold(0.0, f32::max);
    for sample in sounds.iter_mut().flat_map(|sound| sound.left.iter_mut().chain(&mut sound.right)) {
        *sample *= PEAK / loudest;
    }
}

impl Sound {
    fn peak(&self) -> f32 {
        self.left.iter().chain(&self.right).fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    /// Writes it as a WAV file of 16 bits in stereo.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), hound::Error> {
        let format = hound::WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(path, format)?;
        for sample in self.left.iter().zip(&self.right).flat_map(|(left, right)| [left, right]) {
            file.write_sample((sample * f32::from(i16::MAX)) as i16)?;
        }
        file.finalize()
    }
}

#[cfg(test)]
mod tests;

//! Ardour's exports: audio of the plugin's notes through a synthesiser.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Ardour's format and preset: floats without dither, so that equal audio is equal bytes.
const FORMAT: &str = include_str!("floats.format");
const PRESET: &str = include_str!("floats.preset");

/// Gives Ardour the format of exports; `export.lua` names it by its id.
pub fn install_format(home: &Path) -> Result<()> {
    let folder = home.join(".config/ardour7/export");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("floats.format"), FORMAT)?;
    fs::write(folder.join("floats.preset"), PRESET)?;
    Ok(())
}

/// The samples of an exported WAV file of floats.
///
/// # Errors
/// When it is no such file.
pub fn samples(file: &Path) -> Result<Vec<f32>> {
    let bytes = fs::read(file).with_context(|| format!("Ardour did not export {}", file.display()))?;
    let is_wave = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE");
    ensure!(is_wave, "{} is no WAV file", file.display());
    let format = chunk(&bytes, *b"fmt ").context("the WAV file states no format")?;
    // Format 3: IEEE floats.
    ensure!(format.get(..2) == Some(&[3, 0]), "{} does not hold floats", file.display());
    let data = chunk(&bytes, *b"data").context("the WAV file holds no audio")?;
    Ok(data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

/// The content of a RIFF file's first chunk with this name.
fn chunk(bytes: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let mut at = 12;
    loop {
        let header = bytes.get(at..at + 8)?;
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        if header.starts_with(&name) {
            return bytes.get(at + 8..at + 8 + length);
        }
        // Chunks of odd length are padded.
        at += 8 + length + length % 2;
    }
}

/// The loudest sample, in decibels below full scale.
pub fn peak(samples: &[f32]) -> f64 {
    20.0 * f64::from(samples.iter().map(|s| s.abs()).fold(0.0, f32::max)).log10()
}

/// Where two exports begin to differ, in samples of all channels together.
pub fn first_difference(a: &[f32], b: &[f32]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a != b).or((a.len() != b.len()).then(|| a.len().min(b.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_found_behind_others() {
        let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
        bytes.extend(b"bext\x03\0\0\0abc\0");
        bytes.extend(b"data\x02\0\0\0\x01\x80");
        assert_eq!(chunk(&bytes, *b"data"), Some(&[1, 0x80][..]));
        assert_eq!(chunk(&bytes, *b"fmt "), None);
    }

    #[test]
    fn silence_is_infinitely_far_below_full_scale() {
        assert_eq!(peak(&[0.0, 0.0]), f64::NEG_INFINITY);
        assert_eq!(peak(&[-1.0, 0.5]), 0.0);
    }

    #[test]
    fn a_shorter_export_differs_where_it_ends() {
        assert_eq!(first_difference(&[0.1, 0.2], &[0.1, 0.2]), None);
        assert_eq!(first_difference(&[0.1, 0.2], &[0.1, 0.3]), Some(1));
        assert_eq!(first_difference(&[0.1, 0.2], &[0.1]), Some(1));
    }
}

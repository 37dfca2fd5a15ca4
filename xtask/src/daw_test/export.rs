//! Ardour's exports: audio of the plugin's notes through a synthesiser.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The samples of an exported WAV file of 16 bits.
///
/// # Errors
/// When it is no such file.
pub fn samples(file: &Path) -> Result<Vec<i16>> {
    let bytes = fs::read(file).with_context(|| format!("Ardour did not export {}", file.display()))?;
    let is_wave = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE");
    ensure!(is_wave, "{} is no WAV file", file.display());
    let format = chunk(&bytes, *b"fmt ").context("the WAV file does not tell its format")?;
    ensure!(format.get(14..16) == Some(&[16, 0]), "{} is not of 16 bits", file.display());
    let data = chunk(&bytes, *b"data").context("the WAV file holds no audio")?;
    Ok(data.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
}

/// What stands in a RIFF file's first chunk of a name.
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
pub fn peak(samples: &[i16]) -> f64 {
    let loudest = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    20.0 * (f64::from(loudest) / 32_768.0).log10()
}

/// Where two exports begin to differ, in samples of all channels together.
pub fn first_difference(a: &[i16], b: &[i16]) -> Option<usize> {
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
        assert_eq!(peak(&[0, 0]), f64::NEG_INFINITY);
        assert_eq!(peak(&[i16::MIN, 0]), 0.0);
    }

    #[test]
    fn a_shorter_export_differs_where_it_ends() {
        assert_eq!(first_difference(&[1, 2], &[1, 2]), None);
        assert_eq!(first_difference(&[1, 2], &[1, 3]), Some(1));
        assert_eq!(first_difference(&[1, 2], &[1]), Some(1));
    }
}

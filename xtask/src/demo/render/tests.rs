use std::fs;

use super::*;
use crate::demo::piece;

/// A tone that falls from `peak`, as each side of a sound.
fn tone(peak: f32) -> Sound {
    let side: Vec<f32> = (0..441).map(|i| peak * (1.0 - i as f32 / 441.0)).collect();
    Sound { left: side.clone(), right: side }
}

#[test]
fn two_sounds_keep_their_relation_when_the_louder_is_scaled_to_the_peak() {
    let (mut soft, mut loud) = (tone(0.5), tone(2.0));
    scale_together(&mut [&mut soft, &mut loud]);
    assert!((loud.peak() - PEAK).abs() < 1e-6);
    assert!((soft.peak() - PEAK / 4.0).abs() < 1e-6);
}

#[test]
fn a_wav_file_holds_both_sides_of_every_sample() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tone.wav");
    let mut sound = tone(1.0);
    sound.right.fill(0.0);
    sound.write(&path).expect("the file can be written");
    let mut file = hound::WavReader::open(&path).expect("it is a WAV file");
    assert_eq!((file.spec().channels, file.spec().sample_rate), (2, SAMPLE_RATE));
    let samples: Vec<i16> = file.samples().map(|sample| sample.expect("a sample")).collect();
    assert_eq!(samples.len(), 2 * 441);
    assert_eq!((samples[0], samples[1]), (i16::MAX, 0));
}

#[test]
fn a_file_that_is_no_soundfont_is_named_in_the_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("not-a-font.sf2");
    for content in [b"".as_slice(), b"RIFF", &piece::prelude().expect("the piece")] {
        fs::write(&path, content).expect("a file can be written");
        let error = Renderer::open(&path).err().expect("it is refused");
        assert!(format!("{error:#}").contains("not-a-font.sf2"), "{error:#}");
    }
    assert!(Renderer::open(&folder.path().join("missing.sf2")).is_err());
}

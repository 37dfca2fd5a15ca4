//! Conversion between phrases and tensors, and the source of training phrases.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::phrase_image::{CELLS, PhraseImage, STEPS};

use super::network::{Decoded, ROW, ROWS};
use crate::data::phrases::Piece;

/// Largest random shift of a phrase's start, in beats, and of its pitch, in semitones.
const LATER_BEATS: i64 = (STEPS / 4) as i64;
const TRANSPOSED: std::ops::RangeInclusive<i64> = -5..=6;

/// Training phrases by genre.
pub struct Source<'a>([Vec<(&'a Piece, usize)>; 3]);

impl<'a> Source<'a> {
    pub fn new(pieces: &'a [Piece]) -> Self {
        Self(Genre::ALL.map(|genre| {
            let of_genre = pieces.iter().filter(|piece| piece.genre == genre);
            of_genre.flat_map(|piece| (0..piece.phrases()).map(move |index| (piece, index))).collect()
        }))
    }

    /// Draws phrases of the genres in turn, with random shifts of start and pitch.
    pub fn draw(&self, count: usize, random: &mut ChaCha8Rng) -> Vec<PhraseImage> {
        let genres: Vec<_> = self.0.iter().filter(|genre| !genre.is_empty()).collect();
        (0..count)
            .map(|n| {
                let genre = genres[n % genres.len()];
                let (piece, index) = genre[random.random_range(0..genre.len())];
                let beats = random.random_range(0..LATER_BEATS);
                piece.varied(index, beats * 4, random.random_range(TRANSPOSED))
            })
            .collect()
    }
}

/// Images as network input: \[images, ROWS, 2 ROW\].
pub fn tensor(images: &[PhraseImage], device: Device) -> Tensor {
    let channel = |values: fn(&PhraseImage) -> &[f32]| {
        let flat: Vec<f32> = images.iter().flat_map(|image| values(image).iter().copied()).collect();
        Tensor::from_slice(&flat).view([images.len() as i64, ROWS, ROW])
    };
    Tensor::cat(&[channel(PhraseImage::velocities), channel(PhraseImage::onsets)], -1).to_device(device)
}

/// Converts decoded tensors to images.
pub fn images(decoded: &Decoded) -> Vec<PhraseImage> {
    let flat: Vec<f32> = Vec::try_from(decoded.thresholded().flatten(0, -1)).expect("32-bit floats");
    let row = ROW as usize;
    flat.chunks(2 * CELLS)
        .map(|image| {
            let channel = |at: usize| image.chunks(row).skip(at).step_by(2).flatten().copied().collect();
            PhraseImage::from_channels(channel(0), channel(1)).expect("as many cells as an image has")
        })
        .collect()
}

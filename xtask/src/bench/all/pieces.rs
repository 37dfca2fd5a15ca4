//! MIDI files of any length for timing: chords and single notes at changing distances, with pedal.

use tonenet_core::midi::{WrittenNote, WrittenPart};

/// Beats from one chord to the next.
const GAPS: [f64; 5] = [0.125, 0.25, 0.25, 0.5, 1.0];
/// Notes of a chord.
const SIZES: [usize; 6] = [1, 1, 1, 2, 3, 4];

/// A file of so many notes; each seed gives another one.
pub fn piece(notes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    // Numerical Recipes' generator; its upper bits are random enough for a piece.
    let mut random = move |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    let mut part = WrittenPart { tempo: vec![(0.0, 0.5)], ..WrittenPart::default() };
    let (mut beats, mut is_down) = (0.0, false);
    while part.notes.len() < notes {
        beats += GAPS[random(GAPS.len())];
        let lowest = 36 + random(40);
        for note in 0..SIZES[random(SIZES.len())].min(notes - part.notes.len()) {
            let (key, velocity) = ((lowest + 4 * note) as u8, 30 + random(80) as u8);
            let length = 0.1 + random(20) as f64 / 10.0;
            part.notes.push(WrittenNote { beats, length, channel: 0, key, velocity });
        }
        if random(5) == 0 {
            is_down = !is_down;
            part.pedals.push((beats, is_down));
        }
    }
    part.to_midi()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::midi::Song;

    #[test]
    fn a_piece_has_its_notes() {
        for notes in [1, 100, 2_345] {
            assert_eq!(Song::parse(piece(notes, 1)).unwrap().notes().len(), notes);
        }
        assert_ne!(piece(100, 1), piece(100, 2));
    }
}

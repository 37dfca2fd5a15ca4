//! Notes at positions up to 2^52 beats: every reader gives finite numbers, and not more than the notes need.

use proptest::prelude::*;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note_rows::{AHEAD, PAST, Part};
use tonenet_core::phrase_image::PhraseImage;
use tonenet_core::piano_roll::excerpts;
use tonenet_core::timeline::{Pedal, TimelineNote, TimelineSnapshot};
use tonenet_test_support::{delta_time, midi_from_tracks};

/// The farthest beat.
const FARTHEST: f64 = 4_503_599_627_370_496.0;

fn notes() -> impl Strategy<Value = Vec<TimelineNote>> {
    let place = prop_oneof![0.0..64.0, -1e6..1e6, -FARTHEST..FARTHEST];
    let note = (place, 0.0..999_999.0f32, 0.005..60.0f32, 21u8..=108, 1u8..=127).prop_map(
        |(beats, length, beat_seconds, key, velocity)| TimelineNote {
            beats,
            length,
            beat_seconds,
            channel: 0,
            key,
            velocity,
        },
    );
    prop::collection::vec(note, 1..50)
}

#[test]
fn a_clip_is_cut_at_its_end_however_long_the_song_is() {
    let far = delta_time((1 << 28) - 1);
    let track = [&[0, 0x90, 60, 80][..], &far, &[0x80, 60, 0], &far, &[0x90, 64, 80, 1, 0x80, 64, 0]].concat();
    let file = midi_from_tracks(1, &[track]);
    let clip = Clip::from_song(&Song::parse(file).unwrap(), 8.0).unwrap();
    assert_eq!(clip.notes(), [ClipNote { onset: 0.0, length: 8.0, key: 60, velocity: 80 }]);
}

proptest! {
    #[test]
    fn the_size_of_a_models_input_is_bounded_by_the_number_of_notes(notes in notes(), pedals in prop::collection::vec(-FARTHEST..FARTHEST, 0..9)) {
        let pedals = pedals.into_iter().enumerate().map(|(i, beats)| Pedal { beats, down: i % 2 == 0 }).collect();
        let timeline = TimelineSnapshot::new(notes.clone(), pedals);
        prop_assert_eq!(timeline.notes().len(), notes.len());
        let (played, pedals) = timeline.performance();
        prop_assert!(played.iter().all(|n| n.onset.is_finite() && n.release >= n.onset));

        let (part, order) = Part::from_notes(&played, &pedals, true, None);
        prop_assert_eq!(order.len(), notes.len());
        let mut rows = Vec::new();
        for index in 0..part.len() {
            part.past(index, &mut rows);
            part.ahead(index, part.end_known(), &mut rows);
        }
        prop_assert_eq!(rows.len(), notes.len() * (PAST + AHEAD));
        prop_assert!(rows.iter().all(|number| number.is_finite()));

        for grid in [Grid::Sixteenths, Grid::Seconds(0.125)] {
            let mut placed: Vec<_> = played.iter().filter_map(|note| grid.place(note)).collect();
            placed.sort_by_key(|note| note.onset);
            let steps: usize = excerpts(&placed, 16_384).map(|excerpt| excerpt.roll.steps()).sum();
            // A pause is 512 steps long at most, and a window is read twice at most.
            prop_assert!(steps <= 2 * 513 * notes.len(), "{} steps", steps);
            for note in &placed {
                prop_assert!(!PhraseImage::from_notes(note.onset, &placed).notes().is_empty());
            }
        }
    }
}

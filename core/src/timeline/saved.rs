//! The JSON of a snapshot in a project; the predictions of each style are saved under the style's id.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::place::SavedBeats;
use super::snapshot::MAX_NOTES;
use super::{Pedal, TimelineNote, TimelineSnapshot};
use crate::genre::Genre;
use crate::style::{PerStyle, QuantisedExpectation};

/// The styles of states up to version 4, which hold one array element for each.
const STYLES_OF_VERSION_4: [Genre; 3] = [Genre::Classical, Genre::Jazz, Genre::Pop];

/// The JSON of styles that this version does not know, kept for versions that do.
#[derive(Debug, Clone, Default)]
pub(super) struct OtherStyles(BTreeMap<String, Box<RawValue>>);

impl PartialEq for OtherStyles {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|(id, style)| (id, style.get())).eq(other.0.iter().map(|(id, style)| (id, style.get())))
    }
}

/// The saved predictions of a style.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SavedStyle {
    gain: f32,
    /// Mean and spread for each note, in 64ths of a velocity step; empty if no note has a prediction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    expected: Vec<Option<(i16, i16)>>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct SavedPedal {
    beats: SavedBeats,
    down: bool,
}

/// A note: position and length in beats, seconds a beat, channel, key and velocity.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct SavedNote(
    SavedBeats,
    f32,
    f32,
    u8,
    u8,
    u8,
    /// Up to version 4: the prediction of each style.
    #[serde(default, skip_serializing)]
    Option<[QuantisedExpectation; STYLES_OF_VERSION_4.len()]>,
);

#[derive(Debug, Default)]
struct SavedStyles {
    known: PerStyle<Option<SavedStyle>>,
    others: OtherStyles,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    #[serde(default)]
    model: String,
    styles: Option<SavedStyles>,
    /// Up to version 4.
    #[serde(default, skip_serializing)]
    gains: Option<[f32; STYLES_OF_VERSION_4.len()]>,
    notes: Vec<SavedNote>,
    #[serde(default)]
    pedals: Vec<SavedPedal>,
}

impl Serialize for SavedStyles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (genre, style) in Genre::ALL.iter().zip(&self.known) {
            if let Some(style) = style {
                map.serialize_entry(genre.id(), style)?;
            }
        }
        for (id, style) in &self.others.0 {
            map.serialize_entry(id, style)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for SavedStyles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ById;

        impl<'de> Visitor<'de> for ById {
            type Value = SavedStyles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from style ids to styles")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SavedStyles, A::Error> {
                let mut styles = SavedStyles::default();
                while let Some(id) = map.next_key::<String>()? {
                    match Genre::ALL.into_iter().find(|genre| genre.id() == id) {
                        Some(genre) => styles.known[genre.index()] = Some(map.next_value()?),
                        None => drop(styles.others.0.insert(id, map.next_value()?)),
                    }
                }
                Ok(styles)
            }
        }

        deserializer.deserialize_map(ById)
    }
}

impl SavedStyles {
    /// The predictions for the note at an index; `None` if no style has one.
    fn of_note(&self, note: usize) -> Option<PerStyle<QuantisedExpectation>> {
        let of_style = |style: &Option<SavedStyle>| {
            let expected = style.as_ref().and_then(|style| *style.expected.get(note)?);
            expected.map_or(QuantisedExpectation::UNKNOWN, QuantisedExpectation::from_64ths)
        };
        let expected = self.known.each_ref().map(of_style);
        expected.iter().any(|style| style.is_known()).then_some(expected)
    }
}

impl SavedNote {
    fn note(self, expected: Option<PerStyle<QuantisedExpectation>>) -> TimelineNote {
        let Self(SavedBeats(beats), length, beat_seconds, channel, key, velocity, _) = self;
        TimelineNote { beats, length, beat_seconds, channel, key, velocity, expected }
    }
}

impl Saved {
    fn by_id(self, styles: SavedStyles) -> Result<TimelineSnapshot, String> {
        for style in styles.known.iter().flatten() {
            if !style.expected.is_empty() && style.expected.len() != self.notes.len() {
                let (expected, notes) = (style.expected.len(), self.notes.len());
                return Err(format!("a style has predictions for {expected} notes, but there are {notes}"));
            }
        }
        let gain = |style: &Option<SavedStyle>| style.as_ref().map_or(1.0, |style| style.gain);
        let gains = styles.known.each_ref().map(gain);
        let notes = self.notes.iter().enumerate().map(|(place, note)| note.note(styles.of_note(place))).collect();
        let read = TimelineSnapshot::new(self.model, gains, notes, pedals(self.pedals));
        // The predictions of unknown styles are in the order of the saved notes; they are valid only if none moved.
        let is_unchanged = read.notes.len() == self.notes.len()
            && read
                .notes
                .iter()
                .zip(&self.notes)
                .all(|(read, saved)| (read.beats, read.key, read.channel) == (saved.0.0, saved.4, saved.3));
        Ok(if is_unchanged { read.with_others(styles.others) } else { read })
    }

    /// Reads a state up to version 4. Positions are not rounded, so that the project sounds as before.
    fn by_order(self, gains: [f32; STYLES_OF_VERSION_4.len()]) -> TimelineSnapshot {
        let mut all_gains = [1.0; Genre::ALL.len()];
        for (genre, gain) in STYLES_OF_VERSION_4.into_iter().zip(gains) {
            all_gains[genre.index()] = gain;
        }
        let note = |note: SavedNote| {
            let expected = note.6.map(|expected| {
                let mut styles = [QuantisedExpectation::UNKNOWN; Genre::ALL.len()];
                for (genre, expected) in STYLES_OF_VERSION_4.into_iter().zip(expected) {
                    styles[genre.index()] = expected;
                }
                styles
            });
            note.note(expected)
        };
        TimelineSnapshot::as_placed(
            self.model,
            all_gains,
            self.notes.into_iter().map(note).collect(),
            pedals(self.pedals),
        )
    }
}

fn pedals(saved: Vec<SavedPedal>) -> Vec<Pedal> {
    saved.into_iter().map(|pedal| Pedal { beats: pedal.beats.0, down: pedal.down }).collect()
}

impl TryFrom<Saved> for TimelineSnapshot {
    type Error = String;

    fn try_from(mut saved: Saved) -> Result<Self, String> {
        if saved.notes.len() > MAX_NOTES {
            return Err(format!("a timeline of {} notes; it can have at most {MAX_NOTES}", saved.notes.len()));
        }
        match (saved.styles.take(), saved.gains) {
            (Some(styles), _) => saved.by_id(styles),
            (None, Some(gains)) => Ok(saved.by_order(gains)),
            (None, None) => Err("a timeline needs `styles`, or `gains` in states up to version 4".into()),
        }
    }
}

impl From<TimelineSnapshot> for Saved {
    fn from(timeline: TimelineSnapshot) -> Self {
        let saved = timeline.as_saved();
        let gains = saved.gains();
        let TimelineSnapshot { model, notes, pedals, others, .. } = saved;
        let style = |style: usize| {
            let of_note = |n: &TimelineNote| n.expected.map(|styles| styles[style]).filter(|style| style.is_known());
            let mut expected: Vec<_> =
                notes.iter().map(|note| of_note(note).map(QuantisedExpectation::to_64ths)).collect();
            if expected.iter().all(Option::is_none) {
                expected.clear();
            }
            Some(SavedStyle { gain: gains[style], expected })
        };
        let note = |n: &TimelineNote| {
            SavedNote(SavedBeats(n.beats), n.length, n.beat_seconds, n.channel, n.key, n.velocity, None)
        };
        let pedal = |p: &Pedal| SavedPedal { beats: SavedBeats(p.beats), down: p.down };
        Self {
            model,
            styles: Some(SavedStyles { known: std::array::from_fn(style), others }),
            gains: None,
            notes: notes.iter().map(note).collect(),
            pedals: pedals.iter().map(pedal).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::{StyleBlend, TakeSeed};
    use proptest::prelude::*;

    fn json(snapshot: &TimelineSnapshot) -> String {
        serde_json::to_string(snapshot).expect("JSON")
    }

    fn read(json: &str) -> TimelineSnapshot {
        serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"))
    }

    /// Two notes as version 4 saved them.
    const OF_VERSION_4: &str = r#"{"model":"note","gains":[1.0,2.0,3.0],"notes":[
        [0.1234567891234,1.0,0.5,0,60,80,[{"mean":64,"spread":1},{"mean":128,"spread":2},{"mean":192,"spread":3}]],
        [2.0000000000000004,0.5,0.5,0,64,60,null]],"pedals":[{"beats":0.3333333333333333,"down":true}]}"#;

    /// The deviation that a style predicts for the first note.
    fn deviation(snapshot: &TimelineSnapshot, style: Genre) -> Option<f32> {
        Some(snapshot.expected(&snapshot.notes()[0], StyleBlend::only(style), TakeSeed(0))?.deviation)
    }

    #[test]
    fn predictions_are_saved_under_the_id_of_their_style() {
        let note = |beats, expected| TimelineNote {
            beats,
            length: 1.0,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 80,
            expected,
        };
        let expected =
            [QuantisedExpectation::new(1.0, 0.5), QuantisedExpectation::new(2.0, 0.5), QuantisedExpectation::UNKNOWN];
        let notes = vec![note(0.25, Some(expected)), note(1.0, None)];
        let snapshot =
            TimelineSnapshot::new("note".into(), [1.0, 2.0, 3.0], notes, vec![Pedal { beats: 0.5, down: true }]);
        let saved = concat!(
            r#"{"model":"note","styles":{"classical":{"gain":1.0,"expected":[[64,32],null]},"#,
            r#""jazz":{"gain":2.0,"expected":[[128,32],null]},"pop":{"gain":3.0}},"#,
            r#""notes":[[0.25,1.0,0.5,0,60,80],[1,1.0,0.5,0,60,80]],"pedals":[{"beats":0.5,"down":true}]}"#
        );
        assert_eq!(json(&snapshot), saved);
        assert_eq!(read(saved), snapshot);
    }

    #[test]
    fn a_state_of_version_4_reads_as_the_same_snapshot() {
        let snapshot = read(OF_VERSION_4);
        assert_eq!(snapshot.notes()[0].beats, 0.1234567891234, "bit for bit, because the Take depends on it");
        assert_eq!(snapshot.pedals()[0].beats, 0.3333333333333333);
        assert_eq!((snapshot.gains(), snapshot.notes()[1].expected), ([1.0, 2.0, 3.0], None));
        let expected = [(64, 1), (128, 2), (192, 3)].map(QuantisedExpectation::from_64ths);
        assert_eq!(snapshot.notes()[0].expected, Some(expected));
        assert!(snapshot.needs("note"), "the other note has no predictions");
        let saved = json(&snapshot);
        assert_eq!(json(&read(&saved)), saved);
        assert_eq!(read(&saved), snapshot.as_saved());
    }

    #[test]
    fn a_style_added_later_does_not_change_the_others_of_an_older_project() {
        let whole = read(
            &OF_VERSION_4.replace("null", r#"[{"mean":0,"spread":1},{"mean":0,"spread":1},{"mean":0,"spread":1}]"#),
        );
        assert!(!whole.needs("note"));
        // As a version without pop saves it.
        let saved = json(&whole);
        let (before, after) = saved.split_once(r#","pop":"#).expect("pop");
        let saved = format!("{before}{}", &after[after.find('}').expect("its end") + 1..]);
        let older = read(&saved);
        for style in [Genre::Classical, Genre::Jazz] {
            assert_eq!(deviation(&older, style), deviation(&whole, style));
            assert!(deviation(&older, style).is_some());
        }
        assert_eq!(deviation(&older, Genre::Pop), None);
        assert!(older.needs("note") && older.needs_any_model(), "the predictions of one style are missing");
    }

    #[test]
    fn unknown_styles_are_kept_as_long_as_the_notes_stay_the_same() {
        let other = r#""bossa":{"gain":1.25,"expected":[[7,8],null],"more":[1e-7,"\u00e9"]}"#;
        let saved = json(&read(OF_VERSION_4)).replace(r#""styles":{"#, &format!(r#""styles":{{{other},"#));
        let snapshot = read(&saved);
        assert!(json(&snapshot).contains(other), "unchanged");
        assert_eq!(json(&read(&json(&snapshot))), json(&snapshot));
        assert_ne!(snapshot, read(OF_VERSION_4).as_saved());
        assert!(deviation(&snapshot, Genre::Jazz).is_some());
        let edited = snapshot.edited(snapshot.notes().to_vec(), Vec::new());
        let restyled = snapshot.restyled(
            "note".into(),
            [1.0; 3],
            snapshot.notes().iter().map(|_| [QuantisedExpectation::new(1.0, 1.0); 3]),
        );
        let reordered = read(&saved.replace("[0.123457,", "[5.5,"));
        for snapshot in [edited, restyled, reordered] {
            assert!(!json(&snapshot).contains("bossa"), "they belong to other notes or positions");
            assert_eq!(snapshot.notes().len(), 2);
        }
    }

    #[test]
    fn invalid_states_are_refused_and_notes_out_of_range_are_left_out() {
        let refused = |from: &str, to: &str| {
            let json = json(&read(OF_VERSION_4));
            assert!(json.contains(from), "{json}");
            serde_json::from_str::<TimelineSnapshot>(&json.replacen(from, to, 1)).expect_err(to).to_string()
        };
        assert!(refused("[[64,1],null]", "[[64,1]]").contains("1 notes, but there are 2"));
        assert!(refused("[64,1]", "[64000,1]").contains("64000"));
        assert!(refused(r#""styles""#, r#""stiles""#).contains("styles"));
        assert!(refused(r#""styles":{"#, r#""styles":{"x":1e,"#).contains("invalid number"));
        assert!(!refused("[2,", "[1e999,").is_empty());
        for nowhere in ["1e300", "-1e17", "9007199254740993"] {
            for text in [OF_VERSION_4.replace("[2.0000000000000004,", &format!("[{nowhere},")), OF_VERSION_4.to_owned()]
            {
                let snapshot = read(&text.replace("0.3333333333333333", nowhere));
                assert!(snapshot.pedals().is_empty(), "{nowhere}");
                assert_eq!(read(&json(&snapshot)), snapshot.as_saved());
            }
        }
    }

    fn beats() -> impl Strategy<Value = f64> {
        let far = (1u64 << 52) as f64;
        prop_oneof![4 => 0.0..1e4f64, 1 => -100.0..0.0f64, 1 => -far..far, 1 => any::<f64>()]
    }

    proptest! {
        #[test]
        fn saving_and_loading_changes_nothing(
            notes in prop::collection::vec(
                (beats(), any::<f32>(), any::<f32>(), 0u8..20, 0u8..=127, 0u8..=127, any::<Option<[(i16, i16); 3]>>()),
                0..20,
            ),
            plain in prop::collection::vec((beats(), 0.0..9.0f32, 0.1..2.0f32, 0u8..9, 21u8..=108, 1u8..=127), 0..20),
            gains in any::<[f32; 3]>(),
            pedals in prop::collection::vec((beats(), any::<bool>()), 0..9),
            model in "[a-z\"\\\\]{0,3}",
        ) {
            let some = notes.into_iter().map(|(beats, length, beat_seconds, channel, key, velocity, expected)| {
                let expected = expected.map(|styles| styles.map(QuantisedExpectation::from_64ths));
                TimelineNote { beats, length, beat_seconds, channel, key, velocity, expected }
            });
            let sound = plain.into_iter().map(|(beats, length, beat_seconds, channel, key, velocity)| {
                let expected = Some([QuantisedExpectation::new(length, beat_seconds); 3]);
                TimelineNote { beats, length, beat_seconds, channel, key, velocity, expected }
            });
            let notes: Vec<_> = some.chain(sound).collect();
            let pedals: Vec<_> = pedals.into_iter().map(|(beats, down)| Pedal { beats, down }).collect();
            let snapshot = TimelineSnapshot::new(model.clone(), gains, notes.clone(), pedals.clone());
            let saved = json(&snapshot);
            let loaded = read(&saved);
            prop_assert_eq!(json(&loaded), saved);
            // A note whose predictions are all unknown reads back without any.
            let is_empty = |n: &TimelineNote| n.expected.is_some_and(|e| e.iter().all(|style| !style.is_known()));
            prop_assert!(loaded == snapshot || snapshot.notes().iter().any(is_empty));
            prop_assert!(loaded.performance().0.iter().all(|n| n.onset.is_finite() && n.release.is_finite()));
            // Unrounded positions, as in version 4.
            let raw = TimelineSnapshot::as_placed(model, gains, notes, pedals);
            let once = json(&raw);
            prop_assert_eq!(json(&read(&once)), once);
        }
    }
}

//! The JSON of a snapshot in a project; the predictions of each style are saved under the style's id.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::columns::TimelineColumn;
use super::place::SavedBeats;
use super::snapshot::MAX_NOTES;
use super::{Pedal, TimelineNote, TimelineSnapshot};
use crate::feel::{QuantisedFeel, Wander};
use crate::style::{BUILT_IN_STYLES, QuantisedExpectation, StyleColumn, StyleIndex, StyleKey};

/// The styles of states up to version 4, which hold one array element for each.
const STYLES_OF_VERSION_4: [StyleIndex; 3] = [StyleIndex::CLASSICAL, StyleIndex::JAZZ, StyleIndex::POP];

/// The saved predictions of a style.
#[derive(Debug, Serialize, Deserialize)]
struct SavedStyle {
    gain: f32,
    /// Mean and spread for each note, in 64ths of a velocity step; empty if no note has a prediction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    expected: Vec<Option<(i16, i16)>>,
    /// What the style does with each note besides its velocity; empty if nothing, and in states up to version 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    feel: Vec<QuantisedFeel>,
    /// How the style's Takes wander around that feel; none in states up to version 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wander: Option<Wander>,
    #[serde(flatten)]
    unknown_fields: Map<String, Value>,
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

/// The styles of a snapshot by key.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct SavedStyles(BTreeMap<StyleKey, SavedStyle>);

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

/// The built-in styles come first, each even without predictions, because earlier versions wrote them so.
impl Serialize for SavedStyles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let none =
            SavedStyle { gain: 1.0, expected: Vec::new(), feel: Vec::new(), wander: None, unknown_fields: Map::new() };
        let mut map = serializer.serialize_map(None)?;
        for built_in in BUILT_IN_STYLES {
            map.serialize_entry(built_in.id, self.0.get(&built_in.id.into()).unwrap_or(&none))?;
        }
        for (key, style) in self.0.iter().filter(|(key, _)| StyleIndex::from_id(key.as_str()).is_none()) {
            map.serialize_entry(key, style)?;
        }
        map.end()
    }
}

impl SavedNote {
    fn note(self) -> TimelineNote {
        let Self(SavedBeats(beats), length, beat_seconds, channel, key, velocity, _) = self;
        TimelineNote { beats, length, beat_seconds, channel, key, velocity }
    }
}

impl Saved {
    fn by_key(self, styles: SavedStyles) -> Result<TimelineSnapshot, String> {
        let columns = styles.0.into_iter().map(|(key, style)| {
            let SavedStyle { gain, expected, feel, wander, unknown_fields } = style;
            let is_short = |length: usize| length > 0 && length != self.notes.len();
            if is_short(expected.len()) || is_short(feel.len()) {
                let expected = if is_short(expected.len()) { expected.len() } else { feel.len() };
                let notes = self.notes.len();
                return Err(format!("a style has predictions for {expected} notes, but there are {notes}"));
            }
            let prediction =
                |saved: Option<_>| saved.map_or(QuantisedExpectation::UNKNOWN, QuantisedExpectation::from_64ths);
            let of_notes = StyleColumn::new(gain, expected.into_iter().map(prediction).collect());
            let of_notes = of_notes.with_feel(feel).with_wander(wander);
            Ok(TimelineColumn { key, of_notes, unknown_fields })
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let notes = self.notes.into_iter().map(SavedNote::note).collect();
        Ok(TimelineSnapshot::with_columns(self.model, notes, columns, pedals(self.pedals)))
    }

    /// Reads a state up to version 4. Positions are not rounded, so that the project sounds as before.
    fn by_order(self, gains: [f32; STYLES_OF_VERSION_4.len()]) -> TimelineSnapshot {
        let column = |(order, (style, gain)): (usize, (&StyleIndex, f32))| {
            let prediction = |note: &SavedNote| note.6.map_or(QuantisedExpectation::UNKNOWN, |styles| styles[order]);
            let of_notes = StyleColumn::new(gain, self.notes.iter().map(prediction).collect());
            Some(TimelineColumn::new(style.built_in()?.id.into(), of_notes))
        };
        let columns = STYLES_OF_VERSION_4.iter().zip(gains).enumerate().filter_map(column).collect();
        let notes = self.notes.into_iter().map(SavedNote::note).collect();
        TimelineSnapshot::as_placed(self.model, notes, columns, pedals(self.pedals))
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
            (Some(styles), _) => saved.by_key(styles),
            (None, Some(gains)) => Ok(saved.by_order(gains)),
            (None, None) => Err("a timeline needs `styles`, or `gains` in states up to version 4".into()),
        }
    }
}

impl From<TimelineSnapshot> for Saved {
    fn from(timeline: TimelineSnapshot) -> Self {
        let TimelineSnapshot { model, notes, pedals, columns, .. } = timeline.as_saved();
        let style = |TimelineColumn { key, of_notes, unknown_fields }: TimelineColumn| {
            let prediction = |note| Some(of_notes.get(note)).filter(|prediction| prediction.is_known());
            let notes = if of_notes.known() == 0 { 0 } else { notes.len() };
            let expected = (0..notes).map(|note| prediction(note).map(QuantisedExpectation::to_64ths)).collect();
            let (gain, feel, wander) = (of_notes.gain(), of_notes.feels().to_vec(), of_notes.wander());
            (key, SavedStyle { gain, expected, feel, wander, unknown_fields })
        };
        let note = |n: &TimelineNote| {
            SavedNote(SavedBeats(n.beats), n.length, n.beat_seconds, n.channel, n.key, n.velocity, None)
        };
        let pedal = |p: &Pedal| SavedPedal { beats: SavedBeats(p.beats), down: p.down };
        Self {
            model,
            styles: Some(SavedStyles(columns.into_iter().map(style).collect())),
            gains: None,
            notes: notes.iter().map(note).collect(),
            pedals: pedals.iter().map(pedal).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feel::{Drift, Feel};
    use crate::style::{StyleBlend, TakeSeed, built_in_keys};
    use crate::timeline::snapshot::tests::{column_of, in_built_in_styles};
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
    fn deviation(snapshot: &TimelineSnapshot, style: StyleIndex) -> Option<f32> {
        let table = snapshot.column_table(&built_in_keys());
        Some(snapshot.expected(0, &table, StyleBlend::only(style), TakeSeed(0))?.deviation)
    }

    fn column(gain: f32, predictions: &[Option<(i16, i16)>]) -> StyleColumn {
        let prediction = |p: &Option<_>| p.map_or(QuantisedExpectation::UNKNOWN, QuantisedExpectation::from_64ths);
        StyleColumn::new(gain, predictions.iter().map(prediction).collect())
    }

    #[test]
    fn a_feel_is_saved_with_the_predictions_of_its_style() {
        let note = |beats| TimelineNote { beats, length: 1.0, beat_seconds: 0.5, channel: 0, key: 60, velocity: 80 };
        let snapshot = TimelineSnapshot::new(vec![note(0.25), note(1.0)], Vec::new());
        let late = Feel { shift: 0.1, stretch: -0.5, ..Feel::default() };
        let column = column(1.0, &[Some((64, 32)); 2]).with_feel(vec![QuantisedFeel::default(), late.into()]);
        let snapshot = snapshot.restyled("note".into(), [("jazz".into(), column)]);
        let saved = json(&snapshot);
        assert!(saved.contains(r#""feel":[[0,0,0,0,0],[192,0,-512,0,0]]"#), "{saved}");
        let again = read(&saved);
        assert_eq!(again, snapshot);
        let table = again.column_table(&built_in_keys());
        assert_eq!(again.feel(1, &table, StyleBlend::only(StyleIndex::JAZZ), TakeSeed(7)), late);
        let short = saved.replace(",[192,0,-512,0,0]]", "]");
        assert!(serde_json::from_str::<TimelineSnapshot>(&short).is_err());
    }

    #[test]
    fn how_takes_wander_is_saved_with_the_feel_and_ignored_where_it_is_out_of_range() {
        let note = |beats| TimelineNote { beats, length: 1.0, beat_seconds: 0.5, channel: 0, key: 60, velocity: 80 };
        let drift = Drift { sigma: 0.0143, beats: 2.83, with_dynamics: -0.00341 };
        let column = column(1.0, &[Some((64, 32)); 2]).with_wander(Some(Wander { shift: None, stretch: drift }));
        let snapshot = TimelineSnapshot::new(vec![note(0.25), note(1.0)], Vec::new());
        let snapshot = snapshot.restyled("note".into(), [("jazz".into(), column)]);
        let saved = json(&snapshot);
        assert!(saved.contains(r#""wander":{"shift":null,"stretch":{"sigma":0.0143,"#), "{saved}");
        assert_eq!(read(&saved), snapshot);
        let feel = |snapshot: &TimelineSnapshot| {
            let table = snapshot.column_table(&built_in_keys());
            snapshot.feel(1, &table, StyleBlend::only(StyleIndex::JAZZ), TakeSeed(7))
        };
        assert_eq!(feel(&read(&saved)), feel(&snapshot));
        assert_ne!(feel(&snapshot), Feel::default());
        for (figure, other) in [("0.0143", "1e30"), ("2.83", "0.0"), ("-0.00341", "-2.0")] {
            assert_eq!(feel(&read(&saved.replace(figure, other))), Feel::default(), "{figure} becomes {other}");
        }
    }

    #[test]
    fn predictions_are_saved_under_the_id_of_their_style() {
        let note = |beats| TimelineNote { beats, length: 1.0, beat_seconds: 0.5, channel: 0, key: 60, velocity: 80 };
        let snapshot = TimelineSnapshot::new(vec![note(0.25), note(1.0)], vec![Pedal { beats: 0.5, down: true }]);
        let predicted = [
            ("pop".into(), column(3.0, &[None; 2])),
            ("user:1".into(), column(1.5, &[None, Some((7, 8))])),
            ("classical".into(), column(1.0, &[Some((64, 32)), None])),
            ("jazz".into(), column(2.0, &[Some((128, 32)), None])),
        ];
        let snapshot = snapshot.restyled("note".into(), predicted);
        let saved = concat!(
            r#"{"model":"note","styles":{"classical":{"gain":1.0,"expected":[[64,32],null]},"#,
            r#""jazz":{"gain":2.0,"expected":[[128,32],null]},"pop":{"gain":3.0},"#,
            r#""user:1":{"gain":1.5,"expected":[null,[7,8]]}},"#,
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
        for (style, gain, first) in [("classical", 1.0, (64, 1)), ("jazz", 2.0, (128, 2)), ("pop", 3.0, (192, 3))] {
            assert_eq!(*column_of(&snapshot, style), column(gain, &[Some(first), None]));
        }
        assert!(snapshot.needs("note", &built_in_keys()), "the other note has no predictions");
        let saved = json(&snapshot);
        assert_eq!(json(&read(&saved)), saved);
        assert_eq!(read(&saved), snapshot.as_saved());
    }

    #[test]
    fn a_style_added_later_does_not_change_the_others_of_an_older_project() {
        let whole = read(
            &OF_VERSION_4.replace("null", r#"[{"mean":0,"spread":1},{"mean":0,"spread":1},{"mean":0,"spread":1}]"#),
        );
        assert!(!whole.needs("note", &built_in_keys()));
        // As a version without pop saves it.
        let saved = json(&whole);
        let (before, after) = saved.split_once(r#","pop":"#).expect("pop");
        let saved = format!("{before}{}", &after[after.find('}').expect("its end") + 1..]);
        let older = read(&saved);
        for style in [StyleIndex::CLASSICAL, StyleIndex::JAZZ] {
            assert_eq!(deviation(&older, style), deviation(&whole, style));
            assert!(deviation(&older, style).is_some());
        }
        assert_eq!(deviation(&older, StyleIndex::POP), None);
        let keys = built_in_keys();
        assert!(older.needs("note", &keys) && older.needs_any_model(&keys), "the predictions of one style are missing");
    }

    #[test]
    fn unknown_styles_are_kept_until_a_model_reads_other_notes() {
        let other = r#""bossa":{"gain":1.25,"expected":[[7,8],null],"more":[1e-7,"é"]}"#;
        let saved = json(&read(OF_VERSION_4)).replace(r#""styles":{"#, &format!(r#""styles":{{{other},"#));
        let snapshot = read(&saved);
        assert!(json(&snapshot).contains(other), "unchanged");
        assert_eq!(json(&read(&json(&snapshot))), json(&snapshot));
        assert_ne!(snapshot, read(OF_VERSION_4).as_saved());
        assert!(deviation(&snapshot, StyleIndex::JAZZ).is_some());
        let predicted = || in_built_in_styles(&column(1.0, &[Some((64, 64)); 2]));
        assert!(json(&snapshot.restyled("note".into(), predicted())).contains(other), "the same notes and model");
        let edited = snapshot.edited(snapshot.notes().to_vec(), &[Some(1), None], Vec::new());
        assert!(!json(&edited.restyled("note".into(), predicted())).contains("bossa"), "they belong to other notes");
        let reordered = read(&saved.replace("[0.123457,", "[5.5,"));
        assert!(json(&reordered).contains(r#""bossa":{"gain":1.25,"expected":[null,[7,8]]"#), "with their notes");
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
            let (notes, predictions): (Vec<_>, Vec<_>) = notes
                .into_iter()
                .chain(plain.into_iter().map(|(beats, length, beat_seconds, channel, key, velocity)| {
                    (beats, length, beat_seconds, channel, key, velocity, Some([(640, 320); 3]))
                }))
                .map(|(beats, length, beat_seconds, channel, key, velocity, predictions)| {
                    (TimelineNote { beats, length, beat_seconds, channel, key, velocity }, predictions)
                })
                .unzip();
            let columns = || -> Vec<TimelineColumn> {
                let of_style = |style: usize| predictions.iter().map(move |note| note.map(|styles| styles[style]));
                let keys = ["classical", "jazz", "user:1"].into_iter().enumerate();
                keys.map(|(style, key)| {
                    let of_notes = column(gains[style], &of_style(style).collect::<Vec<_>>());
                    TimelineColumn::new(key.into(), of_notes)
                }).collect()
            };
            let pedals: Vec<_> = pedals.into_iter().map(|(beats, down)| Pedal { beats, down }).collect();
            let snapshot = TimelineSnapshot::with_columns(model.clone(), notes.clone(), columns(), pedals.clone());
            let saved = json(&snapshot);
            let loaded = read(&saved);
            prop_assert_eq!(json(&loaded), saved);
            prop_assert_eq!(&loaded, &snapshot);
            prop_assert!(loaded.performance().0.iter().all(|n| n.onset.is_finite() && n.release.is_finite()));
            // Unrounded positions, as in version 4.
            let raw = TimelineSnapshot::as_placed(model, notes, columns(), pedals);
            let once = json(&raw);
            prop_assert_eq!(json(&read(&once)), once);
        }
    }
}

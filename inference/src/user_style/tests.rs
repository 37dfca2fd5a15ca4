use proptest::prelude::*;

use super::*;
use crate::feel::OwnFeel;
use crate::manifest::Sha256;

fn contents() -> StyleContents {
    StyleContents {
        name: "Late evening".into(),
        fingerprint: fingerprint("a model"),
        readout: Readout {
            past: vec![1.0, -2.0],
            ahead: vec![0.5],
            built_ins: vec![
                BuiltInWeight { style: Genre::Classical, weight: 0.25 },
                BuiltInWeight { style: Genre::Pop, weight: 2.0 },
            ],
            constant: 10.0,
        },
        spread_scale: 1.1,
        spread: StyleSpread { human: 16.0, predicted: 9.0 },
        nearest: Genre::Pop,
        feel: OwnFeel::NEAREST,
        card: StyleCard {
            files: 5,
            notes: 9_000,
            r: Some(0.58),
            nearest_r: 0.47,
            learned_on: "2026-01-31".into(),
            description: "Louder bass than Pop.".into(),
        },
    }
}

fn fingerprint(model: &str) -> ReadoutFingerprint {
    ReadoutFingerprint::new(&[Sha256::digest(model.as_bytes())], [])
}

fn style() -> UserStyle {
    UserStyle::new(contents()).expect("valid contents")
}

fn read(bytes: &[u8]) -> Result<UserStyle, UserStyleError> {
    UserStyle::from_bytes(bytes, "mine.tonestyle")
}

/// The file of a style whose JSON was changed by `change`, with a checksum that matches.
fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut file: serde_json::Value = serde_json::from_slice(&style().to_bytes()).expect("JSON");
    change(&mut file["style"]);
    file["checksum"] = Sha256::digest(file["style"].to_string().as_bytes()).to_string().into();
    file.to_string().into_bytes()
}

#[test]
fn a_prediction_is_the_weighted_sum_of_encodings_and_built_in_means() {
    let built_in = |deviations: [f32; 2]| deviations.map(|deviation| Prediction { deviation, spread: 3.0 }).to_vec();
    let predictions = [built_in([4.0, 8.0]), built_in([1.0, -1.0])];
    let notes =
        EncodedNotes { past_encoding: &[1.0, 0.5, 0.0, 1.0], ahead_encoding: &[2.0, -2.0], predictions: &predictions };
    let predicted = style().predict(&notes);
    assert_eq!(style().built_ins().collect::<Vec<_>>(), [StyleIndex::CLASSICAL, StyleIndex::POP]);
    // 1·1 − 2·0.5 + 0.5·2 + 0.25·4 + 2·1 + 10, and 1·0 − 2·1 + 0.5·−2 + 0.25·8 + 2·−1 + 10.
    assert_eq!(predicted.iter().map(|p| p.deviation).collect::<Vec<_>>(), [14.0, 7.0]);
    // The mean of the built-in spreads, times the scale.
    assert!(predicted.iter().all(|p| (p.spread - 3.3).abs() < 1e-5), "{predicted:?}");
}

#[test]
fn a_file_gives_its_style_back() {
    let bytes = style().to_bytes();
    assert_eq!(read(&bytes), Ok(style()));
    assert_eq!(read(&bytes).unwrap().to_bytes(), bytes);
}

#[test]
fn the_largest_style_of_the_note_model_fits_in_a_file() {
    let weights = |count: usize| (0..count).map(|i| -1.234_567_8e-5 * (i as f32 + 1.0)).collect();
    let mut contents = contents();
    contents.readout.past = weights(320);
    contents.readout.ahead = weights(256);
    contents.card.description = "é".repeat(MOST_DESCRIPTION_CHARACTERS);
    let style = UserStyle::new(contents).unwrap();
    let bytes = style.to_bytes();
    assert!(bytes.len() < MOST_BYTES / 2, "{} bytes", bytes.len());
    assert_eq!(read(&bytes), Ok(style));
}

#[test]
fn the_id_is_that_of_the_predictions_alone() {
    let renamed = style().renamed("Early morning").unwrap();
    assert_eq!((renamed.id(), renamed.name()), (style().id(), "Early morning"));
    let changes: [fn(&mut StyleContents); 8] = [
        |c| c.readout.past[1] = -2.000_000_2,
        |c| c.readout.built_ins[0].weight = 0.26,
        |c| c.readout.constant = 0.0,
        |c| c.spread_scale = 1.2,
        |c| c.spread.human = 15.0,
        |c| c.fingerprint = fingerprint("another model"),
        |c| c.feel.shifts[6] = 0.1,
        |c| c.feel.stretch = -0.1,
    ];
    for change in changes {
        let mut contents = contents();
        change(&mut contents);
        assert_ne!(UserStyle::new(contents).unwrap().id(), style().id());
    }
    let text = style().id().to_string();
    assert_eq!((text.len(), text.parse()), (16, Ok(style().id())));
    assert!("0123".parse::<UserStyleId>().is_err() && "+123456789abcdef".parse::<UserStyleId>().is_err());
}

#[test]
fn a_style_from_before_the_feel_keeps_its_file_and_id_and_has_the_nearest_styles_feel() {
    let text = String::from_utf8(style().to_bytes()).unwrap();
    assert!(!text.contains("feel"), "{text}");
    assert_eq!(style().id().to_string(), "13906ca13ca532bd");
    assert_eq!(style().feel(), StyleIndex::POP.into());
    let mut contents = contents();
    contents.feel = OwnFeel { shift_share: 0.5, pedal_down: -1.5, ..OwnFeel::NEAREST };
    let own = UserStyle::new(contents.clone()).unwrap();
    assert_eq!(read(&own.to_bytes()), Ok(own.clone()));
    assert_eq!(own.feel(), PlayedFeel { built_in: StyleIndex::POP, own: &contents.feel });
}

#[test]
fn a_damaged_file_is_refused_by_name_and_with_a_cure() {
    let bytes = style().to_bytes();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let damaged = text.replace("-2.0", "-3.0");
    assert_ne!(damaged, text);
    let error = read(damaged.as_bytes()).unwrap_err();
    assert_eq!(error, UserStyleError::Damaged { file: "mine.tonestyle".into() });
    assert_eq!(
        error.to_string(),
        "mine.tonestyle is damaged (its checksum does not match); export the style again, or learn it again"
    );
    for length in 0..bytes.len() - 2 {
        assert!(matches!(read(&bytes[..length]), Err(UserStyleError::NoStyle { .. })), "{length} bytes");
    }
}

#[test]
fn a_newer_file_asks_for_an_update() {
    let newer = br#"{"format": 2, "anything": []}"#;
    let error = read(newer).unwrap_err();
    assert_eq!(error, UserStyleError::NewerFormat { file: "mine.tonestyle".into(), format: 2, known: 1 });
    assert!(error.to_string().ends_with("; update ToneNet"));
    assert!(matches!(read(br#"{"format": 0}"#), Err(UserStyleError::NoStyle { .. })));
}

#[test]
fn a_large_file_is_not_parsed() {
    let mut bytes = style().to_bytes();
    bytes.resize(MOST_BYTES, b' ');
    assert!(read(&bytes).is_ok());
    bytes.push(b' ');
    assert_eq!(read(&bytes), Err(UserStyleError::TooLarge { file: "mine.tonestyle".into(), most: MOST_BYTES }));
}

/// The nearest style's feel with another number.
fn changed_feel(field: &str, number: f64) -> serde_json::Value {
    let mut feel = serde_json::to_value(OwnFeel::NEAREST).expect("JSON");
    feel[field] = number.into();
    feel
}

#[test]
fn contents_that_no_style_can_have_are_refused_even_with_a_right_checksum() {
    type Change = fn(&mut serde_json::Value);
    let changes: [(&str, Change); 11] = [
        ("a weight is inf", |style| style["readout"]["past"][0] = 1e300.into()),
        ("a weight is -20000", |style| style["readout"]["built_ins"][0]["weight"] = (-20_000.0).into()),
        ("it has no weights", |style| style["readout"]["ahead"] = serde_json::json!([])),
        ("two weights", |style| style["readout"]["built_ins"][1]["style"] = "classical".into()),
        ("a spread is -1", |style| style["spread_scale"] = (-1.0).into()),
        ("a correlation is 1.5", |style| style["card"]["r"] = 1.5.into()),
        ("a number of its feel is 9", |style| style["feel"] = changed_feel("shift_share", 9.0)),
        ("a number of its feel is -2", |style| style["feel"] = changed_feel("stretch", -2.0)),
        ("its name must be", |style| style["name"] = " ".into()),
        ("its name must be", |style| style["name"] = "a\nb".into()),
        ("unknown variant `polka`", |style| style["nearest"] = "polka".into()),
    ];
    assert_eq!(read(&changed(|_| {})), Ok(style()));
    for (reason, change) in changes {
        let error = read(&changed(change)).unwrap_err();
        assert!(matches!(error, UserStyleError::NoStyle { .. }), "{error}");
        let message = error.to_string();
        assert!(
            message.starts_with("mine.tonestyle ") && message.contains(reason) && message.contains("; "),
            "{message}"
        );
    }
}

proptest! {
    #[test]
    fn every_weight_survives_the_file(past in prop::collection::vec(-LARGEST_WEIGHT..LARGEST_WEIGHT, 1..50),
                                      small in any::<f32>().prop_filter("in range", |w| w.abs() < 1.0)) {
        let mut contents = contents();
        contents.readout.past = past;
        contents.readout.ahead = vec![small];
        let style = UserStyle::new(contents).unwrap();
        let found = read(&style.to_bytes()).unwrap();
        prop_assert_eq!(found.id(), style.id());
        prop_assert_eq!(found, style);
    }

    #[test]
    fn a_changed_byte_never_gives_another_style(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = style().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(found) = read(&bytes) {
            prop_assert_eq!(found, style());
        }
    }
}

//! Fuzzes the files of users' styles: a file is refused in words, or its style survives being written and predicts
//! finite velocities.

use serde::Deserialize;
use serde_json::value::RawValue;
use tonenet_inference::manifest::Sha256;
use tonenet_inference::model::Prediction;
use tonenet_inference::note::EncodedNotes;
use tonenet_inference::user_style::{FORMAT, UserStyle};

/// The name that error messages give the file.
const NAME: &str = "mine.tonestyle";

/// Notes that a style predicts.
const NOTES: usize = 3;

/// Reads bytes as a style's file, also with a checksum that matches, and checks the results.
pub fn check(bytes: &[u8]) {
    check_file(bytes);
    if let Some(repaired) = repaired(bytes) {
        check_file(&repaired);
    }
}

/// The same file with the checksum of its style.
fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct File<'a> {
        #[serde(borrow)]
        style: &'a RawValue,
    }
    let style = serde_json::from_slice::<File<'_>>(bytes).ok()?.style.get();
    let checksum = Sha256::digest(style.as_bytes());
    Some(format!(r#"{{"format":{FORMAT},"checksum":"{checksum}","style":{style}}}"#).into_bytes())
}

fn check_file(bytes: &[u8]) {
    let style = match UserStyle::from_bytes(bytes, NAME) {
        Ok(style) => style,
        Err(error) => {
            let words = error.to_string();
            assert!(words.contains(NAME) && words.contains("; "), "{words:?}");
            return;
        }
    };
    let again = UserStyle::from_bytes(&style.to_bytes(), NAME);
    assert!(again.as_ref() == Ok(&style), "{again:?}");
    assert_eq!(style.renamed("Another name").map(|renamed| renamed.id()), Ok(style.id()));
    check_predictions(&style);
}

/// Encodings are within ±1 and means within ±127.
fn check_predictions(style: &UserStyle) {
    let readout = &style.contents().readout;
    let mean = [-127.0, 0.0, 127.0].map(|deviation| Prediction { deviation, spread: 127.0 }).to_vec();
    let predictions = vec![mean; readout.built_ins.len()];
    let notes = EncodedNotes {
        past_encoding: &vec![1.0; NOTES * readout.past.len()],
        ahead_encoding: &vec![-1.0; NOTES * readout.ahead.len()],
        predictions: &predictions,
    };
    let predicted = style.predict(&notes);
    assert_eq!(predicted.len(), NOTES);
    assert!(
        predicted.iter().all(|p| p.deviation.is_finite() && p.spread.is_finite() && p.spread >= 0.0),
        "{predicted:?}"
    );
}

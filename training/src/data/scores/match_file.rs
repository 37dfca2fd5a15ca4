//! Reads match files of versions 1 and 5: which note of a performance plays which note of the printed score.
//!
//! A pair is a line such as
//! `snote(n4-1,[E,n],4,1:2,1/8,1/8,1.5000,2.0000,[v2,staff1])-note(n2,64,1637,2356,54,0,0).`
//! Its score note has an id, a spelled pitch, a place in a bar, and its onset and end in beats. Its performed note has an
//! id, a key, and its onset and release in ticks; version 5 spells the key as in the score. `-deletion.` marks a score
//! note that was not played.

/// The notes of a printed score, with repeats unfolded, in the order of the file.
#[derive(Debug, PartialEq)]
pub struct MatchFile {
    pub notes: Vec<ScoreNote>,
}

/// A note of the printed score.
#[derive(Debug, PartialEq)]
pub struct ScoreNote {
    /// Its onset in beats of the score's time signatures.
    pub beats: f64,
    /// MIDI key.
    pub key: u8,
    /// Whether it has no length of its own.
    pub is_grace: bool,
    /// When it was played, in seconds, and with which key.
    pub performed: Option<(f64, u8)>,
}

impl MatchFile {
    /// Reads a match file; the error is the number of a line that does not fit, counted from 1.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let (mut ticks_a_beat, mut micros_a_beat) = (480.0, 500_000.0);
        let mut notes = Vec::new();
        for (place, line) in text.lines().enumerate() {
            if let Some(units) = line.strip_prefix("info(midiClockUnits,") {
                ticks_a_beat = positive(units).ok_or(place + 1)?;
            } else if let Some(rate) = line.strip_prefix("info(midiClockRate,") {
                micros_a_beat = positive(rate).ok_or(place + 1)?;
            } else if let Some(note) = line.strip_prefix("snote(") {
                let seconds_a_tick = micros_a_beat * 1e-6 / ticks_a_beat;
                notes.push(ScoreNote::parse(note, seconds_a_tick).ok_or(place + 1)?);
            }
        }
        Ok(Self { notes })
    }
}

impl ScoreNote {
    fn parse(line: &str, seconds_a_tick: f64) -> Option<Self> {
        let (printed, played) = line.split_once(")-")?;
        let (_id, pitch) = printed.split_once(',')?;
        let (key, fields) = spelled(pitch)?;
        // Past the place in the bar and the length: onset and end.
        let mut beats =
            fields.split(',').skip(3).map(|field| field.parse::<f64>().ok().filter(|beats| beats.is_finite()));
        let (onset, end) = (beats.next()??, beats.next()??);
        Some(Self {
            beats: onset,
            key,
            is_grace: end <= onset,
            performed: match played.strip_prefix("note(") {
                Some(note) => Some(performed(note, seconds_a_tick)?),
                None => None,
            },
        })
    }
}

/// The onset and key of a performed note.
fn performed(note: &str, seconds_a_tick: f64) -> Option<(f64, u8)> {
    let (_id, pitch) = note.split_once(',')?;
    let (key, fields) = spelled(pitch).or_else(|| {
        let (key, fields) = pitch.split_once(',')?;
        Some((key.parse().ok()?, fields))
    })?;
    let ticks: f64 = fields.split(',').next()?.parse().ok()?;
    ticks.is_finite().then_some((ticks * seconds_a_tick, key))
}

/// The MIDI key of a pitch such as `[C,#],4`, and the fields that follow.
fn spelled(pitch: &str) -> Option<(u8, &str)> {
    let (name, rest) = pitch.strip_prefix('[')?.split_once("],")?;
    let (step, accidental) = name.split_once(',')?;
    let (octave, fields) = rest.split_once(',')?;
    Some((key(step, accidental, octave.parse().ok()?)?, fields))
}

/// The MIDI key of a spelled pitch; octave 4 begins with middle C.
fn key(step: &str, accidental: &str, octave: i32) -> Option<u8> {
    let step = match step {
        "C" => 0,
        "D" => 2,
        "E" => 4,
        "F" => 5,
        "G" => 7,
        "A" => 9,
        "B" => 11,
        _ => return None,
    };
    let alteration = match accidental {
        "n" | "" => 0,
        "#" => 1,
        "b" => -1,
        "##" | "x" => 2,
        "bb" => -2,
        _ => return None,
    };
    let key = octave.checked_add(1)?.checked_mul(12)?.checked_add(step + alteration)?;
    u8::try_from(key).ok()
}

/// The number in `480).`.
fn positive(field: &str) -> Option<f64> {
    let number: f64 = field.split(')').next()?.parse().ok()?;
    (number.is_finite() && number > 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_the_printed_note_and_when_it_was_played() {
        let text = "info(midiClockUnits,480).\ninfo(midiClockRate,500000).\n\
            scoreprop(timeSignature,4/4,1:1,0,0.0000).\n\
            snote(n4-1,[B,b],3,1:2,1/8,1/8,1.5000,2.0000,[v2,staff1])-note(n2,58,960,2356,54,0,0).\n\
            snote(n5-1,[C,n],4,1:3,0,0,2.0000,2.0000,[v1,staff1,grace])-deletion.\n\
            snote(n6-1,[F,##],4,1:3,0,1/4,2.0,3.0,[])-note(n3,[G,n],4,1920,1930,1990,31).\n\
            insertion-note(n9,60,970,980,30,0,0).\n";
        let notes = vec![
            ScoreNote { beats: 1.5, key: 58, is_grace: false, performed: Some((1.0, 58)) },
            ScoreNote { beats: 2.0, key: 60, is_grace: true, performed: None },
            ScoreNote { beats: 2.0, key: 67, is_grace: false, performed: Some((2.0, 67)) },
        ];
        assert_eq!(MatchFile::parse(text), Ok(MatchFile { notes }));
    }

    #[test]
    fn a_line_that_does_not_fit_is_named() {
        for wrong in [
            "snote(n4-1",
            "snote(n4,[H,n],4,1:2,0,1/8,1.5,2.0,[])-deletion.",
            "snote(n4,[C,?],4,1:2,0,1/8,1.5,2.0,[])-deletion.",
            "snote(n4,[C,n],2147483647,1:2,0,1/8,1.5,2.0,[])-deletion.",
            "snote(n4,[C,n],4,1:2,0,1/8,NaN,2.0,[])-deletion.",
            "snote(n4,[C,n],4,1:2,0,1/8,1.5,2.0,[])-note(n1,60).",
            "info(midiClockUnits,0).",
        ] {
            assert_eq!(MatchFile::parse(&format!("info(piece,-).\n{wrong}\n")), Err(2), "{wrong}");
        }
    }
}

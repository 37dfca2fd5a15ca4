//! What left the plugin in each step of a script, as text that can be stored, read and compared.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use tonenet_core::midi::MidiMessage;

use crate::session::OutputMessage;

/// What left the plugin in a scripted session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// One section per step, in order.
    pub sections: Vec<Section>,
}

/// What left the plugin in a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// The step's line in the script.
    pub step: String,
    /// The reported latency, where the step activated the plugin.
    pub latency: Option<u32>,
    /// The sample at which the step began; not part of the text.
    pub start: u64,
    /// What left, in order of time.
    pub outputs: Vec<OutputMessage>,
}

/// Why a text is not a transcript, or why two transcripts differ.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TranscriptError {
    /// A line cannot be parsed.
    #[error("line {0} of the transcript cannot be parsed")]
    Line(usize),
    /// The transcripts differ.
    #[error("in step `{step}`: expected {expected}, got {actual}")]
    Difference {
        /// The step.
        step: String,
        /// The expected output.
        expected: String,
        /// The actual output.
        actual: String,
    },
}

impl OutputMessage {
    fn is_note(&self) -> bool {
        matches!(self.message, MidiMessage::Channel([0x80..=0x9F, ..]))
    }

    /// Whether two outputs are equal, apart from a tolerance in note-on velocities.
    fn is_similar(&self, other: &Self, tolerance: u8) -> bool {
        let same_message = match (&self.message, &other.message) {
            (MidiMessage::Channel([status @ 0x90..=0x9F, key, velocity]), MidiMessage::Channel(other)) => {
                [*status, *key] == other[..2] && velocity.abs_diff(other[2]) <= tolerance
            }
            // Each format has its own release velocity.
            (MidiMessage::Channel([status @ 0x80..=0x8F, key, _]), MidiMessage::Channel(other)) => {
                [*status, *key] == other[..2]
            }
            (message, other) => message == other,
        };
        same_message && self.time == other.time
    }
}

impl Section {
    /// The supported outputs in a comparable order: notes as they left, then everything else sorted.
    ///
    /// VST3 does not keep the order of controllers and notes at one sample.
    fn comparable(&self, is_supported: &dyn Fn(&MidiMessage) -> bool) -> Vec<&OutputMessage> {
        let (notes, mut others): (Vec<_>, Vec<_>) =
            self.outputs.iter().filter(|output| is_supported(&output.message)).partition(|output| output.is_note());
        others.sort_by_key(|output| output.to_string());
        notes.into_iter().chain(others).collect()
    }

    fn heading(&self) -> String {
        format!("`{}` with latency {:?}", self.step, self.latency)
    }
}

impl Transcript {
    /// The last section that started at or before a sample.
    ///
    /// # Panics
    /// When there is no section.
    pub fn section_at(&mut self, time: u64) -> &mut Section {
        let started = self.sections.partition_point(|section| section.start <= time);
        &mut self.sections[started.saturating_sub(1)]
    }

    /// Compares an actual transcript with this expected one.
    ///
    /// Note-on velocities may differ by `tolerance`. Messages that the format does not support are ignored.
    ///
    /// # Errors
    /// With the first difference.
    pub fn compare(
        &self,
        actual: &Self,
        tolerance: u8,
        is_supported: &dyn Fn(&MidiMessage) -> bool,
    ) -> Result<(), TranscriptError> {
        let empty = Section::default();
        for index in 0..self.sections.len().max(actual.sections.len()) {
            let [expected, actual] = [self, actual].map(|all| all.sections.get(index).unwrap_or(&empty));
            let difference = |expected: String, found: String| {
                Err(TranscriptError::Difference { step: actual.step.clone(), expected, actual: found })
            };
            if (&expected.step, expected.latency) != (&actual.step, actual.latency) {
                return difference(expected.heading(), actual.heading());
            }
            let (expected, actual) = (expected.comparable(is_supported), actual.comparable(is_supported));
            for at in 0..expected.len().max(actual.len()) {
                let pair = (expected.get(at), actual.get(at));
                if !matches!(pair, (Some(expected), Some(actual)) if expected.is_similar(actual, tolerance)) {
                    let describe = |output: Option<&&OutputMessage>| output.map_or("nothing".into(), |o| o.to_string());
                    return difference(describe(pair.0), describe(pair.1));
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Section { step, latency, outputs, .. } in &self.sections {
            writeln!(f, "> {step}")?;
            if let Some(latency) = latency {
                writeln!(f, "latency {latency}")?;
            }
            outputs.iter().try_for_each(|output| writeln!(f, "{output}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for OutputMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8}", self.time)?;
        match &self.message {
            MidiMessage::Channel([status @ 0x90..=0x9F, key, velocity]) => {
                write!(f, " {:>2} on  {key:>3} {velocity:>3}", (status & 0x0F) + 1)
            }
            MidiMessage::Channel([status @ 0x80..=0x8F, key, _]) => {
                write!(f, " {:>2} off {key:>3}", (status & 0x0F) + 1)
            }
            MidiMessage::Channel(bytes) => write!(f, "    {bytes:02X?}"),
            MidiMessage::SysEx(bytes) => write!(f, "    {bytes:02X?}"),
        }
    }
}

impl FromStr for OutputMessage {
    type Err = ();

    fn from_str(line: &str) -> Result<Self, ()> {
        let line = line.trim();
        let (time, rest) = line.split_once(' ').ok_or(())?;
        let rest = rest.trim();
        let message = match rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(bytes) => {
                let bytes = bytes.split(", ").map(|byte| u8::from_str_radix(byte, 16).map_err(drop));
                let bytes = bytes.collect::<Result<Vec<u8>, ()>>()?;
                match *bytes.as_slice() {
                    [0xF0, ..] => MidiMessage::SysEx(bytes),
                    [status, first, second] => MidiMessage::Channel([status, first, second]),
                    _ => return Err(()),
                }
            }
            None => {
                let number = |word: &str| word.parse::<u8>().map_err(drop);
                let channel = |word: &str| number(word)?.checked_sub(1).filter(|channel| *channel < 16).ok_or(());
                MidiMessage::Channel(match rest.split_whitespace().collect::<Vec<_>>().as_slice() {
                    [channel_word, "on", key, velocity] => {
                        [0x90 | channel(channel_word)?, number(key)?, number(velocity)?]
                    }
                    [channel_word, "off", key] => [0x80 | channel(channel_word)?, number(key)?, 0],
                    _ => return Err(()),
                })
            }
        };
        Ok(Self { time: time.parse().map_err(drop)?, message })
    }
}

impl FromStr for Transcript {
    type Err = TranscriptError;

    fn from_str(text: &str) -> Result<Self, TranscriptError> {
        let mut transcript = Self::default();
        for (index, line) in text.lines().enumerate() {
            let error = TranscriptError::Line(index + 1);
            if let Some(step) = line.strip_prefix("> ") {
                transcript.sections.push(Section { step: step.into(), ..Section::default() });
                continue;
            }
            let Some(section) = transcript.sections.last_mut() else { return Err(error) };
            match line.strip_prefix("latency ") {
                Some(latency) => section.latency = Some(latency.parse().map_err(|_| error)?),
                None => section.outputs.push(line.parse().map_err(|()| error)?),
            }
        }
        Ok(transcript)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: fn(&MidiMessage) -> bool = |_| true;

    fn transcript(outputs: &[(u64, [u8; 3])]) -> Transcript {
        let output = |&(time, bytes)| OutputMessage { time, message: MidiMessage::Channel(bytes) };
        let outputs = outputs.iter().map(output).collect();
        Transcript { sections: vec![Section { step: "run 1 beat".into(), latency: Some(480), start: 0, outputs }] }
    }

    #[test]
    fn a_transcript_survives_a_round_trip_through_text() {
        let mut all = transcript(&[(0, [0x9F, 60, 1]), (7, [0x8F, 60, 0]), (12_345_678, [0xE0, 1, 64])]);
        let sysex = MidiMessage::SysEx(vec![0xF0, 0x7E, 0xF7]);
        all.sections[0].outputs.push(OutputMessage { time: 12_345_679, message: sysex });
        assert_eq!(all.to_string().parse(), Ok(all));
        assert_eq!("       0  1 on   60  64".parse::<Transcript>(), Err(TranscriptError::Line(1)));
        assert_eq!("> play\nnothing".parse::<Transcript>(), Err(TranscriptError::Line(2)));
    }

    #[test]
    fn velocities_may_differ_by_the_tolerance_and_times_may_not_differ() {
        let expected = transcript(&[(480, [0x90, 60, 64])]);
        assert_eq!(expected.compare(&transcript(&[(480, [0x90, 60, 65])]), 1, &ALL), Ok(()));
        for actual in [&[(480, [0x90, 60, 66])][..], &[(481, [0x90, 60, 64])], &[(480, [0x91, 60, 64])], &[]] {
            assert!(expected.compare(&transcript(actual), 1, &ALL).is_err(), "{actual:?}");
        }
        let more = transcript(&[(480, [0x90, 60, 64]), (500, [0x80, 60, 0])]);
        assert!(expected.compare(&more, 1, &ALL).is_err() && more.compare(&expected, 1, &ALL).is_err());
    }

    #[test]
    fn the_order_at_one_sample_matters_for_notes_but_not_for_controllers() {
        let [off, on, pedal] = [(480, [0x80, 60, 0]), (480, [0x90, 60, 64]), (480, [0xB0, 64, 127])];
        let expected = transcript(&[off, on, pedal]);
        assert_eq!(expected.compare(&transcript(&[pedal, off, on]), 0, &ALL), Ok(()));
        assert!(expected.compare(&transcript(&[on, off, pedal]), 0, &ALL).is_err());
    }

    #[test]
    fn messages_that_a_format_does_not_support_are_ignored() {
        let (on, program) = ((480, [0x90, 60, 64]), (480, [0xC0, 5, 0]));
        let supports_all_but_programs =
            |message: &MidiMessage| !matches!(message, MidiMessage::Channel([0xC0..=0xCF, ..]));
        let (expected, actual) = (transcript(&[on, program]), transcript(&[on]));
        assert_eq!(expected.compare(&actual, 0, &supports_all_but_programs), Ok(()));
        assert!(expected.compare(&actual, 0, &ALL).is_err());
    }
}

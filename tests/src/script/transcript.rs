//! What left the plugin, step by step of the session: as a text to be kept and read, and compared with another.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use tonenet_core::midi::MidiMessage;

/// What left in a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// The session's steps, in order.
    pub passages: Vec<Passage>,
}

/// What left in a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Passage {
    /// The step, in the words of the script.
    pub step: String,
    /// The latency that the plugin reported in it, where it was activated.
    pub latency: Option<u32>,
    /// The sample at which it began; a transcript that was read has none.
    pub begins: u64,
    /// What left, by time.
    pub left: Vec<Left>,
}

/// Something that left.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Sample since the start of the session.
    pub time: u64,
    /// The message.
    pub message: MidiMessage,
}

/// Why a text is no transcript, or one is not as another.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TranscriptError {
    /// A line is not of a transcript.
    #[error("line {0} is not of a transcript")]
    Line(usize),
    /// Something else left than is written down.
    #[error("in the step `{step}`: {written} is written, and {left} left")]
    Difference {
        /// The step.
        step: String,
        /// What should have left.
        written: String,
        /// What left.
        left: String,
    },
}

impl Left {
    fn is_note(&self) -> bool {
        matches!(self.message, MidiMessage::Channel([0x80..=0x9F, ..]))
    }

    /// Whether this is the same, at most so many velocity steps aside.
    fn is_like(&self, other: &Self, steps: u8) -> bool {
        let same = match (&self.message, &other.message) {
            (MidiMessage::Channel([status @ 0x90..=0x9F, key, velocity]), MidiMessage::Channel(other)) => {
                [*status, *key] == other[..2] && velocity.abs_diff(other[2]) <= steps
            }
            // How hard a key comes up is each format's own.
            (MidiMessage::Channel([status @ 0x80..=0x8F, key, _]), MidiMessage::Channel(other)) => {
                [*status, *key] == other[..2]
            }
            (message, other) => message == other,
        };
        same && self.time == other.time
    }
}

impl Passage {
    /// Notes in their order, then all else sorted: controllers and notes of one sample have no order in VST3.
    fn parts(&self, carries: &dyn Fn(&MidiMessage) -> bool) -> Vec<&Left> {
        let carried = || self.left.iter().filter(|left| carries(&left.message));
        let mut others: Vec<&Left> = carried().filter(|left| !left.is_note()).collect();
        others.sort_by_key(|left| left.to_string());
        carried().filter(|left| left.is_note()).chain(others).collect()
    }
}

impl Transcript {
    /// The last step that had begun at a sample.
    ///
    /// # Panics
    /// When none has begun at all.
    pub fn passage_at(&mut self, time: u64) -> &mut Passage {
        let begun = self.passages.partition_point(|passage| passage.begins <= time);
        &mut self.passages[begun.saturating_sub(1)]
    }

    /// Whether what left is as it is written here, at most so many velocity steps aside and without what the format
    /// does not carry.
    ///
    /// # Errors
    /// With the first difference.
    pub fn check(&self, left: &Self, steps: u8, carries: &dyn Fn(&MidiMessage) -> bool) -> Result<(), TranscriptError> {
        let nothing = Passage::default();
        for index in 0..self.passages.len().max(left.passages.len()) {
            let [written, came] = [self, left].map(|all| all.passages.get(index).unwrap_or(&nothing));
            let difference =
                |written: String, left: String| TranscriptError::Difference { step: came.step.clone(), written, left };
            if (&written.step, written.latency) != (&came.step, came.latency) {
                let tell = |passage: &Passage| format!("`{}` with latency {:?}", passage.step, passage.latency);
                return Err(difference(tell(written), tell(came)));
            }
            let (written, came) = (written.parts(carries), came.parts(carries));
            for at in 0..written.len().max(came.len()) {
                let pair = (written.get(at), came.get(at));
                if !matches!(pair, (Some(written), Some(came)) if written.is_like(came, steps)) {
                    let tell = |left: Option<&&Left>| left.map_or("nothing".into(), |left| left.to_string());
                    return Err(difference(tell(pair.0), tell(pair.1)));
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Passage { step, latency, left, .. } in &self.passages {
            writeln!(f, "> {step}")?;
            if let Some(latency) = latency {
                writeln!(f, "latency {latency}")?;
            }
            left.iter().try_for_each(|left| writeln!(f, "{left}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Left {
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

impl FromStr for Left {
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
                    [of, "on", key, velocity] => [0x90 | channel(of)?, number(key)?, number(velocity)?],
                    [of, "off", key] => [0x80 | channel(of)?, number(key)?, 0],
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
            let wrong = TranscriptError::Line(index + 1);
            if let Some(step) = line.strip_prefix("> ") {
                transcript.passages.push(Passage { step: step.into(), ..Passage::default() });
                continue;
            }
            let Some(passage) = transcript.passages.last_mut() else { return Err(wrong) };
            match line.strip_prefix("latency ") {
                Some(latency) => passage.latency = Some(latency.parse().map_err(|_| wrong)?),
                None => passage.left.push(line.parse().map_err(|()| wrong)?),
            }
        }
        Ok(transcript)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: fn(&MidiMessage) -> bool = |_| true;

    fn transcript(left: &[(u64, [u8; 3])]) -> Transcript {
        let left = left.iter().map(|&(time, bytes)| Left { time, message: MidiMessage::Channel(bytes) }).collect();
        Transcript { passages: vec![Passage { step: "run 1 beat".into(), latency: Some(480), begins: 0, left }] }
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        let mut all = transcript(&[(0, [0x9F, 60, 1]), (7, [0x8F, 60, 0]), (12_345_678, [0xE0, 1, 64])]);
        let sysex = MidiMessage::SysEx(vec![0xF0, 0x7E, 0xF7]);
        all.passages[0].left.push(Left { time: 12_345_679, message: sysex });
        assert_eq!(all.to_string().parse(), Ok(all));
        assert_eq!("       0  1 on   60  64".parse::<Transcript>(), Err(TranscriptError::Line(1)));
        assert_eq!("> play\nnothing".parse::<Transcript>(), Err(TranscriptError::Line(2)));
    }

    #[test]
    fn velocities_may_differ_by_so_many_steps_and_times_not_at_all() {
        let written = transcript(&[(480, [0x90, 60, 64])]);
        assert_eq!(written.check(&transcript(&[(480, [0x90, 60, 65])]), 1, &ALL), Ok(()));
        for left in [&[(480, [0x90, 60, 66])][..], &[(481, [0x90, 60, 64])], &[(480, [0x91, 60, 64])], &[]] {
            assert!(written.check(&transcript(left), 1, &ALL).is_err(), "{left:?}");
        }
        let more = transcript(&[(480, [0x90, 60, 64]), (500, [0x80, 60, 0])]);
        assert!(written.check(&more, 1, &ALL).is_err() && more.check(&written, 1, &ALL).is_err());
    }

    #[test]
    fn controllers_have_no_order_among_the_notes_of_their_sample_and_notes_have() {
        let [off, on, pedal] = [(480, [0x80, 60, 0]), (480, [0x90, 60, 64]), (480, [0xB0, 64, 127])];
        let written = transcript(&[off, on, pedal]);
        assert_eq!(written.check(&transcript(&[pedal, off, on]), 0, &ALL), Ok(()));
        assert!(written.check(&transcript(&[on, off, pedal]), 0, &ALL).is_err());
    }

    #[test]
    fn what_a_format_does_not_carry_is_left_out() {
        let (on, program) = ((480, [0x90, 60, 64]), (480, [0xC0, 5, 0]));
        let carries = |message: &MidiMessage| !matches!(message, MidiMessage::Channel([0xC0..=0xCF, ..]));
        let (written, left) = (transcript(&[on, program]), transcript(&[on]));
        assert_eq!(written.check(&left, 0, &carries), Ok(()));
        assert!(written.check(&left, 0, &ALL).is_err());
    }
}

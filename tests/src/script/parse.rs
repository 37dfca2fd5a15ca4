//! Reads a script from text with one step or track event per line and comments after `#`.

use std::str::FromStr;

use thiserror::Error;
use tonenet_core::midi::{MidiMessage, Song};

use super::{Action, Length, Script, Step, TrackContent, TrackEvent};
use crate::audio::{AudioBus, AudioBuses};
use crate::host::{ActivationConfig, ReportedPosition};

/// Parameters with named values, in the order of their steps.
const CHOICES: [(&str, &[&str]); 7] = [
    ("Style", &["Classical", "Jazz", "Pop"]),
    ("Style B", &["Classical", "Jazz", "Pop"]),
    ("Look-ahead", &["1/2 beat", "1 beat", "2 beats", "4 beats", "Live", "0 ms", "Timeline"]),
    ("Model", &["Note", "Attention", "Baseline"]),
    ("Bypass", &["off", "on"]),
    ("Pedal", &["Mine", "Fill", "Replace"]),
    ("Timeline look-ahead", &["Off", "30 ms"]),
];

/// A line that cannot be parsed.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line} ({text}): {reason}")]
pub struct ScriptError {
    /// The line number, from 1.
    pub line: usize,
    /// The line without its comment.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The content of a line.
enum Line {
    Track(TrackEvent),
    Piece { from: f64, to: f64 },
    Step(Action),
}

/// Reads a script. `piece` is the song that a `piece` line refers to.
///
/// # Errors
/// For the first line that cannot be parsed.
pub fn parse(text: &str, piece: &Song) -> Result<Script, ScriptError> {
    let mut script = Script { track: Vec::new(), steps: Vec::new() };
    for (index, line) in text.lines().enumerate() {
        let content = line.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        let error = |reason| ScriptError { line: index + 1, text: content.to_owned(), reason };
        match parse_line(content).map_err(error)? {
            Line::Track(event) => script.track.push(event),
            Line::Piece { from, to } => script.add_song(piece, from, to),
            Line::Step(action) => script.steps.push(Step { text: content.to_owned(), action }),
        }
    }
    script.track.sort_by(|a, b| a.beats.total_cmp(&b.beats));
    Ok(script)
}

fn parse_line(line: &str) -> Result<Line, String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let arguments: Vec<&str> = rest.split_whitespace().collect();
    let action = match (verb, arguments.as_slice()) {
        ("piece", ["from", from, "to", to]) => return Ok(Line::Piece { from: number(from)?, to: number(to)? }),
        ("note", ["at", beats, key, velocity, "for", length, channel @ ..]) => {
            let content = TrackContent::Note {
                channel: parse_channel(channel)?,
                key: data(key)?,
                velocity: data(velocity)?,
                length: number(length)?,
            };
            return Ok(Line::Track(TrackEvent { beats: number(beats)?, content }));
        }
        ("message", ["at", beats, bytes @ ..]) => {
            let content = TrackContent::Message(message(bytes)?);
            return Ok(Line::Track(TrackEvent { beats: number(beats)?, content }));
        }
        ("activate", ["at", rate, "in", "blocks", "of", longest, mode @ ..]) => {
            let offline = match mode {
                [] => false,
                ["offline"] => true,
                _ => return Err("the mode must be `offline` or absent".into()),
            };
            let (sample_rate, max_block_size) = (number(rate)?, number(longest)?);
            Action::Activate(ActivationConfig { sample_rate, max_block_size, offline })
        }
        ("deactivate", []) => Action::Deactivate,
        ("restart", []) => Action::Restart,
        ("reset", []) => Action::Reset,
        ("replace", []) => Action::Replace,
        ("blocks", ["of", sizes @ .., "unannounced"] | ["of", sizes @ ..]) if !sizes.is_empty() => {
            let unannounced = arguments.last() == Some(&"unannounced");
            let sizes = sizes.iter().map(|size| number(size)).collect::<Result<Vec<u32>, _>>()?;
            if sizes.iter().all(|&size| size == 0) {
                return Err("at least one block must have samples".into());
            }
            Action::Blocks { sizes, unannounced }
        }
        ("set", _) => setting(rest)?,
        ("tempo", [tempo]) => Action::Tempo(number(tempo)?),
        ("ramp", ["to", tempo, "over", beats, "beats"]) => Action::Ramp { to: number(tempo)?, beats: number(beats)? },
        ("signature", [signature]) => {
            let (beats, part) = signature.split_once('/').ok_or("a signature looks like 3/4")?;
            Action::Signature(number(beats)?, number(part)?)
        }
        ("loop", ["off"]) => Action::Loop(None),
        ("loop", ["from", from, "to", to]) => Action::Loop(Some((number(from)?, number(to)?))),
        ("seek", ["to", beats]) => Action::Seek(number(beats)?),
        ("play", []) => Action::Play,
        ("stop", []) => Action::Stop,
        ("cuts", [switch]) => Action::SplitBlocks(on_or_off(switch)?),
        ("tell", ["position", "right"]) => Action::ReportPosition(ReportedPosition::Correct),
        ("tell", ["position", "in", "seconds"]) => Action::ReportPosition(ReportedPosition::SecondsOnly),
        ("tell", ["position", "always", beats]) => Action::ReportPosition(ReportedPosition::Constant(number(beats)?)),
        ("tell", ["position", "at", factor, "times", "the", "tempo"]) => {
            Action::ReportPosition(ReportedPosition::Scaled(number(factor)?))
        }
        ("tell", ["tempo", "right"]) => Action::ReportTempo(None),
        ("tell", ["tempo", tempo]) => Action::ReportTempo(Some(number(tempo)?)),
        ("audio", [bus]) => Action::Audio(AudioBuses::both(audio_bus(bus)?)),
        ("record", [switch]) => Action::Record(on_or_off(switch)?),
        ("transport", [switch]) => Action::ReportTransport(on_or_off(switch)?),
        ("offs", [switch]) => Action::SendNoteOffs(on_or_off(switch)?),
        ("run", length) => Action::Run(parse_length(length)?),
        ("flicker", length) => Action::Flicker(parse_length(length)?),
        ("press", [key, velocity, channel @ ..]) => {
            Action::Press { channel: parse_channel(channel)?, key: data(key)?, velocity: data(velocity)? }
        }
        ("release", [key, channel @ ..]) => Action::Release { channel: parse_channel(channel)?, key: data(key)? },
        ("send", bytes) => Action::Send(message(bytes)?),
        ("save", ["as", name]) => Action::Save((*name).to_owned()),
        ("load", [name]) => Action::Load((*name).to_owned()),
        _ => return Err("unknown step or event".into()),
    };
    Ok(Line::Step(action))
}

fn number<T: FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("`{word}` is not a valid number here"))
}

/// A seven-bit MIDI value.
fn data(word: &str) -> Result<u8, String> {
    number(word).and_then(|value| if value < 128 { Ok(value) } else { Err(format!("{value} is above 127")) })
}

/// A MIDI channel, counted from 1 in scripts; the first where none is given.
fn parse_channel(words: &[&str]) -> Result<u8, String> {
    match words {
        [] => Ok(0),
        ["channel", channel] => match number::<u8>(channel)? {
            channel @ 1..=16 => Ok(channel - 1),
            _ => Err("a channel is 1 to 16".into()),
        },
        _ => Err("only `channel` may follow".into()),
    }
}

/// A message from hexadecimal bytes. Notes have their own syntax.
fn message(words: &[&str]) -> Result<MidiMessage, String> {
    let byte = |word: &&str| u8::from_str_radix(word, 16).map_err(|_| format!("`{word}` is not a hexadecimal byte"));
    let bytes = words.iter().map(byte).collect::<Result<Vec<u8>, _>>()?;
    match *bytes.as_slice() {
        [status @ (0xA0..=0xBF | 0xE0..=0xEF), first, second] => Ok(MidiMessage::Channel([status, first, second])),
        [status @ 0xC0..=0xDF, first] => Ok(MidiMessage::Channel([status, first, 0])),
        [0xF0, .., 0xF7] => Ok(MidiMessage::SysEx(bytes)),
        _ => Err("not a complete message, or a note message".into()),
    }
}

fn setting(text: &str) -> Result<Action, String> {
    let (name, value) = text.split_once('=').ok_or("a setting looks like Amount = 0.5")?;
    let (name, value) = (name.trim(), value.trim());
    let value = match CHOICES.iter().find(|(choice, _)| *choice == name) {
        Some((_, names)) => {
            let step = names.iter().position(|known| *known == value);
            step.ok_or_else(|| format!("{name} is one of {}", names.join(", ")))? as f64
        }
        None => number(value)?,
    };
    Ok(Action::Set { name: name.to_owned(), value })
}

fn audio_bus(word: &str) -> Result<AudioBus, String> {
    Ok(match word {
        "stereo" => AudioBus::Channels(2),
        "mono" => AudioBus::Channels(1),
        "null" => AudioBus::NullChannels(2),
        "inactive" => AudioBus::Inactive,
        "none" => AudioBus::Absent,
        _ => return Err("audio is stereo, mono, null, inactive or none".into()),
    })
}

fn on_or_off(word: &str) -> Result<bool, String> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("the switch is `on` or `off`".into()),
    }
}

fn parse_length(words: &[&str]) -> Result<Length, String> {
    match words {
        [length, "beat" | "beats"] => Ok(Length::Beats(number(length)?)),
        [length, "s"] => Ok(Length::Seconds(number(length)?)),
        [length, "ms"] => Ok(Length::Seconds(number::<f64>(length)? / 1000.0)),
        [length, "sample" | "samples"] => Ok(Length::Samples(number(length)?)),
        _ => Err("a length is in beats, s, ms or samples".into()),
    }
}

#[cfg(test)]
mod tests {
    use tonenet_test_support::midi_from_tracks;

    use super::*;

    /// Middle C for half a beat.
    fn piece() -> Song {
        Song::parse(midi_from_tracks(96, &[[0, 0x90, 60, 64, 48, 0x80, 60, 0]])).unwrap()
    }

    #[test]
    fn a_script_is_read_line_by_line() {
        let text = "# A session.\npiece from 0 to 1\nnote at 1.5 60 80 for 0.5 channel 16\n\nset Look-ahead = 0 ms\nrun 20 ms # while it rests\n";
        let script = parse(text, &piece()).unwrap();
        let note = |beats, channel, velocity| TrackEvent {
            beats,
            content: TrackContent::Note { channel, key: 60, velocity, length: 0.5 },
        };
        assert_eq!(script.track, [note(0.0, 0, 64), note(1.5, 15, 80)]);
        let actions: Vec<_> = script.steps.iter().map(|s| s.action.clone()).collect();
        let set = Action::Set { name: "Look-ahead".into(), value: 5.0 };
        assert_eq!(actions, [set, Action::Run(Length::Seconds(0.02))]);
        assert_eq!(script.steps[1].text, "run 20 ms");
    }

    #[test]
    fn messages_are_written_as_bytes_but_notes_are_not() {
        assert_eq!(message(&["B0", "40", "7F"]), Ok(MidiMessage::Channel([0xB0, 64, 127])));
        assert_eq!(message(&["C3", "05"]), Ok(MidiMessage::Channel([0xC3, 5, 0])));
        assert_eq!(message(&["F0", "7E", "F7"]), Ok(MidiMessage::SysEx(vec![0xF0, 0x7E, 0xF7])));
        assert!(message(&["90", "3C", "40"]).is_err() && message(&["B0", "40"]).is_err());
    }

    #[test]
    fn the_error_names_the_line_that_cannot_be_parsed() {
        for line in ["dance", "set Style = Baroque", "press 128 1", "press 60 1 channel 17", "blocks of 0", "run 3"] {
            let error = parse(&format!("play\n{line}\n"), &piece()).unwrap_err();
            assert_eq!((error.line, error.text.as_str()), (2, line));
        }
    }
}

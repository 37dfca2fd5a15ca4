//! A MIDI file as a player needs it: its messages at their samples, where each of them goes, and the transport at any sample.

mod bars;
mod chase;
mod messages;

use std::path::Path;

use nice_plug::prelude::Transport;
use tonenet_core::midi::{Song, TempoMap};
use tonenet_files::error::FileError;
use tonenet_files::midi_files::read_song;
use tonenet_inference::song::Selection;

use bars::BarLines;

/// No song is shorter, in seconds, so that one that begins again and again does not begin anew at each sample.
const SHORTEST: f64 = 0.1;

/// A message of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SongEvent {
    /// When it is sent, in samples from the start of the song.
    pub sample: u64,
    /// Where it goes.
    pub route: Route,
    /// What it says.
    pub message: Message,
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Into the plugin: the notes that are restyled, and the controllers of their channels.
    Plugin,
    /// Around the plugin, with the plugin's latency: everything else.
    Around,
}

/// A MIDI message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A message of one to three bytes on a channel.
    Channel([u8; 3]),
    /// A system-exclusive message with its first and last byte.
    SysEx(Box<[u8]>),
}

/// A channel message as it is sent: programme changes and channel pressure have one data byte.
pub fn channel_bytes(message: &[u8; 3]) -> &[u8] {
    match message[0] & 0xF0 {
        0xC0 | 0xD0 => &message[..2],
        _ => message,
    }
}

/// A file that can be played, or time that passes without one.
#[derive(Debug)]
pub struct PlayableSong {
    /// The file's name, if there is a file.
    name: Option<String>,
    events: Vec<SongEvent>,
    tempo: TempoMap,
    bars: BarLines,
    sample_rate: f64,
    /// The end of the last bar, in samples and in beats. Time without a file does not end.
    end: Option<(u64, f64)>,
    parts: Parts,
    channels: Channels,
    /// The faults of the file, which plays despite them.
    warnings: Vec<String>,
}

/// Channels, as bits.
#[derive(Debug, Clone, Copy, Default)]
struct Channels {
    /// Those with notes that are restyled: their controllers go through the plugin.
    through: u16,
    /// Those with any message.
    used: u16,
}

/// How many parts of a file are restyled, and how many are left alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// Parts that go through the plugin.
    pub restyled: usize,
    /// Parts that pass untouched.
    pub untouched: usize,
}

impl PlayableSong {
    /// Reads a file for a sample rate in Hz.
    ///
    /// # Errors
    /// [`FileError`] if it is no MIDI file that can be read.
    pub fn read(path: &Path, selection: &Selection, sample_rate: f64) -> Result<Self, FileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self::new(name, &read_song(path)?, selection, sample_rate))
    }

    /// A song with this name.
    pub fn new(name: String, song: &Song, selection: &Selection, sample_rate: f64) -> Self {
        let (events, parts, channels) = messages::routed(song, selection, sample_rate);
        let tempo = song.tempo().clone();
        let ticks_per_beat = f64::from(tempo.ticks_per_beat());
        let signatures = song.time_signatures().iter();
        let bars = BarLines::new(signatures.map(|&(tick, over, under)| (tick as f64 / ticks_per_beat, over, under)));
        let end_beats = bars.end_of_bar(tempo.beats_at(song.duration()));
        let end = samples(seconds_at(&tempo, end_beats).max(SHORTEST), sample_rate);
        let warnings = song.warnings().iter().map(|warning| format!("{name}: {warning}")).collect();
        Self {
            name: Some(name),
            events,
            tempo,
            bars,
            sample_rate,
            end: Some((end, end_beats)),
            parts,
            channels,
            warnings,
        }
    }

    /// Time that passes at a constant tempo, in beats per minute, in bars of 4/4.
    pub fn without_file(beats_per_minute: f64, sample_rate: f64) -> Self {
        Self {
            name: None,
            events: Vec::new(),
            tempo: TempoMap::new(480, [(0, (60e6 / beats_per_minute).round() as u32)]),
            bars: BarLines::new([]),
            sample_rate,
            end: None,
            parts: Parts::default(),
            channels: Channels::default(),
            warnings: Vec::new(),
        }
    }

    /// The file's name, if there is a file.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The messages by time, then in the order of the file.
    pub fn events(&self) -> &[SongEvent] {
        &self.events
    }

    /// How many parts are restyled.
    pub fn parts(&self) -> Parts {
        self.parts
    }

    /// The faults of the file, which plays despite them, each with the file's name.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The channels that it uses, as bits.
    pub fn used_channels(&self) -> u16 {
        self.channels.used
    }

    /// The sample after the last bar, if there is a file.
    pub fn end(&self) -> Option<u64> {
        self.end.map(|(end, _)| end)
    }

    /// The tempo at the beginning, in beats per minute.
    pub fn first_tempo(&self) -> f64 {
        self.tempo.beats_per_minute_at(0.0)
    }

    /// Seconds from the start at a sample.
    pub fn seconds(&self, sample: u64) -> f64 {
        sample as f64 / self.sample_rate
    }

    /// The sample at a time in seconds, at most the end.
    pub fn sample(&self, seconds: f64) -> u64 {
        let sample = samples(seconds.max(0.0), self.sample_rate);
        self.end().map_or(sample, |end| sample.min(end))
    }

    /// The bar at a sample, counted from 1.
    pub fn bar(&self, sample: u64) -> u32 {
        self.bars.at(self.tempo.beats_at(self.seconds(sample))).number as u32 + 1
    }

    /// The transport at a sample, as a host gives it. At the end it has the tempo of the beginning, where the song goes on.
    pub fn transport(&self, sample: u64, playing: bool, is_looping: bool) -> Transport {
        let seconds = self.seconds(sample);
        let beats = self.tempo.beats_at(seconds);
        let bar = self.bars.at(beats);
        let mut transport = Transport::new(self.sample_rate as f32);
        transport.playing = playing;
        let is_at_end = !playing && self.end().is_some_and(|end| sample >= end);
        transport.tempo = Some(self.tempo.beats_per_minute_at(if is_at_end { 0.0 } else { seconds }));
        transport.time_sig_numerator = Some(bar.over.into());
        transport.time_sig_denominator = Some(bar.under.into());
        transport.pos_samples = i64::try_from(sample).ok();
        transport.pos_seconds = Some(seconds);
        transport.pos_beats = Some(beats);
        transport.bar_start_pos_beats = Some(bar.start);
        transport.bar_number = Some(bar.number);
        transport.loop_range_beats = self.end.filter(|_| is_looping).map(|(_, end)| (0.0, end));
        transport
    }
}

/// The time of a beat in seconds. The map converts ticks, and a bar may end between two of them.
fn seconds_at(tempo: &TempoMap, beats: f64) -> f64 {
    let ticks = beats * f64::from(tempo.ticks_per_beat());
    let seconds = tempo.seconds(ticks as u64);
    seconds + ticks.fract() / f64::from(tempo.ticks_per_beat()) * 60.0 / tempo.beats_per_minute_at(seconds)
}

/// The nearest sample to a time.
fn samples(seconds: f64, sample_rate: f64) -> u64 {
    (seconds * sample_rate).round() as u64
}

#[cfg(test)]
pub mod tests;

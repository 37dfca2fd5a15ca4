//! Plays a part through the plugin's scheduler and a model without a host.
//!
//! The result is what the plugin must produce, note for note.

use tonenet_core::dynamics::Expected;
use tonenet_core::midi::{MidiMessage, Song};
use tonenet_core::note::is_restylable;
use tonenet_core::scheduler::{Estimate, Event, NoteId, Outcome, OutputEvent, SampleTime, Scheduler, SchedulerConfig};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::transport::{StepClock, Transport};
use tonenet_core::window::{InferenceRequest, InputEvent};

use crate::error::InferenceError;
use crate::restyler::Restyler;

/// An event of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartEvent {
    /// The sample at which it happens.
    pub time: SampleTime,
    /// What happens.
    pub kind: PartEventKind,
}

/// What happens in a [`PartEvent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEventKind {
    /// A note-on (velocity 1–127) or note-off (velocity 0).
    Note {
        /// MIDI channel, 0–15.
        channel: u8,
        /// MIDI key, 0–127.
        key: u8,
        /// 0–127.
        velocity: u8,
    },
    /// A movement of the sustain pedal; true is down.
    Pedal(bool),
}

/// The length in seconds to which a longer silence is shortened, so that silence costs little.
const MAX_SILENCE: f64 = 600.0;

/// The MIDI controller number of the sustain pedal.
const SUSTAIN: u8 = 64;

/// How a part is played.
#[derive(Debug, Clone, Copy)]
pub struct Playback {
    /// The sample rate in Hz.
    pub sample_rate: f64,
    /// The look-ahead.
    pub look_ahead: SchedulerConfig,
    /// Samples in a block; the transport is read once per block.
    pub block: u32,
    /// The styles of every note.
    pub style: StyleBlend,
    /// The Take: which of the styles' many possible performances.
    pub take: TakeSeed,
}

/// The notes and pedal movements of a song in the order of a host, with times rounded to the nearest sample.
pub fn events_from_song(song: &Song, sample_rate: f64) -> Vec<PartEvent> {
    song.messages()
        .iter()
        .filter_map(|message| {
            let MidiMessage::Channel([status, key, value]) = message.message else { return None };
            let channel = status & 0x0F;
            let kind = match status & 0xF0 {
                0x90 => PartEventKind::Note { channel, key, velocity: value },
                0x80 => PartEventKind::Note { channel, key, velocity: 0 },
                0xB0 if key == SUSTAIN => PartEventKind::Pedal(value >= 64),
                _ => return None,
            };
            Some(PartEvent { time: (message.time * sample_rate).round() as SampleTime, kind })
        })
        .collect()
}

/// Restyles a part and returns the expected velocity of each note-on; `None` for a note that is not restylable.
///
/// `transport` gives the host's transport at a sample. Silences of more than ten minutes are shortened to ten minutes.
///
/// # Errors
/// When the model fails.
pub fn restyle(
    restyler: &mut Restyler,
    part: &[PartEvent],
    playback: &Playback,
    mut transport: impl FnMut(SampleTime) -> Transport,
) -> Result<Vec<Option<Expected>>, InferenceError> {
    restyler.reset();
    let mut clock = StepClock::new(playback.sample_rate);
    let mut scheduler = Scheduler::<usize>::new(part.len(), playback.look_ahead);
    let is_note_on = |e: &&PartEvent| matches!(e.kind, PartEventKind::Note { velocity: 1.., .. });
    let mut expected = vec![None; part.iter().filter(is_note_on).count()];
    let mut estimates: Vec<(NoteId, Estimate)> = Vec::new();
    let block = SampleTime::from(playback.block.max(1));
    let latency = SampleTime::from(playback.look_ahead.latency);
    let max_silence = (MAX_SILENCE * playback.sample_rate) as SampleTime;
    let last = part.last().map_or(0, |e| e.time);
    let (mut events, mut note_ons) = (part.iter().peekable(), 0);
    // `skipped` counts the samples of silence that were left out; the times below do not include them.
    let (mut block_start, mut skipped, mut silent_from) = (0, 0, 0);
    while block_start <= (last - skipped).saturating_add(latency) {
        if let Some(next) = events.peek().filter(|_| block_start > silent_from) {
            let silence = (next.time - skipped).saturating_sub(block_start);
            skipped += silence.saturating_sub(max_silence) / block * block;
        }
        let block_end = block_start + block;
        let transport = transport(block_start + skipped);
        clock.follow(block_start, &transport);
        loop {
            let event = events.next_if(|e| e.time - skipped < block_end);
            let event = event.map(|e| PartEvent { time: e.time - skipped, ..*e });
            while let Some(hop) = scheduler.next_hop(event.map_or(block_end - 1, |e| e.time)) {
                let request = InferenceRequest { hop, position: clock.position(hop.time) };
                restyler.estimate(&request, |note, estimate, _| estimates.push((note.id, estimate)))?;
            }
            let Some(PartEvent { time, kind }) = event else { break };
            silent_from = time.saturating_add(latency);
            let (position, beats) = (clock.position(time), clock.beats(time));
            let (channel, key, velocity) = match kind {
                PartEventKind::Pedal(down) => {
                    restyler.push_event(&InputEvent::Pedal { time, beats, down });
                    continue;
                }
                PartEventKind::Note { channel, key, velocity: 0 } => {
                    scheduler.push_event(time, Event::NoteOff { channel, key }, 0);
                    restyler.push_event(&InputEvent::NoteOff { time, position, beats, channel, key });
                    continue;
                }
                PartEventKind::Note { channel, key, velocity } => (channel, key, velocity),
            };
            let id = scheduler.push_event(time, Event::NoteOn { channel, key }, note_ons);
            note_ons += 1;
            if is_restylable(channel, key) {
                let (style, take) = (playback.style, playback.take);
                restyler.push_event(&InputEvent::NoteOn {
                    id,
                    time,
                    position,
                    beats,
                    beat_seconds: transport.beat_seconds(),
                    channel,
                    key,
                    velocity,
                    style,
                    take,
                });
            }
        }
        for (note, estimate) in estimates.drain(..) {
            scheduler.set_estimate(note, estimate);
        }
        while let Some(output) = scheduler.next_due(block_end) {
            if let OutputEvent::Event {
                event: Event::NoteOn { .. },
                payload,
                outcome: Outcome::Restyled(restyled),
                ..
            } = output
            {
                expected[payload] = Some(restyled);
            }
        }
        block_start = block_end;
    }
    Ok(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Prediction, StyleSpread, VelocityModel};
    use crate::styles::StyleList;
    use std::sync::Arc;
    use tonenet_core::scheduler::WindowLength;
    use tonenet_core::style::StyleIndex;

    /// Predicts for each note as many velocity steps as notes came before it.
    #[derive(Default)]
    struct Counting {
        notes: Vec<(NoteId, SampleTime)>,
    }

    impl VelocityModel for Counting {
        fn style(&self, _: StyleIndex) -> Option<StyleSpread> {
            Some(StyleSpread { human: 1.0, predicted: 1.0 })
        }

        fn use_styles(&mut self, _: &Arc<StyleList>) {}

        fn reset(&mut self) {
            self.notes.clear();
        }

        fn push_event(&mut self, event: &InputEvent, _: Option<f32>) {
            if let InputEvent::NoteOn { id, time, .. } = event {
                self.notes.push((*id, *time));
            }
        }

        fn predict(
            &mut self,
            request: &InferenceRequest,
            _: StyleIndex,
            predictions: &mut Vec<(NoteId, Prediction)>,
        ) -> Result<(), InferenceError> {
            let settled = request.hop.settle_from..request.hop.settle_to;
            let due = self.notes.iter().enumerate().filter(|(_, (_, time))| settled.contains(time));
            predictions
                .extend(due.map(|(before, (id, _))| (*id, Prediction { deviation: before as f32, spread: 0.0 })));
            Ok(())
        }
    }

    #[test]
    fn a_silence_of_any_length_takes_few_blocks() {
        let rate = 48_000.0;
        let note = |time, velocity| PartEvent { time, kind: PartEventKind::Note { channel: 0, key: 60, velocity } };
        let far = [0, 1 << 40, 1 << 52, SampleTime::MAX - 48_000];
        let part: Vec<PartEvent> = far.iter().flat_map(|&time| [note(time, 80), note(time + 24_000, 0)]).collect();
        let look_ahead = SchedulerConfig::window(WindowLength::OneBeat, 120.0, rate);
        let style = StyleBlend::only(StyleIndex::JAZZ);
        let playback = Playback { sample_rate: rate, look_ahead, block: 512, style, take: TakeSeed(0) };
        let mut read_at = Vec::new();
        let expected = restyle(&mut Restyler::new(Box::new(Counting::default())), &part, &playback, |time| {
            read_at.push(time);
            Transport::default()
        });
        assert_eq!(expected.unwrap().iter().filter(|e| e.is_some()).count(), far.len());
        assert!(
            read_at.is_sorted() && read_at.iter().any(|time| *time > far[3] - 48_000),
            "the transport is read at the host's times"
        );
        assert!(read_at.len() < 4 * 700 * 48_000 / 512, "{} blocks", read_at.len());
    }
}

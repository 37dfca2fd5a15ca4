//! A part played through scheduler and model without a host: what the plugin must give, note for note.

use tonenet_core::dynamics::Expected;
use tonenet_core::midi::{MidiMessage, Song};
use tonenet_core::note::is_restylable;
use tonenet_core::scheduler::{Estimate, Event, NoteId, Outcome, OutputEvent, SampleTime, Scheduler, SchedulerConfig};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::transport::{StepClock, Transport};
use tonenet_core::window::{InferenceRequest, InputEvent};

use crate::error::InferenceError;
use crate::restyler::Restyler;

/// Something of a part that a model hears, at a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartEvent {
    /// When.
    pub time: SampleTime,
    /// What.
    pub kind: PartEventKind,
}

/// See [`PartEvent`].
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
    /// The sustain pedal: whether it is down.
    Pedal(bool),
}

/// What a silence is shortened to once all that was heard has left, in seconds: time that nobody plays in costs nothing.
const LONGEST_SILENCE: f64 = 600.0;

/// The controller of the sustain pedal.
const SUSTAIN: u8 = 64;

/// How a part is played.
#[derive(Debug, Clone, Copy)]
pub struct Playback {
    /// Samples a second.
    pub sample_rate: f64,
    /// Look-ahead in force.
    pub look_ahead: SchedulerConfig,
    /// Samples from one look at the transport to the next, as a host's block.
    pub block: u32,
    /// Styles of every note.
    pub style: StyleBlend,
    /// Which performance of them.
    pub take: TakeSeed,
}

/// The notes, note-offs and pedal of a song in the order a host sends them; times are rounded to the nearest sample.
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

/// What is expected of each note-on of a part; `None` for one not restylable.
///
/// `transport` tells what the host would say at a sample. Silences of more than ten minutes are shortened to as long.
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
    let mut answers: Vec<(NoteId, Estimate)> = Vec::new();
    let block = SampleTime::from(playback.block.max(1));
    let latency = SampleTime::from(playback.look_ahead.latency);
    let longest = (LONGEST_SILENCE * playback.sample_rate) as SampleTime;
    let last = part.last().map_or(0, |e| e.time);
    let (mut events, mut note_ons) = (part.iter().peekable(), 0);
    // Samples of silence left out so far; times below are without them.
    let (mut block_start, mut skipped, mut all_left) = (0, 0, 0);
    while block_start <= (last - skipped).saturating_add(latency) {
        if let Some(next) = events.peek().filter(|_| block_start > all_left) {
            let silence = (next.time - skipped).saturating_sub(block_start);
            skipped += silence.saturating_sub(longest) / block * block;
        }
        let block_end = block_start + block;
        let transport = transport(block_start + skipped);
        clock.follow(block_start, &transport);
        loop {
            let event = events.next_if(|e| e.time - skipped < block_end);
            let event = event.map(|e| PartEvent { time: e.time - skipped, ..*e });
            while let Some(hop) = scheduler.next_hop(event.map_or(block_end - 1, |e| e.time)) {
                let question = InferenceRequest { hop, position: clock.position(hop.time) };
                restyler.estimate(&question, |note, estimate| answers.push((note.id, estimate)))?;
            }
            let Some(PartEvent { time, kind }) = event else { break };
            all_left = time.saturating_add(latency);
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
        for (note, estimate) in answers.drain(..) {
            scheduler.set_estimate(note, estimate);
        }
        while let Some(leaving) = scheduler.next_due(block_end) {
            if let OutputEvent::Event {
                event: Event::NoteOn { .. }, payload, outcome: Outcome::Restyled(found), ..
            } = leaving
            {
                expected[payload] = Some(found);
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
    use tonenet_core::genre::Genre;
    use tonenet_core::scheduler::WindowLength;

    /// Expects of each note as many steps as notes were heard before it.
    #[derive(Default)]
    struct Counting {
        heard: Vec<(NoteId, SampleTime)>,
    }

    impl VelocityModel for Counting {
        fn style(&self, _: Genre) -> Option<StyleSpread> {
            Some(StyleSpread { human: 1.0, predicted: 1.0 })
        }

        fn reset(&mut self) {
            self.heard.clear();
        }

        fn push_event(&mut self, heard: &InputEvent) {
            if let InputEvent::NoteOn { id, time, .. } = heard {
                self.heard.push((*id, *time));
            }
        }

        fn predict(
            &mut self,
            question: &InferenceRequest,
            _: Genre,
            predictions: &mut Vec<(NoteId, Prediction)>,
        ) -> Result<(), InferenceError> {
            let settled = question.hop.settle_from..question.hop.settle_to;
            let due = self.heard.iter().enumerate().filter(|(_, (_, time))| settled.contains(time));
            predictions
                .extend(due.map(|(before, (id, _))| (*id, Prediction { deviation: before as f32, spread: 0.0 })));
            Ok(())
        }
    }

    #[test]
    fn silence_costs_nothing_however_long() {
        let rate = 48_000.0;
        let note = |time, velocity| PartEvent { time, kind: PartEventKind::Note { channel: 0, key: 60, velocity } };
        let far = [0, 1 << 40, 1 << 52, SampleTime::MAX - 48_000];
        let part: Vec<PartEvent> = far.iter().flat_map(|&time| [note(time, 80), note(time + 24_000, 0)]).collect();
        let look_ahead = SchedulerConfig::window(WindowLength::OneBeat, 120.0, rate);
        let style = StyleBlend::only(Genre::Jazz);
        let playback = Playback { sample_rate: rate, look_ahead, block: 512, style, take: TakeSeed(0) };
        let mut asked = Vec::new();
        let expected = restyle(&mut Restyler::new(Box::new(Counting::default())), &part, &playback, |time| {
            asked.push(time);
            Transport::default()
        });
        assert_eq!(expected.unwrap().iter().filter(|e| e.is_some()).count(), far.len());
        assert!(asked.is_sorted() && asked.iter().any(|time| *time > far[3] - 48_000), "as the host has it");
        assert!(asked.len() < 4 * 700 * 48_000 / 512, "{} blocks", asked.len());
    }
}

//! A part played through scheduler and model without a host: what the plugin must give, note for note.

use tonenet_core::genre::Genre;
use tonenet_core::midi::{MidiMessage, Song};
use tonenet_core::note::is_restylable;
use tonenet_core::scheduler::{Estimate, Event, Leaving, LookAhead, NoteId, Outcome, SampleTime, Scheduler};
use tonenet_core::transport::{StepClock, Transport};
use tonenet_core::window::{Heard, Question};

use crate::error::InferenceError;
use crate::restyler::Restyler;

/// A note-on or note-off at a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartEvent {
    /// When.
    pub time: SampleTime,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// MIDI key, 0–127.
    pub key: u8,
    /// 1–127 for a note-on, 0 for a note-off.
    pub velocity: u8,
}

/// How a part is played.
#[derive(Debug, Clone, Copy)]
pub struct Playback {
    /// Samples a second.
    pub sample_rate: f64,
    /// Look-ahead in force.
    pub look_ahead: LookAhead,
    /// Samples from one look at the transport to the next, as a host's block.
    pub block: u32,
    /// Style of every note.
    pub style: Genre,
}

/// The notes and note-offs of a song in the order a host sends them; times are rounded to the nearest sample.
pub fn part_of(song: &Song, sample_rate: f64) -> Vec<PartEvent> {
    song.messages()
        .iter()
        .filter_map(|message| {
            let MidiMessage::Channel([status, key, value]) = message.message else { return None };
            let velocity = match status & 0xF0 {
                0x90 => value,
                0x80 => 0,
                _ => return None,
            };
            let time = (message.time * sample_rate).round() as SampleTime;
            Some(PartEvent { time, channel: status & 0x0F, key, velocity })
        })
        .collect()
}

/// The velocity at Amount 100 %, before rounding, of each note-on of a part; `None` for one not restylable.
///
/// `transport` tells what the host would say at a sample.
///
/// # Errors
/// When the model fails.
pub fn restyle(
    restyler: &mut Restyler,
    part: &[PartEvent],
    playback: &Playback,
    mut transport: impl FnMut(SampleTime) -> Transport,
) -> Result<Vec<Option<f32>>, InferenceError> {
    restyler.reset();
    let mut clock = StepClock::new(playback.sample_rate);
    let mut scheduler = Scheduler::<usize>::new(part.len(), playback.look_ahead);
    let mut velocities = vec![None; part.iter().filter(|e| e.velocity > 0).count()];
    let mut answers: Vec<(NoteId, Estimate)> = Vec::new();
    let block = SampleTime::from(playback.block.max(1));
    let end = part.last().map_or(0, |e| e.time) + SampleTime::from(playback.look_ahead.latency) + 1;
    let (mut events, mut note_ons) = (part.iter().peekable(), 0);
    let mut block_start = 0;
    while block_start < end {
        let block_end = block_start + block;
        clock.follow(block_start, &transport(block_start));
        loop {
            let event = events.next_if(|e| e.time < block_end);
            while let Some(hop) = scheduler.next_hop(event.map_or(block_end - 1, |e| e.time)) {
                let question = Question { hop, position: clock.position(hop.time) };
                restyler.ask(&question, |note, estimate| answers.push((note, estimate)))?;
            }
            let Some(&PartEvent { time, channel, key, velocity }) = event else { break };
            let position = clock.position(time);
            if velocity == 0 {
                scheduler.hear(time, Event::NoteOff { channel, key }, 0);
                restyler.hear(&Heard::NoteOff { position, channel, key });
                continue;
            }
            let id = scheduler.hear(time, Event::NoteOn { channel, key }, note_ons);
            note_ons += 1;
            if is_restylable(channel, key) {
                let style = playback.style;
                restyler.hear(&Heard::NoteOn { id, time, position, channel, key, velocity, style });
            }
        }
        for (note, estimate) in answers.drain(..) {
            scheduler.answer(note, estimate);
        }
        while let Some(leaving) = scheduler.next_due(block_end) {
            if let Leaving::Event {
                event: Event::NoteOn { .. }, payload, outcome: Outcome::Restyled(velocity), ..
            } = leaving
            {
                velocities[payload] = Some(velocity);
            }
        }
        block_start = block_end;
    }
    Ok(velocities)
}

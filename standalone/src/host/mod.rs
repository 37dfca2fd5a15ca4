//! Hosts the plugin: blocks in, blocks out.
//!
//! [`Processor`] belongs to the thread that a back end drives. In each block it gives the plugin what came in and what the
//! player sends, and gives the back end what leaves, in order. [`Keeper`] belongs to another thread: it restarts the plugin
//! where a new latency needs it, because a restart joins threads and allocates.

mod contexts;
mod gui;
mod keeper;
mod outgoing;
mod sounding;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use nice_plug::midi::PluginNoteEvent;
use nice_plug::prelude::*;
use rtrb::{Consumer, Producer};
use tonenet_plugin::ToneNet;

use crate::player::{Due, Player};
use crate::song::{Message, Route, channel_bytes};
use contexts::BlockContext;
use outgoing::{Outgoing, Payload, Rank};
use sounding::Sounding;

pub use gui::gui_context;
pub use keeper::{Keeper, start};

/// The framework's event with the plugin's system-exclusive messages.
type Event = PluginNoteEvent<ToneNet>;

/// Events of one block that come in or leave, and messages that wait. More are dropped and counted.
const CAPACITY: usize = 16_384;

/// The plugin while it is active.
struct Hosted {
    plugin: ToneNet,
    /// It has no channels: the plugin's audio is silence.
    buffer: Buffer<'static>,
}

/// What both threads share.
#[derive(Debug, Default)]
pub struct HostState {
    /// Whether the plugin wants to be restarted.
    wants_restart: AtomicBool,
    /// Whether everything must end.
    must_finish: AtomicBool,
    /// Whether everything has ended.
    has_finished: AtomicBool,
    /// The plugin's latency in samples.
    latency: AtomicU32,
    /// Notes that sound.
    sounding: AtomicU32,
    /// Events that found no room.
    dropped: AtomicU32,
}

impl HostState {
    /// Ends every note. The back end must go on until [`Self::has_finished`].
    pub fn finish(&self) {
        self.must_finish.store(true, Ordering::Release);
    }

    /// Whether every note has ended after [`Self::finish`].
    pub fn has_finished(&self) -> bool {
        self.has_finished.load(Ordering::Acquire)
    }

    /// The plugin's latency in samples.
    pub fn latency(&self) -> u32 {
        self.latency.load(Ordering::Relaxed)
    }

    /// How many notes sound.
    pub fn sounding(&self) -> u32 {
        self.sounding.load(Ordering::Relaxed)
    }

    /// How many events found no room.
    pub fn dropped(&self) -> u32 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn drop_event(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// A message that waits until the plugin's latency has passed.
#[derive(Debug)]
struct Waiting {
    /// The sample since the start at which it leaves.
    due: u64,
    payload: Payload,
}

/// The part of the host that runs on the back end's thread. It neither allocates nor locks nor calls the system.
pub struct Processor {
    hosted: Option<Box<Hosted>>,
    from_keeper: Consumer<Box<Hosted>>,
    to_keeper: Producer<Box<Hosted>>,
    player: Player,
    state: Arc<HostState>,
    longest_block: u32,
    /// Samples since the start.
    time: u64,
    input: Vec<Event>,
    output: Vec<Event>,
    waiting: VecDeque<Waiting>,
    outgoing: Outgoing,
    sounding: Box<Sounding>,
}

impl Processor {
    /// Takes in a message, which came at a frame of the block that [`Self::process`] processes next. Frames must not decrease.
    pub fn receive(&mut self, frame: u32, bytes: &[u8]) {
        let Ok(event) = NoteEvent::from_midi(frame, bytes) else { return };
        push(&mut self.input, event, &self.state);
    }

    /// Processes a block. `send` gets each message with its frame, in order.
    pub fn process(&mut self, frames: u32, send: impl FnMut(u32, &[u8])) {
        no_alloc(|| self.process_block(frames, send));
    }

    fn process_block(&mut self, frames: u32, mut send: impl FnMut(u32, &[u8])) {
        self.exchange_plugin(&mut send);
        if self.state.must_finish.load(Ordering::Acquire) {
            self.silence(&mut send);
            self.state.has_finished.store(true, Ordering::Release);
            return;
        }
        self.player.obey();
        let mut begin = 0;
        while begin < frames && self.hosted.is_some() {
            let longest = (frames - begin).min(self.longest_block);
            begin += self.play_segment(begin, longest);
        }
        self.input.clear();
        self.leave(&mut send);
        self.time += u64::from(frames);
        self.state.sounding.store(self.sounding.count(), Ordering::Relaxed);
    }

    /// Gives the plugin away if it wants a restart, and takes it back afterwards. While it is away, the song stands still.
    fn exchange_plugin(&mut self, send: &mut impl FnMut(u32, &[u8])) {
        if self.hosted.is_none() {
            self.hosted = self.from_keeper.pop().ok();
        }
        if self.hosted.is_some() && self.state.wants_restart.swap(false, Ordering::AcqRel) {
            self.silence(send);
            if let Some(hosted) = self.hosted.take()
                && let Err(rtrb::PushError::Full(hosted)) = self.to_keeper.push(hosted)
            {
                self.hosted = Some(hosted);
            }
        }
    }

    /// Ends every note at once. What waits is dropped.
    fn silence(&mut self, send: &mut impl FnMut(u32, &[u8])) {
        self.waiting.clear();
        self.sounding.end_all(|bytes| send(0, bytes));
        self.state.sounding.store(0, Ordering::Relaxed);
    }

    /// Plays a segment that begins at a frame of the block. Returns its length.
    fn play_segment(&mut self, begin: u32, longest: u32) -> u32 {
        let Self { hosted, player, input, output, waiting, outgoing, state, .. } = self;
        let Some(hosted) = hosted else { return longest };
        let (time, latency) = (self.time + u64::from(begin), u64::from(state.latency()));
        if player.changes_song() {
            outgoing.keep_short(waiting);
        }
        let live = input.len();
        player.begin_segment(|due| route_message(due, None, (time, latency), (input, waiting, state)));
        let length = player.segment(longest);
        let transport = player.transport();
        player.play_segment(length, |due, index| {
            route_message(due, Some(index), (time, latency), (input, waiting, state));
        });
        // What came in live has frames of the block, and comes first.
        let context_input = SegmentInput { events: input, live, begin, length };
        let mut context = BlockContext::new(transport, context_input, output, state);
        let mut aux = AuxiliaryBuffers { inputs: &mut [], outputs: &mut [] };
        // SAFETY: the buffer has no channels, so no slice has to be as long as the segment.
        unsafe { hosted.buffer.set_slices(length as usize, |_| {}) };
        hosted.plugin.process(&mut hosted.buffer, &mut aux, &mut context);
        input.truncate(live);
        for event in output.drain(..) {
            outgoing.push(begin + event.timing().min(length - 1), Rank::Plugin, Payload::Event(event), state);
        }
        let end = time + u64::from(length);
        while let Some(Waiting { due, .. }) = waiting.front()
            && *due < end
            && let Some(Waiting { due, payload }) = waiting.pop_front()
        {
            let rank = if matches!(payload, Payload::Song(_)) { Rank::Song } else { Rank::Around };
            outgoing.push(begin + due.saturating_sub(time) as u32, rank, payload, state);
        }
        length
    }

    /// Sends what leaves in this block.
    fn leave(&mut self, send: &mut impl FnMut(u32, &[u8])) {
        let (song, sounding) = (self.player.song(), &mut self.sounding);
        self.outgoing.drain_in_order(|frame, payload| {
            let mut send = |bytes: &[u8]| {
                if sounding.follow(bytes) {
                    send(frame, bytes);
                }
            };
            match payload {
                Payload::Short(bytes) => send(channel_bytes(bytes)),
                Payload::Song(index) => match song.events().get(*index).map(|event| &event.message) {
                    Some(Message::SysEx(bytes)) => send(bytes),
                    Some(Message::Channel(bytes)) => send(channel_bytes(bytes)),
                    None => {}
                },
                Payload::Event(event) => match event.as_midi() {
                    Some(nice_plug::midi::MidiResult::Basic(bytes)) => send(channel_bytes(&bytes)),
                    Some(nice_plug::midi::MidiResult::SysEx(bytes, length)) => send(&bytes[..length]),
                    None => {}
                },
            }
        });
    }
}

/// Sends a message of the song into the plugin or around it.
fn route_message(
    due: Due<'_>,
    index: Option<usize>,
    (time, latency): (u64, u64),
    (input, waiting, state): (&mut Vec<Event>, &mut VecDeque<Waiting>, &HostState),
) {
    match (due.route, due.message) {
        (Route::Plugin, Message::Channel(bytes)) => {
            if let Ok(event) = NoteEvent::from_midi(due.frame, bytes) {
                push(input, event, state);
            }
        }
        (Route::Plugin, Message::SysEx(_)) => {}
        (Route::Around, message) => {
            let payload = match (message, index) {
                (Message::Channel(bytes), _) => Payload::Short(*bytes),
                (Message::SysEx(_), Some(index)) => Payload::Song(index),
                (Message::SysEx(_), None) => return,
            };
            let due = time + u64::from(due.frame) + latency;
            if waiting.len() < CAPACITY {
                waiting.push_back(Waiting { due, payload });
            } else {
                state.drop_event();
            }
        }
    }
}

fn push(events: &mut Vec<Event>, event: Event, state: &HostState) {
    if events.len() < events.capacity() {
        events.push(event);
    } else {
        state.drop_event();
    }
}

/// The events of a segment: those of the song have frames of the segment, those that came in live have frames of the block.
struct SegmentInput<'a> {
    events: &'a [Event],
    /// How many of them came in live; they come first.
    live: usize,
    begin: u32,
    length: u32,
}

#[cfg(feature = "assert_process_allocs")]
fn no_alloc<R>(work: impl FnOnce() -> R) -> R {
    nice_assert_no_alloc::assert_no_alloc(work)
}

#[cfg(not(feature = "assert_process_allocs"))]
fn no_alloc<R>(work: impl FnOnce() -> R) -> R {
    work()
}

#[cfg(test)]
mod tests;

//! Hosts the plugin: blocks in, blocks out.
//!
//! [`Processor`] belongs to the thread that a back end drives. In each block it gives the plugin what came in and what the
//! player sends, and gives the back end what leaves, in order. [`Keeper`] belongs to another thread: it restarts the plugin
//! where a new latency needs it, because a restart joins threads and allocates.

mod contexts;
mod gui;
mod keeper;
mod outgoing;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use nice_plug::midi::PluginNoteEvent;
use nice_plug::prelude::*;
use rtrb::{Consumer, Producer};
use tonenet_plugin::ToneNet;

use crate::player::{Due, Player};
use crate::song::{Message, Route, channel_bytes};
use crate::sounding::Sounding;
use contexts::BlockContext;
use outgoing::{Outgoing, Payload};

pub use gui::gui_context;
pub use keeper::{Keeper, start};

/// The framework's event with the plugin's system-exclusive messages.
type Event = PluginNoteEvent<ToneNet>;

/// Events of one block that come in or leave, and messages that wait.
const CAPACITY: usize = 16_384;

/// The plugin while it is active.
struct Hosted {
    plugin: ToneNet,
    /// It has no channels: the plugin's audio is silence.
    buffer: Buffer<'static>,
    /// Samples that were played and not heard when it was given away.
    unheard: u64,
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
    /// Whether the processor has panicked.
    has_failed: AtomicBool,
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

    /// Whether the processor has panicked. Nothing plays any more.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
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

impl Waiting {
    fn begins_note(&self) -> bool {
        matches!(self.payload, Payload::Short([0x90..=0x9F, _, 1..=127]))
    }
}

/// Says that the processor has panicked, if it is dropped by a panic.
struct PanicWatch(Arc<HostState>);

impl Drop for PanicWatch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.has_failed.store(true, Ordering::Release);
        }
    }
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
    /// When all that the song has sent has left.
    busy_until: u64,
    /// How many events had found no room after the last block.
    known_losses: u32,
    input: Vec<Event>,
    output: Vec<Event>,
    waiting: VecDeque<Waiting>,
    outgoing: Outgoing,
    sounding: Box<Sounding>,
}

impl Processor {
    /// Receives a message, which came at a frame of the block that [`Self::process`] processes next. Frames must not decrease.
    /// Clocks and other messages that concern no channel are left out, but for system-exclusive ones.
    pub fn receive(&mut self, frame: u32, bytes: &[u8]) {
        if matches!(bytes, [] | [0xF1..=0xFF, ..]) {
            return;
        }
        let Ok(event) = NoteEvent::from_midi(frame, bytes) else { return };
        push(&mut self.input, event, &self.state);
    }

    /// Processes a block. `send` gets each message with its frame, in order, and returns whether it was sent.
    pub fn process(&mut self, frames: u32, send: impl FnMut(u32, &[u8]) -> bool) {
        let _watch = PanicWatch(self.state.clone());
        no_alloc(|| self.process_block(frames, send));
    }

    fn process_block(&mut self, frames: u32, mut send: impl FnMut(u32, &[u8]) -> bool) {
        self.exchange_plugin(&mut send);
        if self.state.must_finish.load(Ordering::Acquire) {
            self.silence(&mut send);
            self.state.has_finished.store(self.sounding.count() == 0, Ordering::Release);
            return;
        }
        if self.state.dropped() != self.known_losses {
            // One of them may have been the end of a note.
            self.end_all(&mut send);
            self.known_losses = self.state.dropped();
        }
        // A restart that is due comes before what the user does next.
        if !self.wants_restart() {
            self.player.obey();
        }
        let mut begin = 0;
        while begin < frames && self.hosted.is_some() {
            let longest = (frames - begin).min(self.longest_block);
            begin += self.play_segment(begin, longest);
        }
        self.input.clear();
        self.send_due(&mut send);
        self.time += u64::from(frames);
        if self.player.is_playing() {
            self.busy_until = self.time + u64::from(self.state.latency());
        }
        self.state.sounding.store(self.sounding.count(), Ordering::Relaxed);
    }

    fn wants_restart(&self) -> bool {
        self.hosted.is_some() && self.state.wants_restart.load(Ordering::Acquire)
    }

    /// Gives the plugin away if it wants a restart, and takes it back afterwards. While it is away, the song stands still. A
    /// song that has stopped is first heard to its end.
    fn exchange_plugin(&mut self, send: &mut impl FnMut(u32, &[u8]) -> bool) {
        if self.hosted.is_none() {
            self.hosted = self.from_keeper.pop().ok();
        }
        let is_heard_out = self.player.is_playing() || self.time >= self.busy_until;
        if self.wants_restart() && is_heard_out {
            self.state.wants_restart.store(false, Ordering::Release);
            self.silence(send);
            let unheard = self.player.unheard(self.state.latency().into());
            if let Some(mut hosted) = self.hosted.take() {
                hosted.unheard = unheard;
                if let Err(rtrb::PushError::Full(hosted)) = self.to_keeper.push(hosted) {
                    self.hosted = Some(hosted);
                }
            }
        }
    }

    /// Ends every note at once. What waits is dropped.
    fn silence(&mut self, send: &mut impl FnMut(u32, &[u8]) -> bool) {
        self.waiting.clear();
        self.end_all(send);
    }

    /// Ends every note that sounds.
    fn end_all(&mut self, send: &mut impl FnMut(u32, &[u8]) -> bool) {
        self.sounding.end_all(|bytes| send(0, bytes));
        self.state.sounding.store(self.sounding.count(), Ordering::Relaxed);
    }

    /// Plays a segment that begins at a frame of the block. Returns its length.
    fn play_segment(&mut self, begin: u32, longest: u32) -> u32 {
        let Self { hosted, player, input, output, waiting, outgoing, state, .. } = self;
        let Some(hosted) = hosted else { return longest };
        let time = self.time + u64::from(begin);
        if player.changes_song() {
            outgoing.keep_short(waiting);
            // The next one does not wait until the one before is heard out.
            self.busy_until = 0;
        }
        if player.jumps_forward() {
            waiting.retain(|waiting| !waiting.begins_note());
        }
        let live = input.len();
        let mut router = Router { begin, time, latency: state.latency().into(), input, waiting, outgoing, state };
        player.begin_segment(|due| {
            router.route(due, None);
        });
        let length = player.segment(longest);
        let transport = player.transport();
        player.play_segment(length, |due, index| router.route(due, Some(index)));
        // What came in live has frames of the block, and comes first.
        let context_input = SegmentInput { events: input, live, begin, length };
        let mut context = BlockContext::new(transport, context_input, output, state);
        let mut aux = AuxiliaryBuffers { inputs: &mut [], outputs: &mut [] };
        // SAFETY: the buffer has no channels, so no slice has to be as long as the segment.
        unsafe { hosted.buffer.set_slices(length as usize, |_| {}) };
        hosted.plugin.process(&mut hosted.buffer, &mut aux, &mut context);
        input.truncate(live);
        for event in output.drain(..) {
            outgoing.push(begin + event.timing().min(length - 1), Payload::Event(event), state);
        }
        let end = time + u64::from(length);
        while let Some(Waiting { due, .. }) = waiting.front()
            && *due < end
            && let Some(Waiting { due, payload }) = waiting.pop_front()
        {
            outgoing.push(begin + due.saturating_sub(time) as u32, payload, state);
        }
        length
    }

    /// Sends what leaves in this block.
    fn send_due(&mut self, send: &mut impl FnMut(u32, &[u8]) -> bool) {
        let (song, sounding, state) = (self.player.song(), &mut self.sounding, &self.state);
        self.outgoing.drain_in_order(|frame, payload| {
            let mut send = |bytes: &[u8]| match sounding.accepts(bytes).then(|| send(frame, bytes)) {
                Some(true) => sounding.follow(bytes),
                Some(false) => state.drop_event(),
                None => {}
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

/// Sends messages of the song into the plugin or around it.
struct Router<'a> {
    /// The frame of the block at which the segment begins.
    begin: u32,
    /// The sample since the start at which it begins.
    time: u64,
    latency: u64,
    input: &'a mut Vec<Event>,
    waiting: &'a mut VecDeque<Waiting>,
    outgoing: &'a mut Outgoing,
    state: &'a HostState,
}

impl Router<'_> {
    /// Sends a message, which has this index in the song. Returns whether there was room for it.
    fn route(&mut self, due: Due<'_>, index: Option<usize>) -> bool {
        match (due.route, due.message) {
            (Route::Plugin, Message::Channel(bytes)) => match NoteEvent::from_midi(due.frame, bytes) {
                Ok(event) => push(self.input, event, self.state),
                Err(_) => true,
            },
            (Route::Plugin, Message::SysEx(_)) => true,
            (Route::Around, message) => {
                let payload = match (message, index) {
                    (Message::Channel(bytes), _) => Payload::Short(*bytes),
                    (Message::SysEx(_), Some(index)) => Payload::Song(index),
                    (Message::SysEx(_), None) => return true,
                };
                if self.waiting.len() == CAPACITY
                    && let Some(Waiting { payload, .. }) = self.waiting.pop_front()
                {
                    // The oldest leaves early rather than never, as in the plugin.
                    self.outgoing.push(self.begin, payload, self.state);
                }
                let due = self.time + u64::from(due.frame) + self.latency;
                self.waiting.push_back(Waiting { due, payload });
                true
            }
        }
    }
}

/// Adds an event that comes in. Returns whether there was room. The end of a note takes the place of a beginning, if it must: a
/// note that is missing is better than one that does not end.
fn push(events: &mut Vec<Event>, event: Event, state: &HostState) -> bool {
    if events.len() == events.capacity() {
        state.drop_event();
        let begins = |event: &Event| matches!(event, NoteEvent::NoteOn { .. });
        let Some(place) = events.iter().rposition(begins).filter(|_| matches!(event, NoteEvent::NoteOff { .. })) else {
            return false;
        };
        events.remove(place);
    }
    events.push(event);
    true
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

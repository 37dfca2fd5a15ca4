//! The instance's own thread for writing, so that it blocks neither audio nor the window nor the inference thread.
//!
//! The audio thread tells it through a queue what the player plays and that the trigger was pressed. Nobody wakes it in
//! real time, since that is a system call: it looks for itself every few milliseconds. The window wakes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use parking_lot::Mutex;
use rtrb::{Consumer, RingBuffer};
use tonenet_core::clip::{Bars, CapturedPart, Clip};
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::tune::Tune;
use tonenet_inference::generate::{Cancellation, GenerateError};

use super::{ClipStore, Composer, GenerateSettings, Kind, Material, Phrase};
use crate::outbox::{KeySet, Outbox, Owed};
use crate::timeline_store::TimelineStore;

/// What may be told before the thread looks for it: some hundred notes a look.
const TOLD: usize = 4_096;

/// How often it looks for what it was told.
const LOOK: Duration = Duration::from_millis(20);

/// A continuation goes on from so many bars.
const BARS_BEFORE: u32 = 8;

/// So many beats are captured to morph from, or to.
const CAPTURED: f64 = 22.0;

/// From the audio thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told {
    /// The player played this.
    Played(TimelineEvent),
    /// The host's bars have changed.
    Bars(Bars),
    /// The trigger was pressed, so often so far.
    Pressed(u64),
}

/// What of this the thread must still get where it found no room: all but the beginnings of notes.
#[derive(Debug, Default)]
pub struct OwedTold {
    bars: Option<Bars>,
    /// Keys that came up, and where the last of them did.
    offs: KeySet,
    beats: f64,
    presses: Option<u64>,
}

impl Owed for OwedTold {
    type Message = Told;

    fn owe(&mut self, told: Told) {
        match told {
            Told::Bars(bars) => self.bars = Some(bars),
            Told::Pressed(presses) => self.presses = Some(presses),
            Told::Played(TimelineEvent::NoteOff { beats, channel, key }) => {
                self.offs.insert(channel, key);
                self.beats = beats;
            }
            Told::Played(_) => {}
        }
    }

    fn take(&mut self) -> Option<Told> {
        let beats = self.beats;
        let off = |(channel, key)| Told::Played(TimelineEvent::NoteOff { beats, channel, key });
        let bars = self.bars.take().map(Told::Bars);
        bars.or_else(|| self.offs.take().map(off)).or_else(|| self.presses.take().map(Told::Pressed))
    }
}

/// What the audio thread holds of the studio.
#[derive(Debug)]
pub struct StudioLink {
    /// What audio threads tell, the present one's and what the thread has not read yet of those before. The audio thread
    /// has the other ends and never comes here.
    inbox: Mutex<Vec<Consumer<Told>>>,
    /// How often the window has pressed the trigger.
    pub window_presses: AtomicU64,
    /// How often the audio thread has, and how many of these presses have been dealt with.
    presses: AtomicU64,
    answered: AtomicU64,
    /// Pieces of work that writing has come to.
    pieces: Arc<AtomicU64>,
    /// Which phrases the window wants captured.
    captures: [AtomicBool; 2],
    /// Where the song is, in beats, as the bits of a number that may be none.
    place: AtomicU64,
    thread: OnceLock<Thread>,
    is_running: AtomicBool,
    stop: AtomicBool,
}

impl StudioLink {
    /// The thread, to be woken by one that may make system calls; `None` before it was started.
    pub fn thread(&self) -> Option<&Thread> {
        self.thread.get()
    }

    /// Whether the thread runs.
    pub fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Acquire)
    }

    /// Connects a new audio thread.
    pub fn connect(&self) -> Outbox<OwedTold> {
        let (producer, consumer) = RingBuffer::new(TOLD);
        let mut inbox = self.inbox.lock();
        if !self.is_running() {
            // Nobody reads what was told before.
            inbox.clear();
        }
        inbox.push(consumer);
        Outbox::new(producer)
    }

    /// The audio thread sees the trigger pressed; gives what it is to tell the thread.
    pub fn press(&self) -> Told {
        Told::Pressed(self.presses.fetch_add(1, Ordering::Release) + 1)
    }

    /// Grows while the thread gets on with what it was asked for.
    pub fn progress(&self) -> u64 {
        self.answered.load(Ordering::Acquire) + self.pieces.load(Ordering::Relaxed)
    }

    /// Whether all presses of the audio thread have been dealt with.
    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire) >= self.presses.load(Ordering::Acquire)
    }

    /// The song is at this place, in beats.
    pub fn is_at(&self, beats: Option<f64>) {
        self.place.store(beats.unwrap_or(f64::NAN).to_bits(), Ordering::Relaxed);
    }

    /// Where the song is, in beats, if the host has said.
    pub fn place(&self) -> Option<f64> {
        Some(f64::from_bits(self.place.load(Ordering::Relaxed))).filter(|place| place.is_finite())
    }
}

/// How far writing has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Writing {
    /// Nothing is being written.
    #[default]
    Idle,
    /// Something is.
    Busy,
    /// Why nothing was written.
    Refused(String),
}

/// What opens a composer; on the thread, when something is first written.
pub type OpenComposer = Box<dyn FnMut() -> Box<dyn Composer> + Send>;

/// The instance's thread for writing; dropping it ends the thread.
pub struct Studio {
    link: Arc<StudioLink>,
    progress: Arc<Progress>,
    /// What the thread will own.
    idle: Mutex<Option<Desk>>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Progress {
    writing: Mutex<Writing>,
    /// Of what is being written.
    cancellation: Mutex<Arc<Cancellation>>,
}

impl Studio {
    /// A studio without a thread yet, that puts what it writes into `store`, and goes on from what `timeline` remembers
    /// where it has heard nothing itself.
    pub fn new(store: Arc<ClipStore>, timeline: Arc<TimelineStore>, open: OpenComposer) -> Self {
        let link = Arc::new(StudioLink {
            inbox: Mutex::default(),
            window_presses: AtomicU64::new(0),
            presses: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            pieces: Arc::default(),
            captures: Default::default(),
            place: AtomicU64::new(f64::NAN.to_bits()),
            thread: OnceLock::new(),
            is_running: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        let progress = Arc::<Progress>::default();
        let desk = Desk {
            link: link.clone(),
            progress: progress.clone(),
            store,
            timeline,
            open,
            composer: None,
            heard: CapturedPart::default(),
            bars: Bars::default(),
            presses: 0,
            window_presses: 0,
        };
        Self { link, progress, idle: Mutex::new(Some(desk)), handle: Mutex::default() }
    }

    /// What the audio thread holds of it.
    pub fn link(&self) -> &Arc<StudioLink> {
        &self.link
    }

    /// Starts the thread, if there is none yet.
    pub fn start(&self) {
        let mut handle = self.handle.lock();
        let Some(mut desk) = self.idle.lock().take() else { return };
        self.link.is_running.store(true, Ordering::Release);
        let running = Running(self.link.clone());
        let serve = move || {
            let _running = running;
            desk.serve();
        };
        match thread::Builder::new().name("tonenet studio".into()).spawn(serve) {
            Ok(spawned) => {
                let _ = self.link.thread.set(spawned.thread().clone());
                *handle = Some(spawned);
            }
            Err(error) => {
                let refusal = format!("the system gives no thread to write on ({error}); reload the plugin");
                *self.progress.writing.lock() = Writing::Refused(refusal);
            }
        }
    }

    /// Presses the trigger, from the window.
    pub fn press(&self) {
        self.start();
        self.link.window_presses.fetch_add(1, Ordering::Release);
        self.link.thread().into_iter().for_each(Thread::unpark);
    }

    /// Captures what was played last, to morph from or to.
    pub fn capture(&self, place: Phrase) {
        self.start();
        self.link.captures[place as usize].store(true, Ordering::Release);
        self.link.thread().into_iter().for_each(Thread::unpark);
    }

    /// Gives up what is being written.
    pub fn cancel(&self) {
        self.progress.cancellation.lock().cancel();
    }

    /// How far it has come.
    pub fn writing(&self) -> Writing {
        self.progress.writing.lock().clone()
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.link.stop.store(true, Ordering::Release);
        self.cancel();
        if let Some(handle) = self.handle.lock().take() {
            handle.thread().unpark();
            // Its panics were caught inside.
            let _ = handle.join();
        }
    }
}

/// Says that the thread no longer runs when it ends, however it does.
struct Running(Arc<StudioLink>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::Release);
    }
}

/// What the thread owns.
struct Desk {
    link: Arc<StudioLink>,
    progress: Arc<Progress>,
    store: Arc<ClipStore>,
    timeline: Arc<TimelineStore>,
    open: OpenComposer,
    /// `None` until something is written, and after a panic.
    composer: Option<Box<dyn Composer>>,
    heard: CapturedPart,
    bars: Bars,
    /// Presses of the audio thread's that were seen, and of the window's.
    presses: u64,
    window_presses: u64,
}

impl Desk {
    fn serve(&mut self) {
        while !self.link.stop.load(Ordering::Acquire) {
            let has_written = self.guarded(Self::look);
            // Whatever became of them, nobody is to wait for them any longer.
            self.link.answered.store(self.presses, Ordering::Release);
            if !has_written {
                thread::park_timeout(LOOK);
            }
        }
    }

    /// Does a task; a panic must not end the thread.
    fn guarded(&mut self, task: impl FnOnce(&mut Self) -> bool) -> bool {
        let done = catch_unwind(AssertUnwindSafe(|| task(self)));
        done.unwrap_or_else(|_| {
            let composer = self.composer.take();
            // What broke may break once more as it goes.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(composer)));
            let refusal = "writing stopped unexpectedly; try another seed or reload the plugin";
            *self.progress.writing.lock() = Writing::Refused(refusal.into());
            false
        })
    }

    /// Looks for what there is to do; whether something was written.
    fn look(&mut self) -> bool {
        let presses = self.presses;
        self.listen();
        let window_presses = self.link.window_presses.load(Ordering::Acquire);
        let is_pressed = presses != self.presses || window_presses != self.window_presses;
        self.window_presses = window_presses;
        self.capture();
        if is_pressed {
            self.write();
        }
        is_pressed
    }

    /// Takes in what it was told. For all presses of the trigger since the last look one piece is the answer.
    fn listen(&mut self) {
        let mut inbox = self.link.inbox.lock();
        for told in inbox.iter_mut().flat_map(|told| std::iter::from_fn(|| told.pop().ok())) {
            match told {
                Told::Played(played) => self.heard.record(&played),
                Told::Bars(bars) => self.bars = bars,
                Told::Pressed(presses) => self.presses = presses,
            }
        }
        inbox.retain(|told| !told.is_abandoned() || !told.is_empty());
    }

    /// Captures what the window wants captured.
    fn capture(&mut self) {
        for place in Phrase::ALL {
            if self.link.captures[place as usize].swap(false, Ordering::AcqRel) {
                let bars = (CAPTURED / self.bars.length()).floor().max(1.0) as u32;
                *self.progress.writing.lock() = match self.last_bars(bars) {
                    Ok(phrase) => {
                        self.store.capture(place, phrase);
                        Writing::Idle
                    }
                    Err(error) => Writing::Refused(error.to_string()),
                };
            }
        }
    }

    fn write(&mut self) {
        let cancellation = Arc::new(Cancellation::counting(self.link.pieces.clone()));
        *self.progress.cancellation.lock() = cancellation.clone();
        if self.link.stop.load(Ordering::Acquire) {
            return;
        }
        *self.progress.writing.lock() = Writing::Busy;
        let wish = self.store.begin();
        let outcome = match self.compose(&wish, &cancellation) {
            Ok(clip) => {
                self.store.add(clip);
                Writing::Idle
            }
            Err(GenerateError::Cancelled) => Writing::Idle,
            Err(error) => Writing::Refused(error.to_string()),
        };
        *self.progress.writing.lock() = outcome;
    }

    fn compose(&mut self, wish: &GenerateSettings, cancellation: &Cancellation) -> Result<Clip, GenerateError> {
        let material = match wish.kind {
            Kind::Variation => Material::Tune,
            Kind::Continuation => Material::Before(self.before()?),
            Kind::Texture => Material::Noise,
            Kind::Morph => Material::Between(self.store.phrases().ok_or_else(|| {
                GenerateError::InvalidSettings(
                    "there are no two phrases to morph between; capture A and B first".into(),
                )
            })?),
        };
        let composer = self.composer.get_or_insert_with(&mut self.open);
        composer.compose(wish, material, cancellation)
    }

    /// What a continuation goes on from.
    fn before(&self) -> Result<Tune, GenerateError> {
        let tune = self.last_bars(BARS_BEFORE)?.tune();
        tune.map_err(|e| GenerateError::InvalidSettings(format!("nothing goes on from what was played: {e}")))
    }

    /// What was played last, or else what is remembered before the song's place.
    fn last_bars(&self, bars: u32) -> Result<Clip, GenerateError> {
        let remembered;
        let heard = if self.heard.is_empty() {
            let place = self.link.place().unwrap_or(f64::INFINITY);
            remembered = CapturedPart::from_timeline(&self.timeline.get().0, place);
            &remembered
        } else {
            &self.heard
        };
        let clip = heard.last_bars(bars, &self.bars);
        clip.ok_or_else(|| GenerateError::InvalidSettings("nothing was played yet; play something first".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tonenet_core::clip::ClipNote;
    use tonenet_core::timeline::TimelineSnapshot;

    /// Writes one note, whose key says the seed and what it went on from.
    struct Double;

    impl Composer for Double {
        fn compose(
            &mut self,
            wish: &GenerateSettings,
            material: Material,
            cancel: &Cancellation,
        ) -> Result<Clip, GenerateError> {
            match wish.bars {
                13 => panic!("a test"),
                // Until it is cancelled.
                32 => loop {
                    cancel.check()?;
                    thread::yield_now();
                },
                _ => {}
            }
            let key = match material {
                Material::Tune | Material::Noise => wish.seed as u8,
                Material::Before(tune) => tune.notes.last().unwrap().key,
                Material::Between([from, to]) => from.notes()[0].key + to.notes()[0].key,
            };
            Ok(Clip::new(4.0, (4, 4), vec![ClipNote { onset: 0.0, length: 1.0, key, velocity: 80 }]).unwrap())
        }
    }

    fn studio(timeline: Arc<TimelineStore>) -> (Studio, Arc<ClipStore>) {
        let store = Arc::<ClipStore>::default();
        let studio = Studio::new(store.clone(), timeline, Box::new(|| Box::new(Double)));
        (studio, store)
    }

    fn wait_until(is_over: impl Fn() -> bool) {
        let since = Instant::now();
        while !is_over() {
            assert!(since.elapsed() < Duration::from_secs(20), "it does not get on");
            thread::yield_now();
        }
    }

    fn keys(store: &ClipStore) -> Vec<u8> {
        let mut keys = Vec::new();
        while store.shown().place > 0 {
            store.step(true);
        }
        for place in 0..store.shown().count {
            keys.extend(store.shown().clip.map(|clip| clip.notes()[0].key));
            store.step(false);
            assert_eq!(store.shown().place, (place + 1).min(store.shown().count - 1));
        }
        keys
    }

    fn press(studio: &Studio, store: &ClipStore) {
        let count = store.shown().count;
        studio.press();
        wait_until(|| store.shown().count > count || matches!(studio.writing(), Writing::Refused(_)));
    }

    #[test]
    fn each_press_writes_the_next_piece() {
        let (studio, store) = studio(Arc::default());
        press(&studio, &store);
        press(&studio, &store);
        let mut outbox = studio.link().connect();
        assert!(studio.link().is_answered() && outbox.try_send(studio.link().press()));
        wait_until(|| studio.link().is_answered());
        assert_eq!(keys(&store), [1, 2, 3]);
        assert_eq!(studio.writing(), Writing::Idle);
    }

    #[test]
    fn it_goes_on_from_what_was_played_or_else_remembered() {
        let timeline = Arc::<TimelineStore>::default();
        let (studio, store) = studio(timeline.clone());
        store.change_wish(|wish| wish.kind = Kind::Continuation);
        press(&studio, &store);
        assert!(matches!(studio.writing(), Writing::Refused(told) if told.contains("play something first")));
        let on = |beats, key| TimelineEvent::NoteOn { beats, beat_seconds: 0.5, channel: 0, key, velocity: 64 };
        let mut heard = CapturedPart::default();
        heard.record(&on(2.0, 72));
        let song = heard.last_bars(1, &Bars::default()).unwrap().to_midi(120.0);
        timeline.replace(TimelineSnapshot::from_song(&tonenet_core::midi::Song::parse(song).unwrap(), 0.0));
        *studio.progress.writing.lock() = Writing::Idle;
        press(&studio, &store);
        let mut outbox = studio.link().connect();
        for played in [on(8.0, 60), on(9.0, 65)] {
            assert!(outbox.try_send(Told::Played(played)));
        }
        press(&studio, &store);
        assert_eq!(keys(&store), [72, 65]);
    }

    #[test]
    fn what_is_being_written_can_be_cancelled_and_ends_with_the_instance() {
        let (studio, store) = studio(Arc::default());
        store.change_wish(|wish| wish.bars = 32);
        studio.press();
        wait_until(|| studio.writing() == Writing::Busy);
        studio.cancel();
        wait_until(|| studio.writing() == Writing::Idle);
        assert_eq!(store.shown().count, 0);
        studio.press();
        wait_until(|| studio.writing() == Writing::Busy);
        drop(studio);
    }

    #[test]
    fn a_panic_is_told_and_the_next_press_writes_again() {
        let (studio, store) = studio(Arc::default());
        store.change_wish(|wish| wish.bars = 13);
        press(&studio, &store);
        assert!(matches!(studio.writing(), Writing::Refused(told) if told.contains("unexpectedly")));
        store.change_wish(|wish| wish.bars = 8);
        studio.press();
        wait_until(|| store.shown().count == 1);
    }

    #[test]
    fn bars_note_offs_and_presses_are_owed_and_beginnings_of_notes_are_not() {
        let mut owed = OwedTold::default();
        let bars = |upper| Told::Bars(Bars::from_host(Some((upper, 4)), None, None, None));
        let on =
            Told::Played(TimelineEvent::NoteOn { beats: 1.0, beat_seconds: 0.5, channel: 0, key: 62, velocity: 64 });
        let off = |beats, key| Told::Played(TimelineEvent::NoteOff { beats, channel: 0, key });
        for told in [bars(3), off(1.0, 64), Told::Pressed(1), on, off(2.0, 60), Told::Pressed(2), bars(5)] {
            owed.owe(told);
        }
        let due: Vec<Told> = std::iter::from_fn(|| owed.take()).collect();
        assert_eq!(due, [bars(5), off(2.0, 60), off(2.0, 64), Told::Pressed(2)]);
    }

    /// Breaks over each piece, and once more as it goes.
    struct Broken;

    impl Composer for Broken {
        fn compose(&mut self, _: &GenerateSettings, _: Material, _: &Cancellation) -> Result<Clip, GenerateError> {
            panic!("a test")
        }
    }

    impl Drop for Broken {
        fn drop(&mut self) {
            assert!(thread::panicking(), "another test");
        }
    }

    #[test]
    fn a_composer_that_breaks_as_it_goes_leaves_the_thread_running() {
        let (store, mut is_first) = (Arc::<ClipStore>::default(), true);
        let open = move || -> Box<dyn Composer> {
            if std::mem::take(&mut is_first) { Box::new(Broken) } else { Box::new(Double) }
        };
        let studio = Studio::new(store.clone(), Arc::default(), Box::new(open));
        studio.start();
        let mut outbox = studio.link().connect();
        assert!(outbox.try_send(studio.link().press()));
        wait_until(|| studio.link().is_answered());
        assert!(matches!(studio.writing(), Writing::Refused(told) if told.contains("unexpectedly")));
        assert!(studio.link().is_running() && outbox.try_send(studio.link().press()));
        wait_until(|| studio.link().is_answered());
        assert_eq!((store.shown().count, studio.writing()), (1, Writing::Idle));
    }

    #[test]
    fn what_found_no_room_is_told_later_and_two_presses_are_answered_together() {
        let (studio, store) = studio(Arc::default());
        let mut outbox = studio.link().connect();
        let on =
            |key| Told::Played(TimelineEvent::NoteOn { beats: 1.0, beat_seconds: 0.5, channel: 0, key, velocity: 64 });
        while outbox.try_send(on(60)) {}
        for told in [studio.link().press(), on(61), studio.link().press()] {
            outbox.give_up(told);
        }
        assert!(!studio.link().is_answered() && !studio.link().is_running());
        studio.start();
        let since = Instant::now();
        while !(outbox.settle() && studio.link().is_answered()) {
            assert!(since.elapsed() < Duration::from_secs(20), "it does not get on");
            thread::yield_now();
        }
        assert_eq!(keys(&store), [1]);
    }

    #[test]
    fn phrases_are_captured_and_morphed_between() {
        let (studio, store) = studio(Arc::default());
        studio.capture(Phrase::First);
        wait_until(|| matches!(studio.writing(), Writing::Refused(told) if told.contains("play something first")));
        store.change_wish(|wish| wish.kind = Kind::Morph);
        let on = |beats, key| TimelineEvent::NoteOn { beats, beat_seconds: 0.5, channel: 0, key, velocity: 64 };
        let mut outbox = studio.link().connect();
        for (place, key) in [(Phrase::First, 40), (Phrase::Second, 60)] {
            assert!(outbox.try_send(Told::Played(on(f64::from(key), key))));
            studio.capture(place);
            wait_until(|| store.shown().phrases[place as usize].is_some());
            if place == Phrase::First {
                press(&studio, &store);
                assert!(matches!(studio.writing(), Writing::Refused(told) if told.contains("capture A and B")));
            }
        }
        *studio.progress.writing.lock() = Writing::Idle;
        press(&studio, &store);
        assert_eq!((store.shown().phrases, keys(&store)), ([Some(1), Some(1)], vec![100]));
    }
}

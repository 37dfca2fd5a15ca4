//! Plays a script through the whole engine and its inference thread; the model predicts, fails or is missing.

use std::sync::Arc;

use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expression;
use tonenet_core::feel::{Feel, FeelControls, PedalMode, QuantisedFeel};
use tonenet_core::scheduler::{DisplacementBounds, Event, NoteId, SampleTime};
use tonenet_core::scope::{Scope, ScopePart};
use tonenet_core::style::{
    MAX_STYLES, QuantisedExpectation, StyleBlend, StyleColumn, StyleIndex, StyleKey, TakeSeed, built_in_keys,
};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::transport::{Transport, TransportChange};
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_engine::clip_track::ClipTrack;
use tonenet_engine::generator::{ClipStore, GeneratorThread};
use tonenet_engine::inference_thread::{InferenceThread, LoadedSession, Predictor, RestylePerformance};
use tonenet_engine::status::Status;
use tonenet_engine::timeline_store::TimelineStore;
use tonenet_engine::{Block, Engine, HostEvent, PlainEvent, SessionConfig, Settings, Voice};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::model::{Prediction, StyleSpread, VelocityModel};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::styles::StyleList;

use super::Played;
use super::feel::FeelScript;
use super::hands::Hands;
use super::oracle::{self, BlockRules, Oracle, PedalOracle};
use super::script::{EventScript, LONGEST_BLOCK, Script, SettingsScript, Song, closing_blocks};

/// Plays a script and checks everything that is emitted.
pub fn play(script: &Script) -> Played {
    let mut player = Player::new(script);
    let mut song = Song::new(script);
    let mut hands = Hands::default();
    let mut settings = None;
    for block in script.blocks() {
        if block.resets() {
            player.reset();
            song.reset();
        }
        let (transport, change) = song.block(player.now, block);
        let events: Vec<_> = block.events(&mut hands).map(|(at, event)| host_event(at, event)).collect();
        let set = settings.insert(settings_from_script(block.settings, script.moves()));
        player.block(block.samples(), transport, change, set, &events);
    }
    let settings = settings.unwrap_or_else(|| settings_from_script(SettingsScript::default(), false));
    for (samples, transport) in closing_blocks(script) {
        let change = song.observe(player.now, samples, &transport);
        player.block(samples, transport, change, &settings, &[]);
    }
    player.oracle.session_ends();
    player.pedal.session_ends();
    player.played
}

/// The event as a host sends it.
fn host_event(timing: u32, event: EventScript) -> PlainEvent {
    let voice = |channel: u8, key: u8| Voice::new(Some(timing as i32), channel % 16, key % 128);
    let share = |value: u8| f32::from(value) / 255.0;
    match event {
        EventScript::On { channel, key, velocity } => {
            PlainEvent::NoteOn { timing, voice: voice(channel, key), velocity: share(velocity) }
        }
        EventScript::Off { channel, key } => PlainEvent::NoteOff { timing, voice: voice(channel, key), velocity: 0.5 },
        EventScript::Choke { channel, key } => PlainEvent::Choke { timing, voice: voice(channel, key) },
        EventScript::AllNotesOff { channel, sound } => {
            let number = if sound { 120 } else { 123 };
            PlainEvent::Controller { timing, channel: channel % 16, number, value: 0.0 }
        }
        EventScript::Pedal { channel, value } => {
            // Never quite up or down, as only the style's pedal is.
            PlainEvent::Controller { timing, channel: channel % 16, number: 64, value: 0.25 + share(value) / 2.0 }
        }
        EventScript::Bend { value } => PlainEvent::Other { timing, data: value.into() },
        EventScript::Wildcard { velocity } => {
            let voice = Voice { id: Some(timing as i32), channel: None, key: None };
            PlainEvent::NoteOn { timing, voice, velocity: share(velocity) }
        }
        EventScript::SysEx { byte } => PlainEvent::Other { timing, data: 0xF0_00_F7 | u32::from(byte & 0x7F) << 8 },
        EventScript::Stroke { .. } => unreachable!("a stroke was played as notes"),
    }
}

/// Settings within the ranges of the plugin's parameters.
fn settings_from_script(script: SettingsScript, moves: bool) -> Settings {
    let SettingsScript { choices, amount, bounds, bypass, feel } = script;
    let share = |value: u8| f32::from(value) / 255.0;
    let pick = |by: u8| StyleIndex::new(usize::from(choices / by) % MAX_STYLES).unwrap_or(StyleIndex::JAZZ);
    Settings {
        style: StyleBlend { a: pick(1), b: pick(3), share_of_b: share(choices) },
        take: TakeSeed((choices % 100).into()),
        expression: Expression {
            amount: share(amount),
            keep_accents: share(bounds.0),
            level: f32::from(bounds.1 % 81) - 40.0,
            range: 2.0 * share(choices),
            floor: bounds.0.clamp(1, 127),
            ceiling: bounds.1.clamp(1, 127),
        },
        scope: Scope {
            low: bounds.0 / 4,
            high: 127 - bounds.1 / 4,
            part: [ScopePart::All, ScopePart::Melody, ScopePart::Bass, ScopePart::Inner][usize::from(amount % 4)],
        },
        model: EmbeddedModel::ALL[usize::from(choices % 3)],
        condition_on_player: choices % 2 == 1,
        feel: if moves { feel.controls() } else { FeelControls::OFF },
        bypass: bypass >= 224,
        compare: choices % 16 == 15,
    }
}

/// A model that predicts what the script says for each note, fails at one note if told to, and checks its input.
struct ScriptedModel {
    notes: Vec<(NoteId, SampleTime)>,
    deviations: [f32; 3],
    feels: [Feel; 3],
    fails_at: Option<u64>,
    /// The notes of the last request.
    requested: Vec<NoteId>,
}

impl VelocityModel for ScriptedModel {
    fn style(&self, style: StyleIndex) -> Option<StyleSpread> {
        (style != StyleIndex::POP).then_some(StyleSpread { human: 12.0, predicted: 8.0 })
    }

    fn use_styles(&mut self, _: &Arc<StyleList>) {}

    fn reset(&mut self) {
        self.notes.clear();
    }

    fn push_event(&mut self, event: &InputEvent, player_level: Option<f32>) {
        assert!(player_level.is_none_or(|level| (1.0..=127.0).contains(&level)), "{player_level:?}");
        match *event {
            InputEvent::NoteOn { id, time, position, beats, key, velocity, .. } => {
                assert!(position.is_finite() && beats.is_none_or(f64::is_finite), "{event:?}");
                assert!((21..=108).contains(&key) && (1..=127).contains(&velocity), "{event:?}");
                assert!(self.notes.last().is_none_or(|(last, at)| *last < id && *at <= time), "{event:?}");
                self.notes.push((id, time));
            }
            InputEvent::NoteOff { position, .. } => assert!(position.is_finite(), "{event:?}"),
            InputEvent::Pedal { .. } => {}
        }
    }

    fn predict(
        &mut self,
        request: &InferenceRequest,
        style: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        let due = request.hop.settle_from..request.hop.settle_to;
        self.requested.clear();
        for &(id, _) in self.notes.iter().filter(|(_, time)| due.contains(time)) {
            if self.fails_at == Some(id.0) {
                return Err(InferenceError::no_such_style(style));
            }
            self.requested.push(id);
            predictions.push((id, Prediction { deviation: self.deviations[(id.0 % 3) as usize], spread: 4.0 }));
        }
        Ok(())
    }

    fn feel(&mut self, _: StyleIndex, feel: &mut Vec<(NoteId, Feel)>) {
        feel.extend(self.requested.iter().map(|&id| (id, self.feels[(id.0 % 3) as usize])));
    }
}

/// An event that was pushed, when, and the expression set at that time.
struct PushedEvent {
    time: SampleTime,
    event: PlainEvent,
    expression: Expression,
}

struct Player {
    engine: Engine<PlainEvent>,
    oracle: Box<dyn Oracle>,
    pedal: PedalOracle,
    bounds: DisplacementBounds,
    latency: u64,
    played: Played,
    now: SampleTime,
    offline: bool,
    pushed: Vec<PushedEvent>,
}

impl Player {
    fn new(script: &Script) -> Self {
        let status = Arc::<Status>::default();
        let (deviations, fails_at) = (script.deviations, u64::from(script.fails_at));
        let feels = script.feels.map(FeelScript::feel);
        let open = move |model, _: &Status, _: &Cancellation| {
            let fails_at = match model {
                EmbeddedModel::Note => None,
                EmbeddedModel::Attention => Some(fails_at),
                EmbeddedModel::Baseline => return Err("the model is missing".into()),
            };
            let (notes, requested) = (Vec::new(), Vec::new());
            let restyler = Restyler::new(Box::new(ScriptedModel { notes, deviations, feels, fails_at, requested }));
            let restyle_performance: RestylePerformance =
                Box::new(move |take: &TimelineSnapshot, predictor, _: &Cancellation| {
                    let column = |(key, deviation): (StyleKey, f32)| {
                        let predictions = vec![QuantisedExpectation::new(deviation, 4.0); take.notes().len()];
                        let feels = feels.iter().cycle().map(|feel| QuantisedFeel::from(*feel));
                        let feels = feels.take(take.notes().len()).collect();
                        (key, StyleColumn::new(1.0, predictions).with_feel(feels))
                    };
                    let keys = built_in_keys().into_iter().flatten();
                    Ok(take.restyled(predictor.id().into(), keys.zip(deviations).map(column)))
                });
            Ok(LoadedSession { restyler, restyle_performance, styles: Arc::default() })
        };
        let memory = script.remembers().then(Arc::<TimelineStore>::default);
        let inference = InferenceThread::start(status.clone(), Arc::default(), memory, open)
            .unwrap_or_else(|e| panic!("the system gives no thread: {e}"));
        let scheduler = script.scheduler_config();
        // Nobody presses the trigger, so the engine emits nothing but what was pushed.
        let store = Arc::<ClipStore>::default();
        let generator =
            GeneratorThread::new(store.clone(), Arc::default(), Box::new(|| panic!("nobody asked for a clip")));
        let clips = ClipTrack::new(store, generator.link().clone(), false);
        let predictor = Predictor { model: EmbeddedModel::Note, condition_on_player: false };
        let config = SessionConfig {
            sample_rate: script.sample_rate(),
            longest_block: LONGEST_BLOCK.into(),
            scheduler,
            predictor,
        };
        Self {
            engine: Engine::new(config, inference, clips, status),
            oracle: oracle::for_script(script),
            pedal: PedalOracle::new(),
            bounds: oracle::bounds(script),
            latency: scheduler.latency.into(),
            played: Played::default(),
            now: 0,
            offline: script.offline,
            pushed: Vec::new(),
        }
    }

    fn reset(&mut self) {
        self.engine.reset();
        self.oracle.reset();
        self.pedal.reset();
        self.now = 0;
    }

    fn block(
        &mut self,
        samples: u32,
        transport: Transport,
        change: Option<TransportChange>,
        settings: &Settings,
        events: &[PlainEvent],
    ) {
        let mode = if settings.bypass || settings.compare { PedalMode::Mine } else { settings.feel.pedal };
        let bounds = if settings.feel.moves() { self.bounds } else { DisplacementBounds::NONE };
        self.pedal.block_begins(mode);
        self.oracle.block_begins(self.now);
        self.oracle.set_rules(self.now, BlockRules { bounds, drops_pedal: mode == PedalMode::Replace });
        let mut interrupted = None;
        match change {
            Some(TransportChange::Stopped { at }) => interrupted = Some(at),
            Some(TransportChange::Wrapped { at, .. }) => self.oracle.transport_interrupted(at),
            Some(TransportChange::Sought) => self.oracle.transport_jumped(self.now),
            Some(TransportChange::Started | TransportChange::RanOn) | None => {}
        }
        let last = samples.saturating_sub(1);
        for &event in events {
            let time = self.now + u64::from(event.timing().min(last));
            interrupted.take_if(|at| *at <= time).into_iter().for_each(|at| self.oracle.transport_interrupted(at));
            self.push_event(time, event, settings.expression);
        }
        interrupted.into_iter().for_each(|at| self.oracle.transport_interrupted(at));
        let mut out = Vec::new();
        let first = self.pushed.len() - events.len();
        let mut next = self.pushed[first..].iter().map(|pushed| pushed.event);
        let block = Block { samples, transport, bars: Bars::default(), trigger_held: false, offline: self.offline };
        self.engine.process(&block, settings, || next.next(), |event| out.push(event));
        for event in out {
            assert!(event.timing() <= last, "{event:?} is emitted beyond a block of {samples}");
            self.check_output(event, settings.bypass);
        }
        self.now += u64::from(samples);
        self.oracle.block_ends(self.now);
    }

    /// Pushes an event; every voice gets an id of its own, and every pedal a value.
    fn push_event(&mut self, time: SampleTime, mut event: PlainEvent, expression: Expression) {
        let number = self.pushed.len();
        match &mut event {
            PlainEvent::NoteOn { voice, .. } | PlainEvent::NoteOff { voice, .. } | PlainEvent::Choke { voice, .. } => {
                voice.id = Some(number as i32);
            }
            PlainEvent::Controller { number: 64, value, .. } => *value += number as f32 / (1 << 20) as f32,
            _ => {}
        }
        if let (Some(is_down), Some((channel, ..))) = (event.sustain(), event.controller()) {
            self.pedal.player_moves(channel, is_down);
        }
        let (event_kind, is_pedal) = (event.kind(), event.sustain().is_some());
        self.oracle.event_pushed(oracle::PushedEvent { time, event: event_kind, number, is_pedal });
        self.pushed.push(PushedEvent { time, event, expression });
    }

    fn check_output(&mut self, event: PlainEvent, bypass: bool) {
        let time = self.now + u64::from(event.timing());
        if let PlainEvent::Controller { timing, channel, number: 64, value: value @ (0.0 | 1.0) } = event {
            return self.pedal.movement_added(timing, channel, value == 1.0);
        }
        // The script gives every voice an id, so only the engine's own releases have none.
        if let PlainEvent::NoteOff { voice: Voice { id: None, channel: Some(channel), key: Some(key) }, .. } = event {
            return self.oracle.release_emitted(time, channel, key);
        }
        let number = self.oracle.event_emitted(time, &|number| is_same(&self.pushed[number].event, &event));
        let PushedEvent { time: pushed_at, event: pushed, expression } = &self.pushed[number];
        self.played.count(pushed.kind(), time.abs_diff(pushed_at + self.latency));
        if let (Some(is_down), Some((channel, ..))) = (pushed.sustain(), pushed.controller()) {
            self.pedal.player_heard(channel, is_down);
        }
        let mut emitted = event.with_timing(0);
        if let (PlainEvent::NoteOn { velocity, .. }, PlainEvent::NoteOn { velocity: own, .. }) = (&mut emitted, pushed)
        {
            let may_change = is_restylable(pushed) && !bypass && expression.amount > 0.0;
            let steps = *velocity * 127.0;
            let is_velocity = (1..=127u8).any(|step| f32::from(step) / 127.0 == *velocity);
            let kept = velocity.to_bits() == own.to_bits();
            assert!(kept || may_change && is_velocity, "{own} becomes {velocity}, {steps} steps");
            *velocity = *own;
        }
        assert_eq!(emitted, pushed.with_timing(0), "an event changes on its way");
    }
}

/// Whether what was emitted is an event that was pushed, its time and velocity aside.
fn is_same(pushed: &PlainEvent, emitted: &PlainEvent) -> bool {
    let plain = |event: &PlainEvent| event.with_velocity(0.0).with_timing(0);
    plain(pushed) == plain(emitted)
}

/// Whether models give the note a velocity.
fn is_restylable(event: &PlainEvent) -> bool {
    let kind = event.kind();
    matches!(kind, Event::NoteOn { .. }) && kind.is_restylable()
}

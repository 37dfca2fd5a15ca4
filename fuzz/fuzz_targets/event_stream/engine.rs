//! Plays a script through the whole engine and its inference thread; the model predicts, fails or is missing.

use std::sync::Arc;

use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expression;
use tonenet_core::feel::FeelControls;
use tonenet_core::scheduler::{Event, NoteId, SampleTime};
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

use super::oracle::Oracle;
use super::script::{EventScript, LONGEST_BLOCK, Script, SettingsScript, Song, Step, closing_blocks};

/// Plays a script and checks everything that is emitted.
pub fn play(script: &Script) {
    let mut player = Player::new(script);
    let mut song = Song::new(script);
    let mut settings = None;
    for step in script.steps() {
        match step {
            Step::Block(block) => {
                let (transport, change) = song.block(player.now, block);
                let events: Vec<_> = block.events().map(|(at, event)| host_event(at, event)).collect();
                let set = settings.insert(settings_from_script(block.settings));
                player.block(block.samples(), transport, change, set, &events);
            }
            Step::Reset => {
                player.reset();
                song.reset();
            }
        }
    }
    let settings = settings.unwrap_or_else(|| settings_from_script(SettingsScript::default()));
    for (samples, transport) in closing_blocks(script.sample_rate(), script.scheduler_config().latency) {
        let change = song.observe(player.now, samples, &transport);
        player.block(samples, transport, change, &settings, &[]);
    }
    player.oracle.session_ends();
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
        EventScript::Pedal { value } => PlainEvent::Controller { timing, channel: 0, number: 64, value: share(value) },
        EventScript::Bend { value } => PlainEvent::Other { timing, data: value.into() },
        EventScript::Wildcard { velocity } => {
            let voice = Voice { id: Some(timing as i32), channel: None, key: None };
            PlainEvent::NoteOn { timing, voice, velocity: share(velocity) }
        }
        EventScript::SysEx { byte } => PlainEvent::Other { timing, data: 0xF0_00_F7 | u32::from(byte & 0x7F) << 8 },
    }
}

/// Settings within the ranges of the plugin's parameters.
fn settings_from_script(script: SettingsScript) -> Settings {
    let SettingsScript { choices, amount, bounds, bypass } = script;
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
        feel: FeelControls::OFF,
        bypass,
        compare: choices % 16 == 15,
    }
}

/// A model that predicts what the script says for each note, fails at one note if told to, and checks its input.
struct ScriptedModel {
    notes: Vec<(NoteId, SampleTime)>,
    deviations: [f32; 3],
    fails_at: Option<u64>,
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
        for &(id, _) in self.notes.iter().filter(|(_, time)| due.contains(time)) {
            if self.fails_at == Some(id.0) {
                return Err(InferenceError::no_such_style(style));
            }
            predictions.push((id, Prediction { deviation: self.deviations[(id.0 % 3) as usize], spread: 4.0 }));
        }
        Ok(())
    }
}

/// An event that was pushed, and the expression set at that time.
struct PushedEvent {
    event: PlainEvent,
    expression: Expression,
}

struct Player {
    engine: Engine<PlainEvent>,
    oracle: Oracle,
    now: SampleTime,
    offline: bool,
    pushed: Vec<PushedEvent>,
}

impl Player {
    fn new(script: &Script) -> Self {
        let status = Arc::<Status>::default();
        let (deviations, fails_at) = (script.deviations, u64::from(script.fails_at));
        let open = move |model, _: &Status, _: &Cancellation| {
            let fails_at = match model {
                EmbeddedModel::Note => None,
                EmbeddedModel::Attention => Some(fails_at),
                EmbeddedModel::Baseline => return Err("the model is missing".into()),
            };
            let restyler = Restyler::new(Box::new(ScriptedModel { notes: Vec::new(), deviations, fails_at }));
            let restyle_performance: RestylePerformance =
                Box::new(move |take: &TimelineSnapshot, predictor, _: &Cancellation| {
                    let column = |(key, deviation): (StyleKey, f32)| {
                        let predictions = vec![QuantisedExpectation::new(deviation, 4.0); take.notes().len()];
                        (key, StyleColumn::new(1.0, predictions))
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
            oracle: Oracle::new(scheduler.latency),
            now: 0,
            offline: script.offline,
            pushed: Vec::new(),
        }
    }

    fn reset(&mut self) {
        self.engine.reset();
        self.oracle.reset();
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
        self.oracle.block_begins(self.now);
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
            self.oracle.event_pushed(time, event.kind(), self.pushed.len());
            self.pushed.push(PushedEvent { event, expression: settings.expression });
        }
        interrupted.into_iter().for_each(|at| self.oracle.transport_interrupted(at));
        let mut out = Vec::new();
        let mut next = events.iter().copied();
        let block = Block { samples, transport, bars: Bars::default(), trigger_held: false, offline: self.offline };
        self.engine.process(&block, settings, || next.next(), |event| out.push(event));
        for event in out {
            assert!(event.timing() <= last, "{event:?} is emitted beyond a block of {samples}");
            self.check_output(self.now + u64::from(event.timing()), event, settings.bypass);
        }
        self.now += u64::from(samples);
        self.oracle.block_ends(self.now);
    }

    fn check_output(&mut self, time: SampleTime, event: PlainEvent, bypass: bool) {
        // The script gives every voice an id, so only the engine's own releases have none.
        if let PlainEvent::NoteOff { voice: Voice { id: None, channel: Some(channel), key: Some(key) }, .. } = event {
            return self.oracle.release_emitted(time, channel, key);
        }
        let PushedEvent { event: pushed, expression } = &self.pushed[self.oracle.event_emitted(time)];
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

/// Whether models give the note a velocity.
fn is_restylable(event: &PlainEvent) -> bool {
    let kind = event.kind();
    matches!(kind, Event::NoteOn { .. }) && kind.is_restylable()
}

//! Finds what sets a synthesizer up as if a song had been played up to a place.

use std::collections::BTreeMap;

use super::{Message, PlayableSong, Route, SongEvent};

/// Controllers that are no settings of their own: the value of a parameter, its steps, and messages that act at once.
const DATA: [u8; 2] = [6, 38];
const STEPS: [u8; 2] = [96, 97];
const BANK: [u8; 2] = [0, 32];

/// Settings that a reset of all controllers leaves alone: bank, volume and pan.
const KEPT_BY_RESET: [u8; 6] = [0, 32, 7, 39, 10, 42];

/// The controller that resets all others.
const RESET: u8 = 121;

/// A parameter with a number: the controller of its number's lower half (registered or not), and both halves.
type Parameter = [u8; 3];

/// No parameter: what comes next sets nothing.
const NO_PARAMETER: Parameter = [100, 127, 127];

/// What a channel is set to.
#[derive(Debug, Clone)]
struct Channel {
    programme: Option<u8>,
    controllers: BTreeMap<u8, u8>,
    /// The values of parameters with a number, by the controller that set them.
    parameters: BTreeMap<Parameter, BTreeMap<u8, u8>>,
    chosen: Parameter,
    pressure: Option<u8>,
    bend: Option<[u8; 2]>,
}

impl Channel {
    fn new() -> Self {
        Self {
            programme: None,
            controllers: BTreeMap::new(),
            parameters: BTreeMap::new(),
            chosen: NO_PARAMETER,
            pressure: None,
            bend: None,
        }
    }

    fn follow(&mut self, status: u8, first: u8, second: u8) {
        match status & 0xF0 {
            0xB0 => self.control(first, second),
            0xC0 => self.programme = Some(first),
            0xD0 => self.pressure = Some(first),
            0xE0 => self.bend = Some([first, second]),
            _ => {}
        }
    }

    fn control(&mut self, number: u8, value: u8) {
        let [kind, high, low] = self.chosen;
        match number {
            99 | 101 => self.chosen = [number - 1, value, if kind == number - 1 { low } else { 127 }],
            98 | 100 => self.chosen = [number, if kind == number { high } else { 127 }, value],
            _ if DATA.contains(&number) => {
                if self.chosen[1..] != NO_PARAMETER[1..] {
                    self.parameters.entry(self.chosen).or_default().insert(number, value);
                }
            }
            RESET => {
                self.controllers.retain(|number, _| KEPT_BY_RESET.contains(number));
                (self.chosen, self.pressure, self.bend) = (NO_PARAMETER, None, None);
            }
            120.. => {}
            _ if STEPS.contains(&number) => {}
            _ => {
                self.controllers.insert(number, value);
            }
        }
    }

    /// The messages that set a channel up which may have any setting.
    fn messages(&self, channel: u8) -> Vec<[u8; 3]> {
        let control = |(number, value): (&u8, &u8)| [0xB0 | channel, *number, *value];
        // Not every synthesizer counts the bend among the controllers.
        let mut messages = vec![[0xB0 | channel, RESET, 0], [0xE0 | channel, 0, 64]];
        let (bank, others): (Vec<_>, Vec<_>) = self.controllers.iter().partition(|(number, _)| BANK.contains(*number));
        // A bank counts from the programme change that follows it.
        messages.extend(bank.into_iter().map(control));
        messages.extend(self.programme.map(|programme| [0xC0 | channel, programme, 0]));
        messages.extend(others.into_iter().map(control));
        let choose = |[kind, high, low]: Parameter| [[0xB0 | channel, kind + 1, high], [0xB0 | channel, kind, low]];
        for (parameter, values) in &self.parameters {
            messages.extend(choose(*parameter));
            messages.extend(values.iter().map(control));
        }
        if !self.parameters.is_empty() || self.chosen != NO_PARAMETER {
            messages.extend(choose(self.chosen));
        }
        messages.extend(self.pressure.map(|pressure| [0xD0 | channel, pressure, 0]));
        messages.extend(self.bend.map(|[low, high]| [0xE0 | channel, low, high]));
        messages
    }
}

impl PlayableSong {
    /// What to send so that a synthesizer is set up at a sample as if the song had been played up to it. Channels of `also`, as
    /// bits, are set back, too: another song has used them.
    pub fn setup(&self, sample: u64, also: u16) -> Vec<SongEvent> {
        let before = self.events.partition_point(|event| event.sample < sample);
        let mut channels = vec![Channel::new(); 16];
        for event in &self.events[..before] {
            if let Message::Channel([status, first, second]) = event.message {
                channels[usize::from(status & 0x0F)].follow(status, first, second);
            }
        }
        let is_in = |channels: u16, channel: u8| channels & (1 << channel) != 0;
        let used = (0..16u8).filter(|channel| is_in(self.channels.used | also, *channel));
        let event = |channel: u8, bytes| {
            let route = if is_in(self.channels.through, channel) { Route::Plugin } else { Route::Around };
            SongEvent { sample, route, message: Message::Channel(bytes) }
        };
        used.flat_map(|channel| {
            channels[usize::from(channel)].messages(channel).into_iter().map(move |bytes| event(channel, bytes))
        })
        .collect()
    }
}

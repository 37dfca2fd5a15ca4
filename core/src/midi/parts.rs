//! Splits a song into parts: the tracks and channels that one player plays, and the instrument.
//!
//! The tracks of a file may be different players or the two hands of one pianist. Models trained on pianists must read
//! one pianist at a time. Each channel of each track is a part of its own, unless several belong together for one of
//! these reasons, tried in this order:
//!
//! 1. their names give the right and the left hand of one player ([`Grouping::HandNames`]);
//! 2. they have the same program on the same channel ([`Grouping::Channel`]), if the file sets programs or their names
//!    are equal, and two hands could play them;
//! 3. they are channels of one track, and each is a single voice ([`Grouping::Voices`]), or one begins where the other
//!    ends ([`Grouping::Succession`]);
//! 4. they begin and end together in complementary registers, each within the reach of a hand ([`Grouping::Registers`]).
//!
//! Names of two players ("Melody" and "Piano", "Primo" and "Secondo") keep tracks apart, whatever their notes.
//! The thresholds were set on 200 files of melody, bridge and piano and 45 of several channels in one track; see
//! `docs/training.md`.

mod hands;
mod names;
mod part;
mod pedals;

use std::collections::{BTreeMap, BTreeSet};

use super::{MidiMessage, Song};
use crate::note::DRUM_CHANNEL;
use hands::{Registers, Struck, beyond, is_single_voice};
use names::{Hand, Name, Named};

pub use part::{Grouping, Instrument, SongPart};
pub use pedals::PartPedals;

/// General MIDI programs that are restyled, 0–7: acoustic and electric pianos, harpsichord and clavinet.
///
/// Files use them interchangeably, with the dynamics of a piano. Organs (16–23) are not restyled because velocity does
/// not change their loudness. The celesta (8) is not, because General MIDI counts it among the bells, whose parts no
/// model was trained on.
pub const KEYBOARD_PROGRAMS: std::ops::RangeInclusive<u8> = 0..=7;

/// Largest number of keyboard tracks and channels that are grouped; with more, each is a part of its own.
const MOST_GROUPED: usize = 32;

/// Least share of overlapping note pairs in which the same group is lower: for hands within reach, for hands beyond it,
/// and for tracks with the same channel and program.
const ORDER: f64 = 0.85;
const ORDER_BEYOND_REACH: f64 = 0.98;
const ORDER_ON_ONE_CHANNEL: f64 = 0.8;
/// Least number of overlapping note pairs for a comparison.
const FEWEST_MEETINGS: u64 = 8;
/// Largest share of onsets beyond the reach of one hand (arpeggiated chords), and of two hands.
const BEYOND_ONE_HAND: f64 = 0.03;
const MOST_BEYOND_ONE_HAND: f64 = 0.15;
const BEYOND_TWO_HANDS: f64 = 0.02;
/// Least share of bars in which both hands play, and the largest distance of their first and last notes in beats.
const SHARED_BARS: f64 = 0.7;
const APART_BEATS: f64 = 16.0;
/// Largest number of overlapping note pairs per note between successive channels.
const MEETINGS_IN_SUCCESSION: f64 = 0.02;
/// Least number of single voices that are grouped; fewer are more likely a melody and its bass.
const FEWEST_VOICES: usize = 3;

impl Song {
    /// The parts of the song, by track and channel; each note is in exactly one. See the [module](self).
    pub fn parts(&self) -> Vec<SongPart> {
        let mut groups = grouped(self, groups(self));
        groups.sort_by_key(|group| (group.voices[0].track, group.voices[0].channel, group.notes[0]));
        groups.into_iter().map(|group| group.into_part(self)).collect()
    }
}

/// Notes of one track on one channel with one instrument.
struct Voice {
    track: usize,
    channel: u8,
    name: Name,
}

/// Tracks and channels that are grouped into one part so far.
struct Group {
    voices: Vec<Voice>,
    instrument: Instrument,
    /// Programs that the file sets.
    programs: BTreeSet<u8>,
    /// Whether it sets none for some notes, which then have program 0.
    has_default: bool,
    grouping: Grouping,
    notes: Vec<usize>,
    struck: Vec<Struck>,
}

impl Group {
    /// The programs that its notes sound with.
    fn sound(&self) -> BTreeSet<u8> {
        self.programs.iter().copied().chain(self.has_default.then_some(0)).collect()
    }

    fn tracks(&self) -> BTreeSet<usize> {
        self.voices.iter().map(|v| v.track).collect()
    }

    fn channels(&self) -> BTreeSet<u8> {
        self.voices.iter().map(|v| v.channel).collect()
    }

    fn hands(&self) -> BTreeSet<Hand> {
        self.voices.iter().filter_map(|v| v.name.hand).collect()
    }

    /// Whether the names of any of its voices and any of another group's satisfy a condition.
    fn any(&self, other: &Self, are: impl Fn(&Name, &Name) -> bool) -> bool {
        self.voices.iter().any(|a| other.voices.iter().any(|b| are(&a.name, &b.name)))
    }

    fn mean_key(&self) -> f64 {
        self.struck.iter().map(|n| f64::from(n.key)).sum::<f64>() / self.struck.len() as f64
    }

    fn merge(&mut self, other: Self, grouping: Grouping) {
        self.voices.extend(other.voices);
        self.voices.sort_by_key(|v| (v.track, v.channel));
        self.programs.extend(other.programs);
        self.has_default |= other.has_default;
        self.grouping = grouping;
        self.notes.extend(other.notes);
        self.notes.sort_unstable();
        self.struck.extend(other.struck);
        self.struck.sort_by(|a, b| a.onset.total_cmp(&b.onset));
    }

    fn into_part(self, song: &Song) -> SongPart {
        let tracks: Vec<usize> = self.tracks().into_iter().collect();
        let mut names: Vec<&str> = Vec::new();
        for name in tracks.iter().map(|&track| song.track_names()[track].as_str()) {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
        SongPart {
            name: names.join(" + "),
            tracks,
            channels: self.channels().into_iter().collect(),
            voices: self.voices.iter().map(|v| (v.track, v.channel)).collect(),
            programs: self.programs.into_iter().collect(),
            instrument: self.instrument,
            grouping: self.grouping,
            notes: self.notes,
        }
    }
}

/// The notes of each track, channel and instrument.
fn groups(song: &Song) -> Vec<Group> {
    let names: Vec<Name> = song.track_names().iter().map(|name| Name::parse(name)).collect();
    let named = named_instruments(song, &names);
    let ticks = f64::from(song.tempo().ticks_per_beat());
    let mut groups: BTreeMap<(usize, u8, Instrument), Group> = BTreeMap::new();
    for (place, (note, program)) in song.notes().iter().zip(programs(song)).enumerate() {
        let channel = note.note.channel;
        let instrument = match program {
            _ if channel == DRUM_CHANNEL => Instrument::Drums,
            Some(program) if KEYBOARD_PROGRAMS.contains(&program) => Instrument::Keyboard,
            Some(program) => Instrument::Other(Some(program)),
            None => named[note.track],
        };
        let group = groups.entry((note.track, channel, instrument)).or_insert_with(|| Group {
            voices: vec![Voice { track: note.track, channel, name: names[note.track].clone() }],
            instrument,
            programs: BTreeSet::new(),
            has_default: false,
            grouping: Grouping::Single,
            notes: Vec::new(),
            struck: Vec::new(),
        });
        group.has_default |= program.is_none();
        group.programs.extend(program);
        group.notes.push(place);
        let beats = |tick: u64| tick as f64 / ticks;
        let (onset, release) = (beats(note.onset_tick), beats(note.release_tick));
        group.struck.push(Struck { onset, release, key: note.note.key });
    }
    groups.into_values().collect()
}

/// The instrument of each track by its name, for notes without a program.
fn named_instruments(song: &Song, names: &[Name]) -> Vec<Instrument> {
    let mut channels: Vec<BTreeSet<u8>> = vec![BTreeSet::new(); names.len()];
    for note in song.notes() {
        channels[note.track].insert(note.note.channel);
    }
    let hands: BTreeSet<(Hand, &[String])> = (0..names.len())
        .filter(|&track| !channels[track].is_empty())
        .filter_map(|track| Some((names[track].hand?, names[track].stem.as_slice())))
        .collect();
    let has_other_hand = |name: &Name| match name.hand {
        Some(Hand::Left) => hands.contains(&(Hand::Right, &name.stem)),
        Some(Hand::Right) => hands.contains(&(Hand::Left, &name.stem)),
        None => false,
    };
    let named = (0..names.len()).filter(|&track| !channels[track].is_empty() && !song.track_names()[track].is_empty());
    let are_several = named.count() > 1;
    let instrument = |(track, name): (usize, &Name)| {
        // A track with several channels is named after the piece; "Bass" next to "Treble" is a left hand.
        if channels[track].len() > 1 || has_other_hand(name) {
            return Instrument::Keyboard;
        }
        match names::instrument(&song.track_names()[track], are_several) {
            Some(Named::Drums) => Instrument::Drums,
            Some(Named::Other) => Instrument::Other(None),
            None => Instrument::Keyboard,
        }
    };
    names.iter().enumerate().map(instrument).collect()
}

/// The program of each note, if the file sets one.
///
/// A program applies to its channel in all tracks. However, many files have all tracks on one channel, each with its own
/// program, so a program of the note's own track takes precedence. If none is set yet, a single later program counts:
/// files often set it a moment after the first note.
fn programs(song: &Song) -> Vec<Option<u8>> {
    let only = OnlyPrograms::from_song(song);
    let mut programs = vec![None; song.notes().len()];
    let mut of_tracks: BTreeMap<(usize, u8), u8> = BTreeMap::new();
    let mut of_channels = [None; 16];
    // At one time, program changes come before notes.
    for moment in song.messages().chunk_by(|a, b| a.time == b.time) {
        for message in moment {
            if let Some((channel, program)) = message.program() {
                of_tracks.insert((message.track, channel), program);
                of_channels[usize::from(channel)] = Some(program);
            }
        }
        for message in moment {
            if let (Some(place), MidiMessage::Channel([status, ..])) = (message.note, &message.message) {
                let channel = status & 0x0F;
                let own = of_tracks.get(&(message.track, channel)).copied();
                let set = own.or(of_channels[usize::from(channel)]);
                programs[place] = set.or_else(|| only.at(message.track, channel, message.time));
            }
        }
    }
    programs
}

/// Longest time from a note to a program change that still applies to it, in seconds.
const A_MOMENT: f64 = 2.0;

/// The programs that a file sets, each with the time in seconds when it is first set.
struct OnlyPrograms {
    of_tracks: BTreeMap<(usize, u8), BTreeMap<u8, f64>>,
    of_channels: [BTreeMap<u8, f64>; 16],
}

impl OnlyPrograms {
    fn from_song(song: &Song) -> Self {
        let mut of_tracks: BTreeMap<_, BTreeMap<u8, f64>> = BTreeMap::new();
        let mut of_channels = [const { BTreeMap::new() }; 16];
        for message in song.messages() {
            if let Some((channel, program)) = message.program() {
                of_tracks.entry((message.track, channel)).or_default().entry(program).or_insert(message.time);
                of_channels[usize::from(channel)].entry(program).or_insert(message.time);
            }
        }
        Self { of_tracks, of_channels }
    }

    /// The only program of a channel, set at most [`A_MOMENT`] after `time`.
    ///
    /// If the track sets any on this channel, only those count, otherwise those of all tracks.
    fn at(&self, track: usize, channel: u8, time: f64) -> Option<u8> {
        let set = self.of_tracks.get(&(track, channel)).unwrap_or(&self.of_channels[usize::from(channel)]);
        let (&program, &set_at) = set.first_key_value().filter(|_| set.len() == 1)?;
        (set_at - time <= A_MOMENT).then_some(program)
    }
}

/// Merges groups that belong together; see the [module](self).
fn grouped(song: &Song, groups: Vec<Group>) -> Vec<Group> {
    let (mut keys, others): (Vec<Group>, Vec<Group>) =
        groups.into_iter().partition(|group| group.instrument == Instrument::Keyboard);
    if keys.len() <= MOST_GROUPED {
        join_hands(&mut keys);
        join(&mut keys, Grouping::Channel, are_one_channel);
        join_voices(song, &mut keys);
        join(&mut keys, Grouping::Succession, are_in_succession);
        // From the lowest register up, so that neighbouring hands are compared first.
        keys.sort_by(|a, b| a.mean_key().total_cmp(&b.mean_key()));
        join(&mut keys, Grouping::Registers, are_two_hands);
    }
    keys.into_iter().chain(others).collect()
}

/// Merges pairs of groups that belong together, until there are none.
fn join(groups: &mut Vec<Group>, grouping: Grouping, belong: impl Fn(&Group, &Group) -> bool) {
    let mut first = 0;
    while first < groups.len() {
        let other = (first + 1..groups.len()).find(|&other| belong(&groups[first], &groups[other]));
        match other {
            Some(other) => {
                let other = groups.remove(other);
                groups[first].merge(other, grouping);
                first = 0;
            }
            None => first += 1,
        }
    }
}

fn join_hands(groups: &mut Vec<Group>) {
    let have_both = |a: &Group, b: &Group| a.hands().union(&b.hands()).count() == 2;
    join(groups, Grouping::HandNames, |a, b| {
        a.any(b, |a, b| a.hand.is_some() && b.hand.is_some() && a.hand != b.hand && a.stem == b.stem)
    });
    // A hand's second voice.
    join(groups, Grouping::HandNames, |a, b| {
        have_both(a, b)
            && (a.hands().len() == 1 || b.hands().len() == 1)
            && a.any(b, |a, b| a.hand.is_some() && b.hand.is_some() && a.words() == b.words())
    });
    // Misspelt names, if there is only one candidate.
    let alone = |groups: &[Group], hand| {
        let is_alone =
            |group: &&Group| group.hands() == BTreeSet::from([hand]) && group.voices.iter().all(|v| v.name.is_sure);
        groups.iter().filter(is_alone).count()
    };
    if alone(groups, Hand::Left) == 1 && alone(groups, Hand::Right) == 1 {
        let is_sure = |group: &Group| group.hands().len() == 1 && group.voices.iter().all(|v| v.name.is_sure);
        join(groups, Grouping::HandNames, |a, b| {
            is_sure(a) && is_sure(b) && have_both(a, b) && !a.any(b, Name::distinguishes)
        });
    }
}

fn are_one_channel(a: &Group, b: &Group) -> bool {
    let is_meant = (!a.has_default && !b.has_default) || a.any(b, Name::is_same_player);
    is_meant
        && a.channels().len() == 1
        && a.channels() == b.channels()
        && a.tracks().is_disjoint(&b.tracks())
        && a.sound() == b.sound()
        && !a.any(b, Name::distinguishes)
        && beyond(&a.struck, 1) <= MOST_BEYOND_ONE_HAND
        && beyond(&b.struck, 1) <= MOST_BEYOND_ONE_HAND
        && are_in_order(&Registers::new(&a.struck, &b.struck))
}

fn are_in_order(registers: &Registers) -> bool {
    registers.meetings < FEWEST_MEETINGS || registers.order >= ORDER_ON_ONE_CHANNEL
}

fn are_in_succession(a: &Group, b: &Group) -> bool {
    let notes = (a.notes.len() + b.notes.len()) as f64;
    is_one_track(a, b)
        && a.sound() == b.sound()
        && Registers::new(&a.struck, &b.struck).meetings as f64 <= MEETINGS_IN_SUCCESSION * notes
}

fn is_one_track(a: &Group, b: &Group) -> bool {
    a.tracks().len() == 1 && a.tracks() == b.tracks()
}

/// Merges the channels of each track that are single voices, if they are many and two hands can play them all.
fn join_voices(song: &Song, groups: &mut Vec<Group>) {
    for track in 0..song.track_names().len() {
        let is_voice = |group: &Group| group.tracks() == BTreeSet::from([track]) && is_single_voice(&group.struck);
        let voices: Vec<&Group> = groups.iter().filter(|group| is_voice(group)).collect();
        if voices.len() < FEWEST_VOICES || voices.iter().any(|v| v.sound() != voices[0].sound()) {
            continue;
        }
        if beyond(&union(voices.iter().map(|v| v.struck.as_slice())), 2) <= BEYOND_TWO_HANDS {
            let (mut voices, others): (Vec<Group>, Vec<Group>) = groups.drain(..).partition(is_voice);
            join(&mut voices, Grouping::Voices, |_, _| true);
            *groups = voices.into_iter().chain(others).collect();
        }
    }
}

fn are_two_hands(a: &Group, b: &Group) -> bool {
    if a.sound() != b.sound() || a.any(b, Name::distinguishes) {
        return false;
    }
    let registers = Registers::new(&a.struck, &b.struck);
    let beyond_reach = beyond(&a.struck, 1).max(beyond(&b.struck, 1));
    let are_hands = (registers.order >= ORDER && beyond_reach <= BEYOND_ONE_HAND)
        || (registers.order >= ORDER_BEYOND_REACH && beyond_reach <= MOST_BEYOND_ONE_HAND);
    let are_voices = || registers.order >= ORDER && is_single_voice(&a.struck) && is_single_voice(&b.struck);
    registers.both >= SHARED_BARS
        && registers.apart <= APART_BEATS
        && (are_hands || are_voices())
        && beyond(&union([a.struck.as_slice(), &b.struck]), 2) <= BEYOND_TWO_HANDS
}

fn union<'a>(groups: impl IntoIterator<Item = &'a [Struck]>) -> Vec<Struck> {
    let mut all: Vec<Struck> = groups.into_iter().flatten().copied().collect();
    all.sort_by(|a, b| a.onset.total_cmp(&b.onset));
    all
}

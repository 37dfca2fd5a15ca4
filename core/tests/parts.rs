//! Splitting files into the parts of players, and recognising keyboard parts.

use tonenet_core::midi::Song;
use tonenet_core::midi::parts::{Grouping, Instrument, PartPedals, SongPart};
use tonenet_test_support::{delta_time, midi_from_tracks};

const BEAT: u32 = 96;

/// A track being written.
#[derive(Default, Clone)]
struct Track {
    /// Tick, order within the tick, bytes.
    events: Vec<(u32, u8, Vec<u8>)>,
}

impl Track {
    fn named(name: &str) -> Self {
        let mut bytes = vec![0xFF, 0x03, name.len() as u8];
        bytes.extend_from_slice(name.as_bytes());
        Self { events: vec![(0, 0, bytes)] }
    }

    fn program(mut self, beat: u32, channel: u8, program: u8) -> Self {
        self.events.push((beat * BEAT, 2, vec![0xC0 | channel, program]));
        self
    }

    fn pedal(mut self, beat: u32, channel: u8, value: u8) -> Self {
        self.events.push((beat * BEAT, 2, vec![0xB0 | channel, 64, value]));
        self
    }

    /// The keys struck together on each beat from one on, held for most of it.
    fn beats(mut self, channel: u8, from: u32, keys: &[&[u8]]) -> Self {
        for (beat, keys) in (from..).zip(keys) {
            for &key in *keys {
                self.events.push((beat * BEAT, 3, vec![0x90 | channel, key, 64]));
                self.events.push((beat * BEAT + BEAT * 9 / 10, 1, vec![0x80 | channel, key, 0]));
            }
        }
        self
    }

    /// The same on each of `count` beats from the first on.
    fn again(self, channel: u8, count: usize, keys: &[&[u8]]) -> Self {
        let all: Vec<&[u8]> = keys.iter().copied().cycle().take(count).collect();
        self.beats(channel, 0, &all)
    }

    fn bytes(mut self) -> Vec<u8> {
        self.events.sort_by_key(|e| (e.0, e.1));
        let mut bytes = Vec::new();
        let mut last = 0;
        for (tick, _, event) in self.events {
            bytes.extend(delta_time(tick - last));
            bytes.extend(event);
            last = tick;
        }
        bytes
    }
}

fn song(tracks: impl IntoIterator<Item = Track>) -> Song {
    let tracks: Vec<Vec<u8>> = tracks.into_iter().map(Track::bytes).collect();
    Song::parse(midi_from_tracks(BEAT as u16, &tracks)).unwrap()
}

const RIGHT: [&[u8]; 4] = [&[72, 76], &[74], &[76, 79], &[77]];
const LEFT: [&[u8]; 4] = [&[48, 52], &[43], &[45, 52], &[47]];
/// Both hands of an accompaniment.
const PIANO: [&[u8]; 4] = [&[36, 60, 64, 67], &[48, 64, 72], &[41, 60, 65, 69], &[43, 62, 67, 71]];
const MELODY: [&[u8]; 4] = [&[64], &[67], &[65], &[62]];
const BRIDGE: [&[u8]; 4] = [&[57], &[69], &[55], &[60]];
const LONG: usize = 64;

/// Of each part its tracks, counted from 0, whether it is restylable, and why it is one.
fn parts(song: &Song) -> Vec<(Vec<usize>, bool, Grouping)> {
    let parts = song.parts();
    let mut notes: Vec<usize> = parts.iter().flat_map(|p| p.notes.iter().copied()).collect();
    notes.sort_unstable();
    assert!(notes.iter().copied().eq(0..song.notes().len()), "each note is in one part");
    parts.into_iter().map(|p| (p.tracks.clone(), p.is_restylable(), p.grouping)).collect()
}

fn alone(tracks: impl IntoIterator<Item = usize>) -> Vec<(Vec<usize>, bool, Grouping)> {
    tracks.into_iter().map(|track| (vec![track], true, Grouping::Single)).collect()
}

#[test]
fn melody_bridge_and_piano_are_three_players() {
    let tracks = |channels: [u8; 3]| {
        [("MELODY", MELODY), ("BRIDGE", BRIDGE), ("PIANO", PIANO)]
            .into_iter()
            .zip(channels)
            .map(|((name, keys), channel)| Track::named(name).again(channel, LONG, &keys))
    };
    assert_eq!(parts(&song(tracks([0, 1, 2]))), alone([0, 1, 2]));
    // As other files of the same collection have them.
    assert_eq!(parts(&song(tracks([0, 0, 0]))), alone([0, 1, 2]), "on one channel too");
    let with_programs = tracks([0, 0, 0]).map(|track| track.program(0, 0, 0));
    assert_eq!(parts(&song(with_programs)), alone([0, 1, 2]), "with one program too");
    // Names tell players apart even where the notes could be one pianist's.
    let hands = [("Melody", RIGHT), ("Piano", LEFT)].map(|(name, keys)| Track::named(name).again(0, LONG, &keys));
    assert_eq!(parts(&song(hands)), alone([0, 1]));
}

#[test]
fn hands_are_recognised_by_name_in_several_languages() {
    for (right, left) in [
        ("Right Hand", "Left Hand"),
        ("right", "left"),
        ("Piano R.H.", "Piano L.H."),
        ("Piano (RH)", "Piano (LH)"),
        ("PianoRight", "PianoLeft"),
        ("piano_r", "piano_l"),
        ("Pno. rh 1", "Pno. lh 1"),
        ("Treble", "Bass"),
        ("Piano upper staff", "Piano lower staff"),
        ("Rechte Hand", "Linke Hand"),
        ("Klavier rechts", "Klavier links"),
        ("rechterhand", "linkerhand"),
        ("Main droite", "Main gauche"),
        ("Piano M.D.", "Piano M.G."),
        ("Mano destra", "Mano sinistra"),
        ("mano derecha", "mano izquierda"),
        ("Mão direita", "Mão esquerda"),
        ("Høyre hånd", "Venstre hånd"),
        ("Prawa ręka", "Lewa ręka"),
        ("Правая рука", "Левая рука"),
        ("右手", "左手"),
        ("ピアノ右手", "ピアノ左手"),
        ("Paino left", "Piano right"),
        ("RH", "Piano LH"),
    ] {
        // Nothing else tells that they belong together.
        let tracks = [Track::named(right).again(0, LONG, &PIANO), Track::named(left).again(1, 4, &PIANO)];
        assert_eq!(parts(&song(tracks)), [(vec![0, 1], true, Grouping::HandNames)], "{right} and {left}");
    }
    for (one, other) in [
        ("Right", "Piano"),
        ("Right Hand", "Right Hand"),
        ("Bass", "Piano"),
        ("Upright", "Leftover"),
        ("Guitar right", "Piano left"),
    ] {
        let tracks = [Track::named(one).again(0, LONG, &PIANO), Track::named(other).again(1, 4, &PIANO)];
        assert_eq!(song(tracks).parts().len(), 2, "{one} and {other}");
    }
}

#[test]
fn a_third_track_next_to_two_hands_is_another_player() {
    let hands =
        || [("Piano right", RIGHT), ("Piano left", LEFT)].map(|(n, keys)| Track::named(n).again(0, LONG, &keys));
    let with = |third: Track| parts(&song(hands().into_iter().chain([third])));
    let hands_and = |third| vec![(vec![0, 1], true, Grouping::HandNames), third];
    let other = |track: Track| track.again(0, LONG, &MELODY);
    assert_eq!(with(other(Track::named("Voice solo"))), hands_and((vec![2], true, Grouping::Single)));
    assert_eq!(with(other(Track::named("Bass"))), hands_and((vec![2], false, Grouping::Single)));
    let second_voice = with(other(Track::named("Piano right 2")));
    assert_eq!(second_voice, [(vec![0, 1, 2], true, Grouping::HandNames)], "a hand's second voice");
}

#[test]
fn four_hands_are_two_players() {
    let track = |name: &str, keys| Track::named(name).again(0, LONG, keys);
    let high: Vec<Vec<u8>> = RIGHT.iter().map(|keys| keys.iter().map(|k| k + 12).collect()).collect();
    let high: Vec<&[u8]> = high.iter().map(Vec::as_slice).collect();
    let low: Vec<Vec<u8>> = LEFT.iter().map(|keys| keys.iter().map(|k| k - 12).collect()).collect();
    let low: Vec<&[u8]> = low.iter().map(Vec::as_slice).collect();
    let two = [(vec![0, 1], true, Grouping::HandNames), (vec![2, 3], true, Grouping::HandNames)];
    for names in [
        ["Primo R.H.", "Primo L.H.", "Secondo R.H.", "Secondo L.H."],
        ["Piano 1 right", "Piano 1 left", "Piano 2 right", "Piano 2 left"],
        ["Right 1", "Left 1", "Right 2", "Left 2"],
    ] {
        let keys: [&[&[u8]]; 4] = [&high, &RIGHT, &LEFT, &low];
        let tracks = names.into_iter().zip(keys).map(|(name, keys)| track(name, keys));
        assert_eq!(parts(&song(tracks)), two, "{names:?}");
    }
    let players = [track("Primo", &RIGHT), track("Secondo", &LEFT)];
    assert_eq!(parts(&song(players)), alone([0, 1]));
}

#[test]
fn hands_without_names_are_recognised_by_their_registers() {
    let hands =
        |right: u8, left: u8| [Track::default().again(right, LONG, &RIGHT), Track::default().again(left, LONG, &LEFT)];
    assert_eq!(parts(&song(hands(0, 1))), [(vec![0, 1], true, Grouping::Registers)]);
    assert_eq!(parts(&song(hands(0, 0))), [(vec![0, 1], true, Grouping::Registers)]);
    let titled = [Track::named("Sonata in F").again(0, LONG, &RIGHT), Track::named("by nobody").again(1, LONG, &LEFT)];
    assert_eq!(parts(&song(titled)), [(vec![0, 1], true, Grouping::Registers)], "titles are no names of players");
    // On two channels of one track, as format 0 has them.
    let merged = song([Track::default().again(0, LONG, &RIGHT).again(1, LONG, &LEFT)]);
    assert_eq!(parts(&merged), [(vec![0], true, Grouping::Registers)]);
    assert_eq!(merged.parts()[0].channels, [0, 1]);
}

#[test]
fn two_players_are_not_grouped_by_registers_alone() {
    let pair = |upper: Track, lower: Track| song([upper, lower]).parts().len();
    let lower = || Track::default().again(1, LONG, &LEFT);
    let right: Vec<&[u8]> = RIGHT.iter().copied().cycle().take(LONG / 2).collect();
    assert_eq!(pair(Track::default().beats(0, 20, &right), lower()), 2, "it begins later");
    assert_eq!(pair(Track::default().beats(0, 0, &right), lower()), 2, "it ends earlier");
    assert_eq!(pair(Track::default().again(0, LONG, &PIANO), lower()), 2, "two hands are busy already");
    assert_eq!(
        pair(Track::default().again(0, LONG, &MELODY), Track::default().again(1, LONG, &BRIDGE)),
        2,
        "they cross"
    );
    let other_program = Track::default().program(0, 0, 4).again(0, LONG, &RIGHT);
    assert_eq!(pair(other_program, lower()), 2, "another piano");
}

#[test]
fn tracks_of_one_program_and_channel_are_one_player() {
    // A long wait for the left hand.
    let left: Vec<&[u8]> = LEFT.iter().copied().cycle().take(LONG / 2).collect();
    let hands = |name: &str, channels: [u8; 2]| {
        [
            Track::named(name).program(0, channels[0], 0).again(channels[0], LONG, &RIGHT),
            Track::named(name).program(0, channels[1], 0).beats(channels[1], 32, &left),
        ]
    };
    for name in ["", "Piano", "Prelude"] {
        assert_eq!(parts(&song(hands(name, [0, 0]))), [(vec![0, 1], true, Grouping::Channel)], "{name:?}");
    }
    assert_eq!(parts(&song(hands("", [0, 1]))), alone([0, 1]), "another channel");
    // Staves of one piano whose program stands in a track of its own.
    let staves = [
        Track::default().program(0, 0, 0),
        Track::default().again(0, LONG, &RIGHT),
        Track::default().beats(0, 32, &left),
    ];
    assert_eq!(parts(&song(staves)), [(vec![1, 2], true, Grouping::Channel)]);
    // A DAW that writes everything on channel 1 and sets no program tells nothing by either.
    let written = [("Verse", 0), ("Hook", 32)].map(|(name, from)| Track::named(name).beats(0, from, &left));
    assert_eq!(parts(&song(written)), alone([0, 1]));
    let crossing = [MELODY, BRIDGE].map(|keys| Track::default().program(0, 0, 0).again(0, LONG, &keys));
    assert_eq!(parts(&song(crossing)), alone([0, 1]), "two hands do not cross all the time");
}

#[test]
fn channels_of_one_track_are_players_unless_they_belong_together() {
    let merged = |keys: [&[&[u8]]; 3]| {
        let track = (0..).zip(keys).fold(Track::default(), |track, (channel, keys)| track.again(channel, LONG, keys));
        song([track])
    };
    let ensemble = merged([&MELODY, &BRIDGE, &PIANO]);
    assert_eq!(parts(&ensemble), alone([0, 0, 0]), "melody, bridge and piano in one track");
    assert_eq!(ensemble.parts().iter().map(|p| p.channels.clone()).collect::<Vec<_>>(), [[0], [1], [2]]);

    // A channel a note, in turn, as MPE has them.
    let rotating = (0..LONG as u32).fold(Track::default(), |track, beat| {
        track.beats((beat % 4) as u8 + 1, beat, &[&[60 + (beat * 5 % 13) as u8]])
    });
    let rotating = song([rotating.again(6, LONG, &[&[48]]).again(7, LONG, &[&[55]])]);
    assert_eq!(rotating.parts().len(), 1, "{:?}", parts(&rotating));
    assert_eq!(rotating.parts()[0].channels, [1, 2, 3, 4, 6, 7]);

    let both: Vec<&[u8]> = PIANO.iter().copied().cycle().take(LONG).collect();
    let successive = song([Track::default().beats(0, 0, &both).beats(3, LONG as u32 + 1, &both)]);
    assert_eq!(parts(&successive), [(vec![0], true, Grouping::Succession)], "a prelude and its fugue");
}

#[test]
fn other_instruments_than_keyboards_are_not_restylable() {
    let instruments = |song: &Song| song.parts().iter().map(|p| p.instrument).collect::<Vec<_>>();
    let on = |program: u8| song([Track::default().program(0, 0, program).again(0, 8, &PIANO)]);
    for program in 0..128 {
        let parts = on(program).parts();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].is_restylable(), program < 8, "program {program}");
    }
    let band = song([
        Track::named("Strings").program(0, 3, 48).again(3, LONG, &RIGHT),
        Track::named("Piano").program(0, 0, 0).again(0, LONG, &PIANO),
        Track::named("Drums").again(9, LONG, &[&[36], &[38]]),
    ]);
    assert_eq!(instruments(&band), [Instrument::Other(Some(48)), Instrument::Keyboard, Instrument::Drums]);
    for (name, instrument) in [
        ("Drums", Instrument::Drums),
        ("Schlagzeug", Instrument::Drums),
        ("Batería", Instrument::Drums),
        ("E-Guitar 2", Instrument::Keyboard),
        ("Electric Guitar 2", Instrument::Other(None)),
        ("Gitarre", Instrument::Other(None)),
        ("Violoncelle", Instrument::Other(None)),
        ("Bass", Instrument::Other(None)),
        ("Church Organ", Instrument::Keyboard),
        ("Organ", Instrument::Other(None)),
        ("While my guitar gently weeps", Instrument::Keyboard),
        ("Piano", Instrument::Keyboard),
        ("", Instrument::Keyboard),
    ] {
        let without_program = song([Track::named(name).again(0, 8, &PIANO)]);
        assert_eq!(instruments(&without_program), [instrument], "{name:?}");
        let with_program = song([Track::named(name).program(0, 0, 0).again(0, 8, &PIANO)]);
        assert_eq!(instruments(&with_program), [Instrument::Keyboard], "{name:?} that the file plays on a piano");
    }
}

#[test]
fn among_named_tracks_a_word_for_drums_or_an_instrument_decides() {
    let named = |name: &str| {
        let tracks = [Track::named(name).again(0, 8, &PIANO), Track::named("Verse").again(1, LONG, &PIANO)];
        song(tracks).parts().iter().find(|p| p.tracks.contains(&0)).unwrap().instrument
    };
    for drums in [
        "Hi-Hat",
        "Hi Hats",
        "HiHat",
        "Closed Hi-Hat",
        "Drum Rack",
        "Trap Drums",
        "Addictive Drums 2",
        "EZdrummer",
        "808 Kick",
        "Ride Cymbal",
        "Crash",
        "Melodic Tom",
        "Taiko Drum",
        "Steel Drums",
        "Agogo",
        "Woodblock",
        "Reverse Cymbal",
    ] {
        assert_eq!(named(drums), Instrument::Drums, "{drums}");
    }
    for other in [
        "Sub Bass",
        "Choir Aahs",
        "Voice Oohs",
        "Synth Voice",
        "Warm Pad",
        "Pad 2 (warm)",
        "Saw Lead",
        "Lead 1 (square)",
        "Lead 8 (bass + lead)",
        "FX 8 (sci-fi)",
        "Church Organ",
        "Tango Accordion",
        "Acoustic Guitar (nylon)",
        "Guitar Harmonics",
        "E-Guitar 2",
        "Music Box",
        "Tubular Bells",
        "Slap Bass 1",
        "Orchestra Hit",
        "Orchestral Harp",
        "Synth Strings 2",
        "Pan Flute",
        "Shakuhachi",
        "Koto",
        "Bagpipe",
        "Fiddle",
    ] {
        assert_eq!(named(other), Instrument::Other(None), "{other}");
    }
    for keys in [
        "Piano",
        "Piano Pad",
        "Electric Piano 1",
        "Electric Grand",
        "Harpsichord",
        "Drum Piano",
        "Organ right hand",
        "Melody",
        "MELODY",
        "BRIDGE",
        "PIANO",
        "Lead",
        "Main Lead",
        "Melody Lead",
        "Ride of the Valkyries",
        "Crash and burn",
        "Song for guitar",
        "While my guitar gently weeps",
        "Clef de basse",
        "Main gauche",
        "Lower",
    ] {
        assert_eq!(named(keys), Instrument::Keyboard, "{keys}");
    }
    // The name of the only track is the piece's.
    for title in ["Warm Pad", "Church Organ", "Little Drum March"] {
        let only = song([Track::named(title).again(0, 8, &PIANO)]);
        assert_eq!(only.parts()[0].instrument, Instrument::Keyboard, "{title}");
    }
}

#[test]
fn a_single_late_program_change_applies_from_the_first_note() {
    let programs = |song: &Song| song.parts().iter().map(|p| (p.instrument, p.notes.len())).collect::<Vec<_>>();
    let strings = Instrument::Other(Some(48));
    let late = song([Track::named("Strings").again(0, 8, &MELODY).program(1, 0, 48)]);
    assert_eq!(programs(&late), [(strings, 8)], "a beat late");
    let repeated = song([Track::default().again(0, 8, &MELODY).program(1, 0, 48).program(4, 0, 48)]);
    assert_eq!(programs(&repeated), [(strings, 8)], "the same again is no change");
    let elsewhere = song([Track::default().again(0, 8, &MELODY), Track::default().program(1, 0, 48)]);
    assert_eq!(programs(&elsewhere), [(strings, 8)], "in another track");
    let by_channel = song([
        Track::default().again(0, 8, &MELODY).program(1, 0, 48),
        Track::default().again(1, 8, &PIANO).program(1, 1, 4),
    ]);
    assert_eq!(programs(&by_channel), [(strings, 8), (Instrument::Keyboard, 8 / 4 * PIANO.concat().len())]);
    // Another program before is a change.
    let set = song([Track::default().program(0, 0, 0), Track::default().again(0, 8, &MELODY).program(4, 0, 48)]);
    assert_eq!(programs(&set), [(Instrument::Keyboard, 4), (strings, 4)]);
    let two = song([Track::default().again(0, 8, &MELODY).program(2, 0, 48).program(4, 0, 24)]);
    assert_eq!(programs(&two).iter().map(|p| p.1).sum::<usize>(), 8);
    assert_eq!(programs(&two)[0], (Instrument::Keyboard, 2), "of two nobody knows which would hold");
}

#[test]
fn a_program_applies_from_its_program_change_on() {
    let changing = song([Track::named("Keys")
        .again(0, LONG, &PIANO)
        .program(0, 0, 0)
        .program(8, 0, 4)
        .program(16, 0, 48)
        .program(32, 0, 1)]);
    let parts = changing.parts();
    assert_eq!(
        parts.iter().map(|p| p.instrument).collect::<Vec<_>>(),
        [Instrument::Keyboard, Instrument::Other(Some(48))]
    );
    assert_eq!(parts[0].programs, [0, 1, 4]);
    let beats: Vec<u64> = parts[1].notes.iter().map(|&n| changing.notes()[n].onset_tick / u64::from(BEAT)).collect();
    assert_eq!((beats[0], *beats.last().unwrap()), (16, 31));
    // All tracks on one channel, each with its own program.
    let one_channel = song([
        Track::default().program(0, 0, 0).again(0, LONG, &PIANO),
        Track::default().program(0, 0, 24).again(0, LONG, &MELODY),
    ]);
    let instruments: Vec<_> = one_channel.parts().iter().map(|p| p.instrument).collect();
    assert_eq!(instruments, [Instrument::Keyboard, Instrument::Other(Some(24))]);
}

#[test]
fn the_pedal_of_a_part_is_the_pedal_of_its_channels() {
    let song = song([
        Track::named("Piano").pedal(1, 0, 127).again(0, LONG, &PIANO).pedal(2, 0, 0),
        Track::named("Rhodes").pedal(3, 1, 127).again(1, LONG, &PIANO),
        Track::named("Strings").pedal(4, 0, 127).again(0, LONG, &RIGHT),
        Track::default().pedal(5, 1, 0),
    ]);
    let filed = PartPedals::from_song(&song);
    let pedals: Vec<_> = song.parts().iter().map(|p| filed.movements(p)).collect();
    assert_eq!(pedals[0], [(0.5, true), (1.0, false)], "not the strings', on the same channel");
    assert_eq!(pedals[1], [(1.5, true), (2.5, false)], "in a track of its own too");
    assert_eq!(pedals[2], [(2.0, true)]);
}

/// Reading the whole song for each part would take minutes here.
#[test]
fn each_part_finds_its_own_pedal_in_a_file_with_the_most_tracks() {
    const TRACKS: u32 = 65_000;
    let tracks = (0..TRACKS).map(|track| {
        let channel = (track % 9) as u8;
        Track::default().pedal(track % 7, channel, 127).beats(channel, 0, &[&[60]])
    });
    let song = song(tracks);
    let (parts, pedals) = (song.parts(), PartPedals::from_song(&song));
    assert_eq!(parts.len(), TRACKS as usize);
    for part in parts {
        assert_eq!(pedals.movements(&part), [((part.tracks[0] % 7) as f64 * 0.5, true)], "{part}");
    }
}

#[test]
fn a_part_is_described_in_one_line() {
    let described = |song: &Song| song.parts().iter().map(SongPart::to_string).collect::<Vec<_>>();
    let band = song([
        Track::named("Piano right").again(0, LONG, &RIGHT),
        Track::named("Piano left").again(1, LONG, &LEFT),
        Track::default().program(0, 2, 24).again(2, LONG, &MELODY),
        Track::default().again(9, LONG, &[&[36]]),
    ]);
    assert_eq!(
        described(&band),
        [
            "\"Piano right + Piano left\" (tracks 1, 2, channels 1, 2; keyboard; one part: right and left hand by name)",
            "(track 3, channel 3; guitar, program 25)",
            "(track 4, channel 10; drums)",
        ]
    );
}

//! What the name of a track says about who plays it, in the usual spellings of several languages.

/// A pianist's hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hand {
    Left,
    Right,
}

/// What a name says about the instrument, where the file sets no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Drums,
    /// An instrument that is not played on a piano's keys.
    Other,
}

/// A track's name, as far as it is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The hand that it names, if it names one.
    pub hand: Option<Hand>,
    /// Whether the hand's word can hardly mean anything else.
    pub is_sure: bool,
    /// Everything else that tells tracks apart, numbers included.
    pub stem: Vec<String>,
}

const RIGHT: &[&str] = &[
    "right",
    "righthand",
    "rh",
    "r",
    "rt",
    "treble",
    "upper",
    "up",
    "top",
    "discant", // English
    "rechts",
    "rechte",
    "rechter",
    "rechtehand",
    "diskant",
    "oben",
    "ober", // German
    "droite",
    "droit",
    "maindroite",
    "md",
    "aigu", // French
    "destra",
    "manodestra",
    "dx", // Italian
    "derecha",
    "manoderecha",
    "direita",
    "maodireita", // Spanish, Portuguese
    "rechterhand",
    "hojre",
    "hoyre",
    "hoger",
    "hogerhand",
    "oikea", // Dutch, Danish, Norwegian, Swedish, Finnish
    "prawa",
    "prava",
    "pravaruka",
    "jobb",
    "jobbkez",
    "sag", // Polish, Czech, Hungarian, Turkish
    "правая",
];

const LEFT: &[&str] = &[
    "left",
    "lefthand",
    "lh",
    "l",
    "lt",
    "bass",
    "lower",
    "down",
    "low",
    "bottom", // English
    "links",
    "linke",
    "linker",
    "linkehand",
    "unten",
    "unter", // German
    "gauche",
    "maingauche",
    "mg",
    "grave", // French
    "sinistra",
    "manosinistra",
    "ms",
    "sx",
    "basso", // Italian
    "izquierda",
    "manoizquierda",
    "mi",
    "bajo",
    "esquerda",
    "maoesquerda",
    "me",
    "baixo", // Spanish, Portuguese
    "linkerhand",
    "venstre",
    "vanster",
    "vansterhand",
    "vasen", // Dutch, Danish, Norwegian, Swedish, Finnish
    "lewa",
    "leva",
    "levaruka",
    "bal",
    "balkez",
    "sol", // Polish, Czech, Hungarian, Turkish
    "левая",
];

/// Accents that stand behind their letter.
const COMBINING_ACCENTS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36F}';

/// Words that a hand's name may have beside it.
const BESIDE_HANDS: &[&str] = &[
    "hand", "hands", "main", "mano", "mao", "mani", "ruka", "reka", "kez", "el", "kasi", "рука", "clef", "the", "part",
    "staff", "voice",
];

/// Words for a hand that mean other things as often.
const UNSURE_HANDS: &[&str] = &[
    "r", "l", "rt", "lt", "treble", "bass", "upper", "lower", "up", "down", "top", "bottom", "low", "basso", "bajo",
    "baixo", "aigu", "grave", "oben", "unten", "ober", "unter", "md", "mg", "ms", "mi", "me", "dx", "sx", "sol", "sag",
    "bal", "jobb", "leva", "prava",
];

/// Words that say nothing.
const EMPTY: &[&str] = &[
    "track", "trk", "midi", "channel", "untitled", "untitel", "staff", "spur", "piste", "pista", "traccia", "new",
    "part",
];

/// Instruments on a piano's keys.
const KEYBOARDS: &[&str] = &[
    "piano",
    "pno",
    "pf",
    "pianoforte",
    "fortepiano",
    "klavier",
    "flugel",
    "grand",
    "upright",
    "keys",
    "keyboard",
    "keyboards",
    "kbd",
    "rhodes",
    "wurlitzer",
    "wurli",
    "epiano",
    "ep",
    "harpsichord",
    "cembalo",
    "clavecin",
    "clavicembalo",
    "clavecim",
    "clave",
    "clavinet",
    "clav",
    "teclado",
    "tastiera",
    "clavier",
    "пианино",
    "фортепиано",
    "рояль",
    "钢琴",
    "鋼琴",
];

/// What one player of several does; tracks that differ in it are never one part.
const ROLES: &[(&str, &[&str])] = &[
    ("primo", &["primo"]),
    ("secondo", &["secondo"]),
    (
        "melody",
        &["melody", "melodie", "melodia", "mel", "lead", "solo", "soloist", "мелодия", "主旋律", "旋律", "멜로디"],
    ),
    ("bridge", &["bridge", "cau", "fill", "fills", "counter", "countermelody", "counterpoint", "obbligato"]),
    (
        "accompaniment",
        &[
            "accompaniment",
            "accomp",
            "comp",
            "comping",
            "chord",
            "chords",
            "harmony",
            "begleitung",
            "akkorde",
            "accompagnement",
            "accords",
            "accompagnamento",
            "accordi",
            "acompanamiento",
            "acordes",
            "acompanhamento",
            "rhythm",
            "backing",
            "伴奏",
            "аккомпанемент",
            "반주",
        ],
    ),
    ("voice", &["vocal", "vocals", "vox", "singer", "sung", "gesang", "chant", "canto", "voz", "voix"]),
];

const DRUMS: &[&str] = &[
    "drum",
    "drums",
    "drumkit",
    "drumset",
    "percussion",
    "perc",
    "schlagzeug",
    "perkussion",
    "batterie",
    "percussions",
    "batteria",
    "percussioni",
    "bateria",
    "percusion",
    "percussao",
    "kick",
    "snare",
    "hihat",
    "hihats",
    "hat",
    "hats",
    "cymbal",
    "cymbals",
    "crash",
    "ride",
    "tom",
    "toms",
    "clap",
    "claps",
    "congas",
    "bongos",
    "shaker",
    "tambourine",
    "conga",
    "bongo",
    "timbales",
    "cajon",
    "djembe",
    "taiko",
    "agogo",
    "cowbell",
    "woodblock",
    "rimshot",
    "drummer",
    "ezdrummer",
    "ударные",
    "барабаны",
    "ドラム",
    "鼓",
    "드럼",
];

const OTHERS: &[&str] = &[
    "guitar",
    "guitars",
    "gtr",
    "guit",
    "gitarre",
    "gitarren",
    "guitare",
    "chitarra",
    "guitarra",
    "violao",
    "гитара",
    "bass",
    "basse",
    "basso",
    "bajo",
    "baixo",
    "kontrabass",
    "contrabass",
    "contrabasse",
    "contrabbasso",
    "doublebass",
    "strings",
    "string",
    "streicher",
    "cordes",
    "archi",
    "cuerdas",
    "cordas",
    "струнные",
    "violin",
    "violins",
    "violine",
    "violinen",
    "violon",
    "violons",
    "violino",
    "violini",
    "violines",
    "vln",
    "viola",
    "violas",
    "bratsche",
    "alto",
    "cello",
    "celli",
    "cellos",
    "violoncello",
    "violoncelle",
    "vc",
    "flute",
    "flutes",
    "flote",
    "flauto",
    "flauta",
    "piccolo",
    "recorder",
    "oboe",
    "hautbois",
    "clarinet",
    "klarinette",
    "clarinette",
    "clarinetto",
    "clarinete",
    "bassoon",
    "fagott",
    "fagotto",
    "basson",
    "sax",
    "saxophone",
    "saxophon",
    "sassofono",
    "saxofon",
    "trumpet",
    "trumpets",
    "trompete",
    "trompette",
    "tromba",
    "trompeta",
    "horn",
    "horns",
    "corno",
    "trombone",
    "posaune",
    "tuba",
    "brass",
    "woodwind",
    "woodwinds",
    "winds",
    "organ",
    "orgel",
    "orgue",
    "organo",
    "orgao",
    "hammond",
    "choir",
    "chor",
    "choeur",
    "coro",
    "vocal",
    "vocals",
    "vox",
    "gesang",
    "voz",
    "harp",
    "harfe",
    "harpe",
    "arpa",
    "marimba",
    "vibraphone",
    "vibes",
    "xylophone",
    "glockenspiel",
    "celesta",
    "celeste",
    "bells",
    "accordion",
    "akkordeon",
    "accordeon",
    "fisarmonica",
    "acordeon",
    "harmonica",
    "banjo",
    "mandolin",
    "ukulele",
    "sitar",
    "timpani",
    "pauken",
    "synth",
    "pad",
    "pads",
    "fx",
    "sfx",
    "dulcimer",
    "ocarina",
    "shakuhachi",
    "shamisen",
    "koto",
    "kalimba",
    "bagpipe",
    "bagpipes",
    "fiddle",
    "shanai",
    "aahs",
    "oohs",
    "orchestra",
    "orchester",
    "orchestre",
    "ギター",
    "ベース",
    "吉他",
    "贝斯",
];

/// Drums' words that titles have as often: they tell drums at the end of a name.
const UNSURE_DRUMS: &[&str] = &["kick", "crash", "ride", "hat", "hats", "tom", "toms", "clap", "claps", "drummer"];

/// Names of General MIDI's programs that do not end with their instrument.
const GENERAL_MIDI: &[&str] = &[
    "music box",
    "voice oohs",
    "synth voice",
    "orchestra hit",
    "guitar harmonics",
    "guitar fret noise",
    "breath noise",
    "blown bottle",
    "whistle",
    "tinkle bell",
    "seashore",
    "bird tweet",
    "telephone ring",
    "helicopter",
    "applause",
    "gunshot",
];

/// What General MIDI calls its leads, pads and effects, behind that word.
const SYNTH_SOUNDS: &[&str] = &[
    "square",
    "sawtooth",
    "saw",
    "calliope",
    "chiff",
    "charang",
    "voice",
    "fifths",
    "bass",
    "lead",
    "new",
    "age",
    "warm",
    "polysynth",
    "choir",
    "bowed",
    "metallic",
    "halo",
    "sweep",
    "rain",
    "soundtrack",
    "crystal",
    "atmosphere",
    "brightness",
    "goblins",
    "echoes",
    "sci",
    "fi",
];

/// Words that a title has, and no name of an instrument.
const PROSE: &[&str] =
    &["of", "my", "for", "from", "in", "to", "with", "von", "fur", "im", "mit", "pour", "per", "para"];

/// Words that may stand beside an instrument's.
const KINDS: &[&str] = &[
    "acoustic",
    "electric",
    "akustische",
    "akustisch",
    "elektrische",
    "electrique",
    "acoustique",
    "elettrica",
    "acustica",
    "electrica",
    "nylon",
    "steel",
    "clean",
    "muted",
    "overdriven",
    "distorted",
    "distortion",
    "finger",
    "fingered",
    "fretless",
    "slap",
    "picked",
    "pick",
    "solo",
    "lead",
    "rhythm",
    "section",
    "ensemble",
    "quartet",
    "st",
    "nd",
    "rd",
    "th",
    "i",
    "ii",
    "iii",
    "iv",
    "soprano",
    "tenor",
    "baritone",
    "bariton",
    "bass",
    "french",
    "english",
    "pizzicato",
    "pizz",
    "tremolo",
    "kit",
    "set",
    "high",
    "low",
    "left",
    "right",
    "l",
    "r",
    "main",
    "backing",
    "loop",
    "pop",
    "rock",
    "jazz",
    "power",
    "and",
];

impl Name {
    /// Reads a track's name.
    pub fn parse(text: &str) -> Self {
        let mut words = words(text);
        let is_hand = |word: &String| is_in(word, &[RIGHT, LEFT]);
        let places: Vec<usize> = (0..words.len()).filter(|&i| is_hand(&words[i])).collect();
        let is_sure = |i: usize| !is_in(&words[i], &[UNSURE_HANDS]);
        let place = places.iter().copied().find(|&i| is_sure(i)).or_else(|| places.last().copied());
        let is_sure = place.is_some_and(is_sure);
        let hand = place.map(|i| if is_in(&words[i], &[RIGHT]) { Hand::Right } else { Hand::Left });
        if let Some(place) = place {
            words.remove(place);
            words.retain(|word| !is_in(word, &[BESIDE_HANDS]));
        }
        words.retain(|word| !is_in(word, &[EMPTY]));
        Self { hand, is_sure, stem: words }
    }

    /// The stem without its numbers.
    pub fn words(&self) -> Vec<&str> {
        self.stem.iter().map(String::as_str).filter(|word| !is_number(word)).collect()
    }

    /// Whether two names are one but for the hand.
    pub fn is_same_player(&self, other: &Self) -> bool {
        !self.words().is_empty() && self.stem == other.stem
    }

    /// Whether two names tell two players: another role, or another instrument.
    ///
    /// The first track of many files has the piece's title; names with any other word in them tell neither.
    pub fn distinguishes(&self, other: &Self) -> bool {
        let (own, others) = (self.keyboards(), other.keyboards());
        self.roles() != other.roles() || (!own.is_empty() && !others.is_empty() && own != others)
    }

    fn is_plain(&self) -> bool {
        let is_role = |word: &str| ROLES.iter().any(|(_, words)| words.contains(&word));
        self.stem.iter().all(|word| is_number(word) || is_role(word) || is_in(word, &[KEYBOARDS, KINDS]))
    }

    /// What the player does among others.
    fn roles(&self) -> Vec<&'static str> {
        let is_keyboard = !self.keyboards().is_empty();
        // A solo piano is no soloist.
        let says = |words: &[&str]| {
            self.stem.iter().any(|word| words.contains(&word.as_str()) && !(is_keyboard && word == "solo"))
        };
        ROLES.iter().filter(|(_, words)| self.is_plain() && says(words)).map(|&(role, _)| role).collect()
    }

    fn keyboards(&self) -> Vec<&str> {
        let words = if self.is_plain() { self.words() } else { Vec::new() };
        words.into_iter().filter(|word| is_in(word, &[KEYBOARDS])).collect()
    }
}

/// The instrument that a name tells, if it tells an instrument that is not on a piano's keys.
///
/// Names are prose as often as not; one with any other word in it tells nothing, unless it is a track's among other
/// named ones.
pub(super) fn instrument(text: &str, is_among_others: bool) -> Option<Named> {
    let words = words(text);
    let says = |list| words.iter().any(|word| is_in(word, &[list]));
    if !words.iter().all(|word| is_number(word) || is_in(word, &[DRUMS, OTHERS, KINDS, EMPTY])) {
        is_among_others.then(|| instrument_among_others(text, &words)).flatten()
    } else if says(DRUMS) {
        Some(Named::Drums)
    } else {
        says(OTHERS).then_some(Named::Other)
    }
}

/// The same of a name with any words in it: one for drums decides, and an instrument's at the end.
fn instrument_among_others(text: &str, words: &[String]) -> Option<Named> {
    let name = Name::parse(text);
    let says = |list| words.iter().any(|word| is_in(word, &[list]));
    if says(KEYBOARDS) || says(PROSE) || (name.hand.is_some() && name.is_sure) {
        return None;
    }
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !is_number(word)).collect();
    // What may stand beside an instrument's word does so behind it too: "Horn section".
    let is_named = |list| {
        let last = words.iter().rev().find(|word| is_in(word, &[list]) || !is_in(word, &[KINDS, EMPTY]));
        last.is_some_and(|word| is_in(word, &[list]))
    };
    if words.iter().any(|word| is_in(word, &[DRUMS]) && !is_in(word, &[UNSURE_DRUMS])) || is_named(DRUMS) {
        return Some(Named::Drums);
    }
    let is_general_midi = GENERAL_MIDI.contains(&words.join(" ").as_str()) || is_synth(&words);
    // A clef has an instrument's name, and is a hand.
    (is_general_midi || (is_named(OTHERS) && !says(BESIDE_HANDS))).then_some(Named::Other)
}

/// Whether words are a synthesizer's sound, as "Pad 2 (warm)" or "Saw Lead"; a lead alone may be any melody.
fn is_synth(words: &[&str]) -> bool {
    let is_role = |word: &str| ROLES.iter().any(|(_, words)| words.contains(&word));
    match words {
        ["lead" | "pad" | "fx", sounds @ ..] if !sounds.is_empty() => sounds.iter().all(|w| is_in(w, &[SYNTH_SOUNDS])),
        [.., before, "lead" | "leads"] => !is_role(before) && !is_in(before, &[KINDS, EMPTY]),
        _ => false,
    }
}

fn is_in(word: &str, lists: &[&[&str]]) -> bool {
    lists.iter().any(|list| list.contains(&word))
}

fn is_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit())
}

/// A name's words and numbers in lower case, without accents; "R.H.", "RightHand" and "ピアノ右手" are taken apart.
fn words(text: &str) -> Vec<String> {
    /// What is written without spaces around it.
    const UNSPACED: [(&str, &str); 8] = [
        ("右手", " rh "),
        ("左手", " lh "),
        ("右", " rh "),
        ("左", " lh "),
        ("오른손", " rh "),
        ("왼손", " lh "),
        ("ピアノ", " piano "),
        ("피아노", " piano "),
    ];
    let mut spaced = text.to_owned();
    for (written, word) in UNSPACED {
        spaced = spaced.replace(written, word);
    }
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in spaced.chars().filter(|c| !COMBINING_ACCENTS.contains(c)) {
        let joins = (last.is_alphabetic() && c.is_alphabetic() && !(last.is_lowercase() && c.is_uppercase()))
            || (last.is_ascii_digit() && c.is_ascii_digit());
        if c.is_alphanumeric() {
            if !joins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase().map(without_accent));
            }
        }
        last = c;
    }
    // Initials belong together: "R.H.", "m. d."; and a hi-hat is one word.
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        let is_initial = |word: &str| word.len() == 1 && word.chars().all(char::is_alphabetic);
        match joined.last_mut() {
            Some(before) if is_initial(&word) && before.len() == 1 && is_initial(before) => before.push_str(&word),
            Some(before) if before == "hi" && matches!(word.as_str(), "hat" | "hats") => before.push_str(&word),
            _ => joined.push(word),
        }
    }
    joined
}

fn without_accent(c: char) -> char {
    match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' | 'ą' => 'a',
        'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => 'o',
        'ú' | 'ù' | 'û' | 'ü' | 'ů' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ğ' => 'g',
        _ => c,
    }
}

//! Words for a pianist's hands in track names.

pub(super) const RIGHT: &[&str] = &[
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

pub(super) const LEFT: &[&str] = &[
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

/// Words that may accompany a word for a hand.
pub(super) const BESIDE_HANDS: &[&str] = &[
    "hand", "hands", "main", "mano", "mao", "mani", "ruka", "reka", "kez", "el", "kasi", "рука", "clef", "the", "part",
    "staff", "voice",
];

/// Words for a hand that often mean something else.
pub(super) const UNSURE_HANDS: &[&str] = &[
    "r", "l", "rt", "lt", "treble", "bass", "upper", "lower", "up", "down", "top", "bottom", "low", "basso", "bajo",
    "baixo", "aigu", "grave", "oben", "unten", "ober", "unter", "md", "mg", "ms", "mi", "me", "dx", "sx", "sol", "sag",
    "bal", "jobb", "leva", "prava",
];

//! The presets that ToneNet comes with.

use std::sync::LazyLock;

use super::Preset;

/// The files, in the order of the menu.
const FILES: [(&str, &[u8]); 12] = [
    ("gentle-ballad.json", include_bytes!("../../../assets/presets/gentle-ballad.json")),
    ("late-night-trio.json", include_bytes!("../../../assets/presets/late-night-trio.json")),
    ("tight-pop-comp.json", include_bytes!("../../../assets/presets/tight-pop-comp.json")),
    ("parlour-chopin.json", include_bytes!("../../../assets/presets/parlour-chopin.json")),
    ("keep-my-hands-calmer.json", include_bytes!("../../../assets/presets/keep-my-hands-calmer.json")),
    ("concert-hall.json", include_bytes!("../../../assets/presets/concert-hall.json")),
    ("hard-bop-drive.json", include_bytes!("../../../assets/presets/hard-bop-drive.json")),
    ("cocktail-hour.json", include_bytes!("../../../assets/presets/cocktail-hour.json")),
    ("film-underscore.json", include_bytes!("../../../assets/presets/film-underscore.json")),
    ("wake-a-drawn-part.json", include_bytes!("../../../assets/presets/wake-a-drawn-part.json")),
    ("anthem-chorus.json", include_bytes!("../../../assets/presets/anthem-chorus.json")),
    ("my-accents-jazz-feel.json", include_bytes!("../../../assets/presets/my-accents-jazz-feel.json")),
];

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let read =
        |(file, bytes): (&str, &[u8])| Preset::from_bytes(bytes, file).expect("a test reads every shipped preset");
    FILES.into_iter().map(read).collect()
});

/// The presets that ToneNet comes with, in the order of the menu.
pub fn shipped() -> &'static [Preset] {
    &PRESETS
}

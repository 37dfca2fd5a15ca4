//! Styles of a user with made-up weights.

use tonenet_core::genre::Genre;
use tonenet_core::style::StyleIndex;
use tonenet_inference::feel::OwnFeel;
use tonenet_inference::model::StyleSpread;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::user_style::{BuiltInWeight, Readout, StyleCard, StyleContents, UserStyle};

use super::Noise;

/// A style with arbitrary weights, as large as learned ones, and a feel of its own.
pub fn arbitrary(network: &NoteNetwork) -> UserStyle {
    let mut noise = Noise(1);
    let readout = Readout {
        past: noise.numbers(network.past_width(), 5.0),
        ahead: noise.numbers(network.ahead_width(), 5.0),
        built_ins: [Genre::Jazz, Genre::Pop].map(|style| BuiltInWeight { style, weight: 0.7 }).into(),
        constant: -2.0,
    };
    let mut feel = OwnFeel { shift_share: 0.5, stretch: -0.2, pedal_down: 0.5, ..OwnFeel::NEAREST };
    feel.shifts[6] = 0.08;
    with_readout(network, readout, StyleSpread { human: 16.0, predicted: 9.0 }, feel)
}

/// A style that plays exactly as a built-in one does.
pub fn copy_of(network: &NoteNetwork, style: Genre) -> UserStyle {
    let readout = Readout {
        past: vec![0.0; network.past_width()],
        ahead: vec![0.0; network.ahead_width()],
        built_ins: vec![BuiltInWeight { style, weight: 1.0 }],
        constant: 0.0,
    };
    with_readout(network, readout, network.style(style.into()).unwrap(), OwnFeel::NEAREST)
}

fn with_readout(network: &NoteNetwork, readout: Readout, spread: StyleSpread, feel: OwnFeel) -> UserStyle {
    let built_ins: Vec<StyleIndex> = readout.built_ins.iter().map(|built_in| built_in.style.into()).collect();
    UserStyle::new(StyleContents {
        name: "Mine".into(),
        fingerprint: network.fingerprint(&built_ins).unwrap(),
        readout,
        spread_scale: 1.0,
        spread,
        nearest: Genre::Jazz,
        feel,
        card: StyleCard {
            files: 1,
            notes: 1_000,
            r: None,
            nearest_r: 0.5,
            learned_on: "2026-01-31".into(),
            description: "Softer than Jazz.".into(),
        },
    })
    .unwrap()
}

//! The window's measures, its dark and its light colours, and the colours of velocities.

use egui::Color32;

/// Size of the window in logical pixels before the user changes it.
pub(super) const SIZE: (f32, f32) = (960.0, 680.0);

/// Space that the framework leaves free on each side of the window.
#[cfg(test)]
pub(super) const MARGIN: f32 = 8.0;

/// Width of the column of labels.
pub(super) const LABEL_WIDTH: f32 = 112.0;
/// Width of a slider that has a row to itself.
pub(super) const WIDE_SLIDER: f32 = 260.0;
/// Width of a slider that shares its row with another.
pub(super) const NARROW_SLIDER: f32 = 100.0;

/// The colours of a theme. Texts have a contrast of at least 4.5 : 1 to the surfaces that they stand on.
#[derive(Debug, PartialEq)]
pub(super) struct Palette {
    /// Text.
    pub text: Color32,
    /// Labels and remarks.
    pub weak_text: Color32,
    /// Background of the window.
    pub window: Color32,
    /// Background of buttons and fields.
    pub control: Color32,
    /// Background of piano rolls and of the velocity lane.
    pub roll: Color32,
    /// Rows of black keys in a piano roll.
    pub black_keys: Color32,
    /// White keys of a keyboard.
    pub white_keys: Color32,
    /// Black keys of a keyboard, and what is written on white ones.
    pub key_edge: Color32,
    /// Lines of beats.
    pub beat_line: Color32,
    /// Lines of bars.
    pub bar_line: Color32,
    /// What is chosen or active.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// What needs the user's attention.
    pub warning: Color32,
    /// The player's own velocities.
    pub own: Color32,
    /// The zone between what was heard and what is played.
    pub look_ahead: Color32,
    /// The song's position.
    pub playhead: Color32,
    /// Velocities from 1 to 127, at equal distances.
    velocities: [Color32; 6],
}

const fn rgb(red: u8, green: u8, blue: u8) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

// Accent and warning are sky blue and orange, or blue and vermilion, of the Okabe-Ito palette. The velocities follow cividis
// (Nuñez, Anderton and Renslow 2018), which colour-blind people read as others do: louder stands out more from the roll.
const DARK: Palette = Palette {
    text: Color32::from_gray(225),
    weak_text: Color32::from_gray(170),
    window: Color32::from_gray(27),
    control: Color32::from_gray(60),
    roll: Color32::from_gray(18),
    black_keys: Color32::from_gray(24),
    white_keys: Color32::from_gray(170),
    key_edge: Color32::from_gray(35),
    beat_line: Color32::from_gray(38),
    bar_line: Color32::from_gray(80),
    accent: rgb(86, 180, 233),
    on_accent: Color32::BLACK,
    warning: rgb(230, 159, 0),
    own: Color32::from_gray(200),
    look_ahead: Color32::from_rgba_premultiplied(20, 38, 48, 60),
    playhead: rgb(230, 159, 0),
    velocities: [
        rgb(53, 69, 108),
        rgb(90, 97, 115),
        rgb(127, 125, 120),
        rgb(168, 156, 111),
        rgb(212, 191, 88),
        rgb(255, 234, 70),
    ],
};

const LIGHT: Palette = Palette {
    text: Color32::from_gray(25),
    weak_text: Color32::from_gray(85),
    window: Color32::from_gray(245),
    control: Color32::from_gray(222),
    roll: Color32::WHITE,
    black_keys: Color32::from_gray(243),
    white_keys: Color32::from_gray(250),
    key_edge: Color32::from_gray(90),
    beat_line: Color32::from_gray(228),
    bar_line: Color32::from_gray(180),
    accent: rgb(0, 114, 178),
    on_accent: Color32::WHITE,
    warning: rgb(166, 66, 0),
    own: Color32::from_gray(70),
    look_ahead: Color32::from_rgba_premultiplied(0, 28, 44, 44),
    playhead: rgb(213, 94, 0),
    velocities: [
        rgb(222, 204, 100),
        rgb(176, 163, 108),
        rgb(131, 129, 120),
        rgb(92, 99, 115),
        rgb(49, 66, 108),
        rgb(0, 32, 77),
    ],
};

impl Palette {
    /// The colours of the theme that is drawn.
    pub fn of(ui: &egui::Ui) -> &'static Self {
        if ui.visuals().dark_mode { &DARK } else { &LIGHT }
    }

    /// The colour of a velocity, 1–127.
    pub fn velocity(&self, velocity: u8) -> Color32 {
        let place = f32::from(velocity.clamp(1, 127) - 1) / 126.0 * (self.velocities.len() - 1) as f32;
        let below = (place as usize).min(self.velocities.len() - 2);
        self.velocities[below].lerp_to_gamma(self.velocities[below + 1], place - below as f32)
    }
}

/// Sets colours and measures. The window is dark whatever the system's theme is.
pub(super) fn apply(context: &egui::Context) {
    context.set_theme(egui::Theme::Dark);
    for (theme, palette) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        context.style_mut_of(theme, |style| {
            style.visuals.override_text_color = Some(palette.text);
            style.visuals.weak_text_color = Some(palette.weak_text);
            style.visuals.selection.bg_fill = palette.accent;
            style.visuals.panel_fill = palette.window;
            style.spacing.tooltip_width = SIZE.0 - 60.0;
        });
    }
}

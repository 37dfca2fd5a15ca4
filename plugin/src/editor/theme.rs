//! The window's measures, its dark and its light colours, and the colours of velocities.

use egui::{Color32, FontId, Stroke, TextStyle};

/// Size of the window in logical pixels before the user changes it.
pub(super) const SIZE: (f32, f32) = (960.0, 680.0);

/// The smallest size of the window in logical pixels, before the zoom.
pub(super) const SMALLEST: (f32, f32) = (640.0, 400.0);

/// Width of the column of labels.
pub(super) const LABEL_WIDTH: f32 = 112.0;
/// Width of a slider that has a row to itself.
pub(super) const WIDE_SLIDER: f32 = 260.0;

/// The colours of a theme. Texts have a contrast of at least 4.5 : 1 to the surfaces that they stand on, and velocities
/// and the focus of at least 3 : 1.
#[derive(Debug, PartialEq)]
pub(super) struct Palette {
    /// Text.
    pub text: Color32,
    /// Labels and remarks.
    pub weak_text: Color32,
    /// Background of the window.
    pub window: Color32,
    /// Background of lists and tooltips, which lie over the window.
    pub popup: Color32,
    /// Background of buttons and fields.
    pub control: Color32,
    /// Background of a button under the pointer.
    pub hovered_control: Color32,
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
    /// The frame around the control that has the keyboard.
    pub focus: Color32,
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

// Accent and warning are sky blue and orange, or blue and vermilion, of the Okabe-Ito palette. The velocities follow the
// part of cividis (Nuñez, Anderton and Renslow 2018) that stands out from the roll; colour-blind people read it as others
// do: louder stands out more.
const DARK: Palette = Palette {
    text: Color32::from_gray(225),
    weak_text: Color32::from_gray(170),
    window: Color32::from_gray(27),
    popup: Color32::from_gray(38),
    control: Color32::from_gray(60),
    hovered_control: Color32::from_gray(78),
    roll: Color32::from_gray(18),
    black_keys: Color32::from_gray(24),
    white_keys: Color32::from_gray(170),
    key_edge: Color32::from_gray(35),
    beat_line: Color32::from_gray(38),
    bar_line: Color32::from_gray(80),
    accent: rgb(86, 180, 233),
    on_accent: Color32::BLACK,
    focus: Color32::WHITE,
    warning: rgb(230, 159, 0),
    own: Color32::from_gray(200),
    look_ahead: Color32::from_rgba_premultiplied(20, 38, 48, 60),
    playhead: rgb(230, 159, 0),
    velocities: [
        rgb(97, 103, 116),
        rgb(126, 125, 119),
        rgb(159, 150, 113),
        rgb(194, 179, 105),
        rgb(226, 208, 95),
        rgb(255, 234, 70),
    ],
};

const LIGHT: Palette = Palette {
    text: Color32::from_gray(25),
    weak_text: Color32::from_gray(85),
    window: Color32::from_gray(245),
    popup: Color32::WHITE,
    control: Color32::from_gray(222),
    hovered_control: Color32::from_gray(205),
    roll: Color32::WHITE,
    black_keys: Color32::from_gray(243),
    white_keys: Color32::from_gray(250),
    key_edge: Color32::from_gray(90),
    beat_line: Color32::from_gray(228),
    bar_line: Color32::from_gray(180),
    accent: rgb(0, 114, 178),
    on_accent: Color32::WHITE,
    focus: Color32::BLACK,
    warning: rgb(166, 66, 0),
    own: Color32::from_gray(70),
    look_ahead: Color32::from_rgba_premultiplied(0, 28, 44, 44),
    playhead: rgb(213, 94, 0),
    velocities: [
        rgb(145, 139, 117),
        rgb(114, 116, 118),
        rgb(87, 95, 114),
        rgb(59, 74, 109),
        rgb(30, 53, 96),
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

    /// Has egui's own widgets use these colours.
    fn apply(&self, visuals: &mut egui::Visuals) {
        visuals.override_text_color = None;
        visuals.weak_text_color = Some(self.weak_text);
        visuals.hyperlink_color = self.accent;
        visuals.warn_fg_color = self.warning;
        visuals.error_fg_color = self.warning;
        visuals.panel_fill = self.window;
        visuals.window_fill = self.popup;
        visuals.window_stroke = Stroke::new(1.0, self.bar_line);
        visuals.extreme_bg_color = self.roll;
        visuals.text_edit_bg_color = Some(self.roll);
        visuals.faint_bg_color = self.black_keys;
        visuals.code_bg_color = self.control;
        visuals.selection.bg_fill = self.accent;
        visuals.selection.stroke = Stroke::new(1.0, self.on_accent);
        let widgets = &mut visuals.widgets;
        // A widget that has the keyboard is drawn as one that is pressed.
        for (widget, fill, frame) in [
            (&mut widgets.noninteractive, self.window, Stroke::new(1.0, self.bar_line)),
            (&mut widgets.inactive, self.control, Stroke::NONE),
            (&mut widgets.hovered, self.hovered_control, Stroke::new(1.0, self.weak_text)),
            (&mut widgets.active, self.hovered_control, Stroke::new(2.0, self.focus)),
            (&mut widgets.open, self.hovered_control, Stroke::new(1.0, self.weak_text)),
        ] {
            widget.bg_fill = fill;
            widget.weak_bg_fill = fill;
            widget.bg_stroke = frame;
            widget.fg_stroke = Stroke::new(1.5, self.text);
            // Nothing moves under the pointer.
            widget.expansion = 0.0;
        }
    }
}

/// Sizes of texts in logical pixels.
const TEXTS: [(TextStyle, FontId); 5] = [
    (TextStyle::Small, FontId::proportional(11.0)),
    (TextStyle::Body, FontId::proportional(13.0)),
    (TextStyle::Button, FontId::proportional(13.0)),
    (TextStyle::Heading, FontId::proportional(18.0)),
    (TextStyle::Monospace, FontId::monospace(12.0)),
];

/// Sets colours and measures of both themes, and which of them is drawn, whatever the system's theme is.
pub fn apply(context: &egui::Context, theme: egui::Theme) {
    context.set_theme(theme);
    for (theme, palette) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        context.style_mut_of(theme, |style| {
            palette.apply(&mut style.visuals);
            style.text_styles = TEXTS.into();
            style.spacing.button_padding = egui::vec2(6.0, 2.0);
            style.spacing.tooltip_width = 420.0;
        });
    }
}

#[cfg(test)]
mod tests;

//! The window's measures and colours.

/// Size of the window in logical pixels. Everything fits when the section "More" is open.
pub(super) const SIZE: (f32, f32) = (600.0, 590.0);

/// Space that the framework leaves free on each side of the window.
#[cfg(test)]
pub(super) const MARGIN: f32 = 8.0;

/// Width of the column of labels.
pub(super) const LABEL_WIDTH: f32 = 112.0;
/// Width of a slider that has a row to itself.
pub(super) const WIDE_SLIDER: f32 = 260.0;
/// Width of a slider that shares its row with another.
pub(super) const NARROW_SLIDER: f32 = 100.0;

// Sky blue and orange of the Okabe-Ito palette: colour-blind people can tell them apart.
/// Colour of what is chosen or active.
pub(super) const ACCENT: egui::Color32 = egui::Color32::from_rgb(86, 180, 233);
/// Colour of what needs the user's attention.
pub(super) const WARNING: egui::Color32 = egui::Color32::from_rgb(230, 159, 0);

// Both greys have a contrast to the background of more than 7 : 1.
/// Colour of text.
const TEXT: egui::Color32 = egui::Color32::from_gray(225);
/// Colour of labels and remarks.
pub(super) const WEAK_TEXT: egui::Color32 = egui::Color32::from_gray(170);
/// Background of the piano roll.
pub(super) const ROLL_BACKGROUND: egui::Color32 = egui::Color32::from_gray(18);

/// Sets colours and measures. The window is dark whatever the system's theme is.
pub(super) fn apply(context: &egui::Context) {
    context.set_theme(egui::Theme::Dark);
    context.style_mut_of(egui::Theme::Dark, |style| {
        style.visuals.override_text_color = Some(TEXT);
        style.visuals.weak_text_color = Some(WEAK_TEXT);
        style.visuals.selection.bg_fill = ACCENT;
        style.spacing.tooltip_width = SIZE.0 - 60.0;
    });
}

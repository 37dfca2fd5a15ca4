//! Draws a clip as a piano roll: time from left to right, keys from low to high.

use tonenet_core::clip::Clip;

use super::theme::Palette;

/// Keys shown above the highest note and below the lowest.
const MARGIN_KEYS: u8 = 2;
/// Fewest keys shown.
const MIN_KEYS: u8 = 16;

/// Draws a clip over the whole width. A line shows the song's position, in beats from the clip's start.
pub(super) fn piano_roll(ui: &mut egui::Ui, clip: &Clip, height: f32, position: Option<f64>) -> egui::Response {
    let size = egui::vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    let description = describe(clip);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &description));
    let (painter, palette) = (ui.painter_at(rect), Palette::of(ui));
    painter.rect_filled(rect, 3.0, palette.roll);

    let x = |beats: f64| rect.left() + (beats / clip.length()) as f32 * rect.width();
    let (upper, lower) = clip.signature();
    let beat = 4.0 / f64::from(lower);
    let beats = (clip.length() / beat).ceil() as u32;
    for index in 0..beats {
        let colour = if index % u32::from(upper) == 0 { palette.bar_line } else { palette.beat_line };
        let stroke = egui::Stroke::new(1.0, colour);
        painter.vline(x(f64::from(index) * beat), rect.y_range(), stroke);
    }

    let (lowest, keys) = key_range(clip);
    let key_height = rect.height() / f32::from(keys);
    for note in clip.notes() {
        let top = rect.bottom() - f32::from(note.key - lowest + 1) * key_height;
        let left = x(note.onset);
        let corner = egui::pos2((x(note.end()) - 1.0).max(left + 1.5), top + (key_height - 1.0).max(1.5));
        painter.rect_filled(
            egui::Rect::from_min_max(egui::pos2(left, top), corner),
            1.0,
            palette.velocity(note.velocity),
        );
    }
    if clip.notes().is_empty() {
        let font = egui::FontId::proportional(13.0);
        painter.text(rect.center(), egui::Align2::CENTER_CENTER, "a rest", font, palette.weak_text);
    }
    if let Some(position) = position {
        painter.vline(x(position), rect.y_range(), egui::Stroke::new(2.0, palette.playhead));
    }
    response
}

/// Describes a clip in words, for the tooltip and for screen readers.
pub(super) fn describe(clip: &Clip) -> String {
    let (upper, lower) = clip.signature();
    let bars = clip.length() * f64::from(lower) / 4.0 / f64::from(upper);
    let (bars, notes) = (bars.round() as u32, clip.notes().len());
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!("{notes} note{} in {bars} bar{} of {upper}/{lower}", plural(notes), plural(bars as usize))
}

/// The lowest key shown, and the number of keys.
fn key_range(clip: &Clip) -> (u8, u8) {
    let keys = || clip.notes().iter().map(|note| note.key);
    let lowest = keys().min().unwrap_or(60).saturating_sub(MARGIN_KEYS);
    let highest = keys().max().unwrap_or(72) + MARGIN_KEYS;
    (lowest, (highest - lowest + 1).max(MIN_KEYS))
}

//! Files: saving what was played, restyling files beside their originals, and files that are dropped on the window.

use std::path::PathBuf;

use egui::{Id, Rect, Role, Stroke, WidgetInfo, pos2, vec2};

use super::action::{Action, FileAction};
use super::files_view::FilesView;
use super::theme::{Palette, WIDE_SLIDER};
use super::widgets::{button, weak};
use crate::dialogs::DialogState;
use crate::file_restyler::{RestyledFiles, RestylerState};
use crate::player::PlayerAction;

/// The most lines that name single files.
const MOST_NAMED: usize = 4;

/// Space between the drop zones, and around them.
const ZONE_SPACE: f32 = 16.0;

/// Space between the lines in a zone.
const LINE_SPACE: f32 = 6.0;

/// Draws the buttons.
pub(super) fn buttons(ui: &mut egui::Ui, view: &FilesView, actions: &mut Vec<Action>) {
    let what = if view.is_timeline { "what Timeline remembers" } else { "what you played last" };
    let hint = format!("Writes {what} to a MIDI file, with the style's velocities, its tempo and pedal");
    let can_save = view.can_save && view.saving != DialogState::Choosing;
    if button(ui, can_save, "Save restyled .mid…", &hint) {
        actions.push(Action::Files(FileAction::SavePerformance));
    }
    let is_free = view.choosing != DialogState::Choosing && !is_working(view);
    let hint =
        format!("Writes a copy in {} beside each MIDI file that you choose. You can drop files, too", view.style);
    if button(ui, is_free, "Restyle files…", &hint) {
        actions.push(Action::Files(FileAction::RestyleChosen));
    }
}

/// Draws what is being done with files and what came of it, if there is anything to say.
pub(super) fn outcome(ui: &mut egui::Ui, view: &FilesView, actions: &mut Vec<Action>) {
    if let RestylerState::Working { file, share } = &view.restyler {
        ui.horizontal(|ui| {
            let bar = egui::ProgressBar::new(*share).desired_width(WIDE_SLIDER).fill(Palette::of(ui).accent);
            ui.add(bar);
            if button(ui, true, "Cancel", "Stops. Files that are written stay") {
                actions.push(Action::Files(FileAction::CancelRestyling));
            }
            weak(ui, format!("restyling {file}, {:.0} %", share * 100.0));
        });
    }
    let messages = messages(view);
    let Some((first, others)) = messages.split_first() else { return };
    ui.horizontal(|ui| {
        if button(ui, true, "Close", "Closes these messages") {
            actions.push(Action::Files(FileAction::Close));
        }
        first.draw(ui);
    });
    others.iter().for_each(|message| message.draw(ui));
}

fn is_working(view: &FilesView) -> bool {
    matches!(view.restyler, RestylerState::Working { .. })
}

/// A line about files.
enum Message {
    Done(String),
    Failed(String),
}

impl Message {
    /// Draws it in one line. A longer one is read by hovering over it.
    fn draw(&self, ui: &mut egui::Ui) {
        let palette = Palette::of(ui);
        let (text, colour) = match self {
            Self::Done(text) => (text, palette.text),
            Self::Failed(text) => (text, palette.warning),
        };
        ui.add(egui::Label::new(egui::RichText::new(text).color(colour)).truncate());
    }
}

/// What came of files, the latest last.
fn messages(view: &FilesView) -> Vec<Message> {
    let mut messages = Vec::new();
    match &view.saving {
        DialogState::Done(path) => messages.push(Message::Done(format!("Written to {}", path.display()))),
        DialogState::Failed(refusal) => messages.push(Message::Failed(refusal.clone())),
        DialogState::Idle | DialogState::Choosing => {}
    }
    // In the mode Timeline its own controls say so.
    match &view.opening {
        DialogState::Done(text) if !view.is_timeline => messages.push(Message::Done(text.clone())),
        DialogState::Failed(refusal) if !view.is_timeline => messages.push(Message::Failed(refusal.clone())),
        _ => {}
    }
    if let DialogState::Failed(refusal) = &view.choosing {
        messages.push(Message::Failed(refusal.clone()));
    }
    match &view.restyler {
        RestylerState::Idle | RestylerState::Working { .. } => {}
        RestylerState::Done(files) => messages.extend(restyled(files)),
        RestylerState::Failed(refusal) => messages.push(Message::Failed(refusal.clone())),
    }
    messages
}

/// What came of files that were restyled.
fn restyled(files: &RestyledFiles) -> Vec<Message> {
    let named = files.written.iter().take(MOST_NAMED).map(|(_, outcome)| outcome.result.as_str());
    let named = named.collect::<Vec<_>>().join(", ");
    let and_others = match files.written.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let cancelled = if files.is_cancelled { "Cancelled. " } else { "" };
    let written = match &files.written[..] {
        [] => "Nothing was written".into(),
        [(_, one)] => format!("Wrote {named}: {} of {} notes have a new velocity", one.changed, one.notes),
        several => format!("Wrote {} files: {named}{and_others}", several.len()),
    };
    let mut messages = vec![Message::Done(format!("{cancelled}{written}"))];
    messages.extend(files.refused.iter().take(MOST_NAMED).cloned().map(Message::Failed));
    let others = files.refused.len().saturating_sub(MOST_NAMED);
    if others > 0 {
        messages.push(Message::Failed(format!("{others} more were refused")));
    }
    messages
}

/// A place to drop files on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Play,
    Beside,
    Timeline,
}

/// The zones from top to bottom. Only where there is a player can files be played.
const ZONES: [Zone; 3] = [Zone::Play, Zone::Beside, Zone::Timeline];

/// While files hover over the window, shows where they can be dropped; takes those that are dropped.
///
/// A file that is dropped where no pointer was seen is restyled: that changes nothing in the project. Where there is a player,
/// it plays the file instead.
pub(super) fn drop_zones(ui: &mut egui::Ui, view: &FilesView, can_play: bool, actions: &mut Vec<Action>) {
    let (hovering, dropped, pointer) = ui.input(|input| {
        let dropped: Vec<PathBuf> = input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect();
        (input.raw.hovered_files.len(), dropped, input.pointer.latest_pos())
    });
    if hovering == 0 && dropped.is_empty() {
        return;
    }
    let whole = ui.ctx().content_rect().shrink(ZONE_SPACE);
    let zones = places(whole, if can_play { &ZONES } else { &ZONES[1..] });
    let under = pointer.and_then(|at| zones.iter().find(|(_, place)| place.contains(at)).map(|(zone, _)| *zone));
    if !dropped.is_empty() {
        actions.push(match under.unwrap_or(zones[0].0) {
            Zone::Play => Action::Player(PlayerAction::Open(dropped.into_iter().next().unwrap_or_default())),
            Zone::Timeline => Action::Files(FileAction::TakeDropped(dropped)),
            Zone::Beside => Action::Files(FileAction::RestyleDropped(dropped)),
        });
        return;
    }
    let layer = egui::Area::new(Id::unique("drop zones")).order(egui::Order::Foreground).fixed_pos(whole.min);
    layer.show(ui.ctx(), |ui| {
        ui.painter().rect_filled(ui.ctx().content_rect(), 0.0, Palette::of(ui).window.gamma_multiply(0.9));
        for (zone, place) in zones {
            let (title, text) = texts(zone, view, hovering);
            draw_zone(ui, place, (title, &text), under == Some(zone));
        }
    });
}

/// The zones one below the other, of equal height.
fn places(whole: Rect, zones: &[Zone]) -> Vec<(Zone, Rect)> {
    let step = (whole.height() + ZONE_SPACE) / zones.len() as f32;
    let place = |(index, zone): (usize, &Zone)| {
        let top = whole.top() + step * index as f32;
        (*zone, Rect::from_min_max(pos2(whole.min.x, top), pos2(whole.max.x, top + step - ZONE_SPACE)))
    };
    zones.iter().enumerate().map(place).collect()
}

fn texts(zone: Zone, view: &FilesView, files: usize) -> (&'static str, String) {
    match zone {
        Zone::Play => {
            let one = if files > 1 { " It plays the first file only." } else { "" };
            ("Play it", format!("Plays the file through ToneNet to your synthesizer.{one}"))
        }
        Zone::Beside => {
            let style = &view.style;
            (
                "Restyle beside the original",
                match files {
                    0 | 1 => format!("Writes a copy in {style}. The original stays as it is."),
                    _ => format!("Writes a copy of each in {style}. The originals stay as they are."),
                },
            )
        }
        Zone::Timeline => {
            let one = if files > 1 { " It takes the first file only." } else { "" };
            let mode = if view.is_timeline { "" } else { " Choose the mode Timeline to hear it." };
            ("Take it for Timeline", format!("Timeline remembers its notes as if you had played them.{one}{mode}"))
        }
    }
}

fn draw_zone(ui: &mut egui::Ui, place: Rect, (title, text): (&str, &str), is_under: bool) {
    let palette = Palette::of(ui);
    let response = ui.interact(place, Id::unique(title), egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{title}. {text}")));
    let (fill, line) = if is_under { (palette.control, palette.accent) } else { (palette.roll, palette.weak_text) };
    ui.painter().rect(place, 8.0, fill, Stroke::new(2.0, line), egui::StrokeKind::Inside);
    let painter = ui.painter();
    let centred = |text: &str, size: f32, colour| {
        let mut job = egui::text::LayoutJob::simple(
            text.into(),
            egui::FontId::proportional(size),
            colour,
            place.width() - 2.0 * ZONE_SPACE,
        );
        job.halign = egui::Align::Center;
        painter.layout_job(job)
    };
    let (title, text) = (centred(title, 20.0, palette.text), centred(text, 14.0, palette.weak_text));
    let top = place.center() - vec2(0.0, (title.size().y + text.size().y + LINE_SPACE) / 2.0);
    let below = top + vec2(0.0, title.size().y + LINE_SPACE);
    painter.galley(top, title, palette.text);
    painter.galley(below, text, palette.weak_text);
}

#[cfg(test)]
mod tests;

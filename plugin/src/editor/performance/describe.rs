//! Says in words what the performance view shows.

use tonenet_core::note::key_name;
use tonenet_core::style::{StyleBlend, TakeSeed};

use super::notes::beginning_in;
use super::view::{Axis, GridLine, NoteState, NoteView, PerformanceView};
use super::viewport::InSight;
use crate::editor::styles_view::{StylesView, counted};

/// How far before a line a note may begin that belongs to it, in beats or seconds.
const JUST_BEFORE: f64 = 0.02;

/// A note: "C4 · bar 12.3 · 64 → 81 · Jazz · take 3". One that the feel moves: "C4 · written bar 12.3, played 23 ms later,
/// 80 % of its length · …".
pub fn note(note: &NoteView, view: &PerformanceView, styles: &StylesView) -> String {
    let own = note.own();
    let velocity = match (note.state, note.restyled()) {
        (NoteState::New, Some(restyled)) => format!("{own} \u{2192} {restyled}, new: from what this key got before"),
        (NoteState::New, None) => format!("{own}, own velocity kept: new to ToneNet"),
        (NoteState::Late, _) => format!("{own}, own velocity kept: the prediction came too late"),
        (NoteState::Kept, _) => format!("{own}, own velocity kept"),
        (NoteState::Waiting, None) => format!("{own}, waiting for the model"),
        (_, Some(restyled)) => format!("{own} \u{2192} {restyled}"),
        (_, None) => own.to_string(),
    };
    let mut parts = vec![key_name(note.key), written_and_played(note, view), velocity];
    if note.restyled().is_some() {
        parts.extend([style(note.style, styles), take(note.take)]);
    }
    parts.join(" \u{b7} ")
}

/// Where a note is written, and how it is played where that differs.
fn written_and_played(note: &NoteView, view: &PerformanceView) -> String {
    let Some(written) = note.written else { return place(note.onset, view) };
    let mut text = format!("written {}", place(written.onset, view));
    let later = note.onset - written.onset;
    let distance = match view.axis {
        Axis::Seconds => format!("{:.0} ms", later.abs() * 1e3),
        Axis::Song => format!("{:.2} beats", later.abs()),
    };
    match later {
        _ if distance.starts_with("0 ") || distance.starts_with("0.00 ") => text.push_str(", played there"),
        later if later > 0.0 => text.push_str(&format!(", played {distance} later")),
        _ => text.push_str(&format!(", played {distance} earlier")),
    }
    if let (Some(length), Some(whole)) = (note.length, written.length.filter(|&whole| whole > 0.0)) {
        let share = (length / whole * 100.0).round();
        if share != 100.0 {
            text.push_str(&format!(", {share:.0} % of its length"));
        }
    }
    text
}

/// A place: "bar 12.3" is the third beat of bar 12. Where there is no grid, beats or seconds.
pub fn place(place: f64, view: &PerformanceView) -> String {
    in_grid(place, &view.grid).unwrap_or_else(|| match view.axis {
        Axis::Song => format!("beat {:.1}", place + 1.0),
        Axis::Seconds => format!("{place:.1} s"),
    })
}

fn in_grid(place: f64, grid: &[GridLine]) -> Option<String> {
    let passed = grid.partition_point(|line| line.place <= place + JUST_BEFORE);
    if passed == grid.len() && !is_near_end(place, grid) {
        // Behind the last line there may be further bars.
        return None;
    }
    let bar_line = grid[..passed].iter().rposition(|line| line.bar.is_some())?;
    Some(format!("bar {}.{}", grid[bar_line].bar?, passed - bar_line))
}

/// Whether a place behind the last line is less than a beat away from it.
fn is_near_end(place: f64, grid: &[GridLine]) -> bool {
    let [.., before, last] = grid else { return false };
    place < last.place + (last.place - before.place)
}

/// The styles of a note: "Jazz", or "Jazz 60 %, Pop 40 %".
fn style(blend: StyleBlend, styles: &StylesView) -> String {
    let StyleBlend { a, b, share_of_b } = blend;
    let of_b = (share_of_b * 100.0).round().clamp(0.0, 100.0);
    match of_b {
        _ if a == b || of_b == 0.0 => styles.title(a),
        100.0 => styles.title(b),
        _ => format!("{} {:.0} %, {} {of_b:.0} %", styles.title(a), 100.0 - of_b, styles.title(b)),
    }
}

fn take(take: TakeSeed) -> String {
    if take.0 == 0 { "average".into() } else { format!("take {}", take.0) }
}

/// Everything in sight, for screen readers.
pub fn in_sight(view: &PerformanceView, sight: &InSight) -> String {
    let notes = beginning_in(view, sight.time);
    let keys = notes.iter().map(|note| note.key);
    let (Some(low), Some(high)) = (keys.clone().min(), keys.max()) else {
        return "Piano roll. No notes in sight".into();
    };
    let number = counted(notes.len(), "note");
    let (first, last) = (place(notes[0].onset, view), place(notes[notes.len() - 1].onset, view));
    let (low, high) = (key_name(low), key_name(high));
    format!("Piano roll. {number} from {first} to {last}, {low} to {high}. {}", moved(notes))
}

/// How far the style moves notes.
fn moved(notes: &[NoteView]) -> String {
    let moves = notes.iter().filter_map(|note| Some(f64::from(note.restyled()?) - f64::from(note.own())));
    let (count, sum, distance) =
        moves.fold((0, 0.0, 0.0), |(count, sum, distance), by| (count + 1, sum + by, distance + by.abs()));
    if count == 0 {
        return "All keep their own velocity".into();
    }
    let (mean, distance) = (sum / f64::from(count), distance / f64::from(count));
    let direction = match mean.round() {
        0.0 => "as loud as played".to_owned(),
        by if by > 0.0 => format!("{by:.0} louder"),
        by => format!("{:.0} softer", -by),
    };
    format!("The style moves velocities by {distance:.0} on average; overall the part is {direction}")
}

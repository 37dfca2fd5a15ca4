//! Builds the performance view of an instance: from what was played of late, or from what Timeline remembers.

use std::sync::Arc;

use tonenet_core::clip::Bars;
use tonenet_core::scheduler::Mode;
use tonenet_core::timeline::{TimelineNote, TimelineView};
use tonenet_engine::Settings;
use tonenet_engine::played_notes::{PlayedNote, PlayedNotes, PlayedPart, PlayedPrediction};
use tonenet_engine::style_store::StyleStore;
use tonenet_engine::timeline_store::TimelineStore;

use super::displaced::displaced;
use super::grid::{lines_of_playing, lines_of_song};
use super::{Axis, GridLine, NoteState, NoteView, PerformanceView};

/// Seconds after the last event in which the view goes on moving. Long notes and releases end within them.
const AFTERGLOW: f64 = 4.0;

/// Seconds after which a song that has the same position stands still. Blocks of audio are shorter.
const STANDSTILL: f64 = 0.25;

/// Where the performance of an instance comes from.
#[derive(Clone, Copy)]
pub struct Stores<'a> {
    /// What was played of late.
    pub played: &'a PlayedNotes,
    /// What Timeline remembers.
    pub timeline: &'a TimelineStore,
    /// The user's styles.
    pub styles: &'a StyleStore,
}

/// The state of the instance that the view depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The settings that play.
    pub settings: Settings,
    /// The mode in force.
    pub mode: Mode,
    /// The song's bars.
    pub bars: Bars,
    /// The song's position in beats, if the host says so.
    pub position: Option<f64>,
    /// The window's clock, in seconds.
    pub clock: f64,
}

/// Keeps the last view, and what it was built from.
#[derive(Debug, Default)]
pub struct PerformanceSource {
    part: PlayedPart,
    snapshot: Option<Remembered>,
    /// How many notes of this pass the snapshot does not have yet.
    new_notes: usize,
    built_for: Option<(Settings, Mode, Bars)>,
    /// The song's last position, and when it was there first.
    position: Option<(f64, f64)>,
    /// The last second of playing, and when it was reached.
    playing: (f64, f64),
    view: PerformanceView,
}

/// What Timeline remembers, as the window has it.
#[derive(Debug)]
struct Remembered {
    view: TimelineView,
    /// The edition of the user's styles.
    styles: u64,
    /// The second of playing at which it came. What was played since may not be in it.
    since: f64,
}

impl PerformanceSource {
    /// The performance as it is now. Notes are computed anew only where something has changed.
    pub fn view(&mut self, stores: Stores<'_>, moment: &Moment) -> PerformanceView {
        let Moment { settings, mode, bars, .. } = *moment;
        let is_part_new = stores.played.update(&mut self.part);
        let is_song = mode == Mode::Timeline;
        let is_snapshot_new = is_song && self.follow_snapshot(stores);
        let is_changed = self.built_for.replace((settings, mode, bars)) != Some((settings, mode, bars));
        let is_part_new = is_part_new && (!is_song || self.new_notes > 0 || self.unknown_notes().next().is_some());
        if is_changed || is_snapshot_new || is_part_new {
            let (notes, grid) = if is_song { self.song(&settings, &bars) } else { self.playing(moment) };
            self.view.notes = notes.into();
            self.view.grid = grid.into();
        }
        self.view.axis = if is_song { Axis::Song } else { Axis::Seconds };
        self.view.floor = settings.expression.floor;
        self.view.ceiling = settings.expression.ceiling;
        self.view.look_ahead = if is_song { 0.0 } else { self.part.look_ahead };
        self.set_now(stores.played.now(), moment, is_song);
        self.view.clone()
    }

    fn set_now(&mut self, playing: f64, moment: &Moment, is_song: bool) {
        let before = self.position;
        self.position = moment.position.map(|position| match before {
            Some((last, since)) if last == position => (last, since),
            _ => (position, moment.clock),
        });
        if is_song {
            self.view.now = moment.position;
            self.view.is_moving = self.position.is_some_and(|(_, since)| moment.clock - since < STANDSTILL);
        } else {
            let end = self.part.notes.last().map(|note| note.onset + note.length.unwrap_or(f64::INFINITY));
            let stop = end.map(|end| end + self.part.look_ahead + AFTERGLOW);
            self.view.now = stop.map(|stop| playing.min(stop));
            if self.playing.0 != playing {
                self.playing = (playing, moment.clock);
            }
            // A host that has stopped its audio moves nothing, even with a key down.
            let is_running = moment.clock - self.playing.1 < STANDSTILL;
            self.view.is_moving = is_running && stop.is_some_and(|stop| playing < stop);
        }
    }

    /// Takes the latest snapshot. Returns whether it or its styles have changed.
    fn follow_snapshot(&mut self, stores: Stores<'_>) -> bool {
        let ((snapshot, _), styles) = (stores.timeline.get(), stores.styles.edition());
        let last = self.snapshot.as_ref();
        if last.is_some_and(|last| Arc::ptr_eq(last.view.snapshot(), &snapshot) && last.styles == styles) {
            return false;
        }
        let view = TimelineView::new(snapshot, &stores.styles.keys());
        self.snapshot = Some(Remembered { view, styles, since: stores.played.now() });
        true
    }

    /// The notes of this pass that the snapshot does not have.
    fn unknown_notes(&self) -> impl Iterator<Item = (f64, &PlayedNote)> {
        let remembered = self.snapshot.as_ref();
        let is_new = move |note: &&PlayedNote| remembered.is_some_and(|remembered| note.onset >= remembered.since);
        let recent = self.part.notes.iter().rev().take_while(is_new);
        recent.filter_map(move |note| {
            let beats = note.beats?;
            let is_known = remembered?.view.snapshot().find(beats, note.channel, note.key).is_some();
            (!is_known).then_some((beats, note))
        })
    }

    fn song(&mut self, settings: &Settings, bars: &Bars) -> (Vec<NoteView>, Vec<GridLine>) {
        let Some(Remembered { view, .. }) = &self.snapshot else { return Default::default() };
        let snapshot = view.snapshot();
        let note = |(index, note): (usize, &TimelineNote)| {
            let expected = view.expected(index, settings.style, settings.take);
            let is_in_scope = snapshot.voice(index).is_none_or(|voice| settings.scope.includes(note.key, voice));
            let is_kept = settings.bypass || settings.compare || !is_in_scope;
            let state = match expected {
                _ if is_kept => NoteState::Kept,
                Some(_) => NoteState::Restyled,
                None => NoteState::Waiting,
            };
            NoteView {
                onset: note.beats,
                length: Some(note.length.into()),
                written: None,
                key: note.key,
                own: note.velocity,
                restyled: expected.filter(|_| !is_kept).map(|e| settings.expression.velocity(note.velocity, e)),
                level: expected.map(|e| e.level + settings.expression.level),
                state,
                style: settings.style,
                take: settings.take,
            }
        };
        let mut notes: Vec<NoteView> = snapshot.notes().iter().enumerate().map(note).collect();
        let known = notes.len();
        let new = self.unknown_notes().map(|(beats, note)| NoteView {
            onset: beats,
            length: note.length.map(|seconds| seconds / note.beat_seconds),
            state: NoteState::New,
            ..played_note(note, settings)
        });
        notes.extend(new);
        self.new_notes = notes.len() - known;
        notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
        let ends = (notes.first().map_or(0.0, |n| n.onset), notes.last().map_or(0.0, |n| n.onset));
        let grid = lines_of_song(bars, ends);
        (notes, grid)
    }

    fn playing(&self, moment: &Moment) -> (Vec<NoteView>, Vec<GridLine>) {
        let Moment { settings, mode, bars, .. } = moment;
        let PlayedPart { notes, sample_rate, look_ahead, .. } = &self.part;
        // Other modes only delay.
        let earliest = if matches!(mode, Mode::Window(_)) { *look_ahead } else { 0.0 };
        let view = |note: &PlayedNote| {
            let shown = played_note(note, settings);
            if !settings.feel.moves() || matches!(shown.state, NoteState::Kept | NoteState::Late) {
                return shown;
            }
            let by = settings.feel.displacement(&note.feel, &note.written_place(*sample_rate));
            displaced(shown, &by, *sample_rate, earliest)
        };
        let mut shown: Vec<NoteView> = notes.iter().map(view).collect();
        shown.sort_by(|one, other| one.onset.total_cmp(&other.onset));
        (shown, lines_of_playing(bars, notes))
    }
}

/// A note that was played, as the present settings would have it.
fn played_note(note: &PlayedNote, settings: &Settings) -> NoteView {
    let is_kept = settings.bypass || settings.compare || !settings.scope.includes(note.key, note.voice);
    let expected = note.expected(settings.style, settings.take);
    let state = match note.prediction {
        _ if is_kept => NoteState::Kept,
        PlayedPrediction::Waiting => NoteState::Waiting,
        PlayedPrediction::Predicted { is_late: true, .. } => NoteState::Late,
        PlayedPrediction::Known(None) => NoteState::New,
        PlayedPrediction::Predicted { .. } | PlayedPrediction::Known(Some(_)) => NoteState::Restyled,
    };
    let is_predicted = note.is_predicted_in(settings.style);
    let (style, take) = if is_predicted { (settings.style, settings.take) } else { (note.style, note.take) };
    // A late note was played as it came.
    let played = expected.filter(|_| !is_kept && state != NoteState::Late);
    NoteView {
        onset: note.onset,
        length: note.length,
        written: None,
        key: note.key,
        own: note.velocity,
        restyled: played.map(|e| settings.expression.velocity(note.velocity, e)),
        level: expected.map(|e| e.level + settings.expression.level),
        state,
        style,
        take,
    }
}

#[cfg(test)]
mod tests;

//! Carries out what the user does with files.

use tonenet_core::dynamics::Expected;
use tonenet_core::midi::WrittenPart;
use tonenet_core::scope::VoicePosition;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::timeline::TimelineView;
use tonenet_engine::Settings;
use tonenet_engine::played_notes::PlayedPart;

use super::action::FileAction;
use super::app::App;
use crate::instance::Instance;
use crate::params::LookAheadChoice;

impl App {
    /// Carries out an action.
    pub(super) fn apply_to_files(&self, action: FileAction) {
        let Instance { params, restyler, .. } = &self.instance;
        match action {
            FileAction::SavePerformance => self.save_performance(),
            FileAction::RestyleChosen => self.dialogs.restyle_files(restyler.clone(), params.settings()),
            FileAction::RestyleDropped(files) => restyler.start(files, params.settings()),
            FileAction::TakeDropped(files) => self.dialogs.open_dropped(files, self.file_start),
            FileAction::CancelRestyling => restyler.cancel(),
            FileAction::Close => {
                restyler.acknowledge();
                self.dialogs.acknowledge_files();
            }
        }
    }

    /// Saves what Timeline remembers; in the other modes, what was played of late. The dialog's thread computes it, because it
    /// may have many notes.
    fn save_performance(&self) {
        let Instance { params, status, .. } = &self.instance;
        let settings = params.settings();
        if params.look_ahead.value() == LookAheadChoice::Timeline {
            let (snapshot, _) = params.timeline().get();
            let view = TimelineView::new(snapshot, &params.styles().keys());
            self.dialogs.save_performance(move || remembered(&view, &settings));
        } else {
            let mut part = PlayedPart::default();
            status.played.update(&mut part);
            self.dialogs.save_performance(move || played(&part, &settings));
        }
    }
}

/// What Timeline remembers, with the style's velocities.
fn remembered(view: &TimelineView, settings: &Settings) -> WrittenPart {
    let snapshot: &TimelineSnapshot = view.snapshot();
    snapshot.written(|index, note| {
        let voice = snapshot.voice(index).unwrap_or(VoicePosition::ALONE);
        let expected = view.expected(index, settings.style, settings.take);
        velocity(settings, (note.key, voice), note.velocity, expected)
    })
}

/// What was played of late, with the style's velocities.
fn played(part: &PlayedPart, settings: &Settings) -> WrittenPart {
    part.written(|note| {
        let expected = note.expected(settings.style, settings.take);
        velocity(settings, (note.key, note.voice), note.velocity, expected)
    })
}

/// The velocity of a note: the player's outside the scope, and where nothing is predicted.
fn velocity(settings: &Settings, (key, voice): (u8, VoicePosition), own: u8, expected: Option<Expected>) -> u8 {
    let expected = expected.filter(|_| settings.scope.includes(key, voice));
    expected.map_or(own, |expected| settings.expression.velocity(own, expected))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tonenet_core::dynamics::Expression;
    use tonenet_core::scope::Scope;
    use tonenet_core::style::built_in_keys;
    use tonenet_core::timeline::TimelineNote;

    use super::*;
    use crate::params::ToneNetParams;

    #[test]
    fn a_note_gets_the_styles_velocity_where_one_is_predicted_and_the_scope_has_it() {
        let settings = ToneNetParams::new(Arc::default()).settings();
        let settings = Settings { scope: Scope { low: 60, ..Scope::ALL }, ..settings };
        let expected = Some(Expected { level: 70.0, deviation: 9.0 });
        let of = |key, expected| velocity(&settings, (key, VoicePosition::ALONE), 50, expected);
        assert_eq!((of(60, expected), of(59, expected), of(60, None)), (79, 50, 50));
        let half = Settings { expression: Expression { amount: 0.0, ..settings.expression }, ..settings };
        assert_eq!(velocity(&half, (60, VoicePosition::ALONE), 50, expected), 50);
    }

    #[test]
    fn a_performance_that_nothing_has_read_is_saved_as_it_was_played() {
        let note = TimelineNote { beats: 1.0, length: 0.5, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
        let snapshot = Arc::new(TimelineSnapshot::new(vec![note], Vec::new()));
        let settings = ToneNetParams::new(Arc::default()).settings();
        let written = remembered(&TimelineView::new(snapshot, &built_in_keys()), &settings);
        assert_eq!(written.notes.iter().map(|note| note.velocity).collect::<Vec<_>>(), [64]);
        assert!(played(&PlayedPart::default(), &settings).notes.is_empty());
    }
}

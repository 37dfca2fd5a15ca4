//! Carries out what the user does in the window.

use std::sync::atomic::Ordering;

use nice_plug::prelude::*;
use tonenet_core::style::StyleIndex;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_inference::runtime::ProviderPreference;
use tonenet_inference::runtime_settings::RuntimeSettings;

use super::action::{Action, ClipAction, EditAction, StyleAction, WindowAction};
use super::app::App;
use super::dial::DialGesture;
use super::styles_view::Renaming;
use super::window_settings::WindowSettings;
use crate::history::Editing;
use crate::instance::Instance;
use crate::learner::LearningSource;
use crate::params::{LookAheadChoice, PartChoice, PedalChoice, TimelineLookAheadChoice, UserParam, style_value};

impl App {
    /// Carries out an action.
    pub(super) fn apply(&mut self, action: Action, setter: &ParamSetter) {
        let params = &self.instance.params;
        let edit = self.editing(setter);
        match action {
            Action::StyleA(style) => {
                edit.set(UserParam::Style, params.style.preview_normalized(style_value::of(style)))
            }
            Action::StyleB(style) => {
                edit.set(UserParam::StyleB, params.style_b.preview_normalized(style_value::of(style)))
            }
            Action::Dial(dial, DialGesture::Begin) => edit.begin(dial.param()),
            Action::Dial(dial, DialGesture::To(value)) => edit.drag(dial.param(), value),
            Action::Dial(dial, DialGesture::End) => edit.end(dial.param()),
            // Text that is no value changes nothing.
            Action::DialText(dial, text) => {
                let typed = dial.param().of(params).read_text(&text);
                typed.into_iter().for_each(|value| edit.set(dial.param(), value));
            }
            Action::Take(take) => edit.set(UserParam::Take, params.take.preview_normalized(take.into())),
            Action::Model(model) => edit.set(UserParam::Model, params.model.preview_normalized(model.into())),
            Action::AcceptWeights => params.made_with().accept(),
            Action::LookAhead(mode) => {
                edit.set(UserParam::LookAhead, params.look_ahead.preview_normalized(LookAheadChoice::from(mode)))
            }
            Action::ForgetPerformance => params.timeline().replace(TimelineSnapshot::default()),
            Action::RestorePerformance => params.timeline().undo(),
            Action::FileStart(beats) => self.file_start = beats,
            Action::OpenPerformance(start) => self.dialogs.open_performance(start),
            Action::Viewport(viewport) => self.viewport = viewport,
            Action::Bypass(bypass) => edit.set(UserParam::Bypass, params.bypass.preview_normalized(bypass)),
            Action::HearPlayer(hears) => edit.set(UserParam::HearPlayer, params.hear_player.preview_normalized(hears)),
            Action::Part(part) => edit.set(UserParam::Part, params.part.preview_normalized(PartChoice::from(part))),
            Action::Pedal(pedal) => {
                edit.set(UserParam::Pedal, params.pedal.preview_normalized(PedalChoice::from(pedal)))
            }
            Action::TimelineLookAhead(has) => {
                let choice =
                    if has { TimelineLookAheadChoice::ThirtyMilliseconds } else { TimelineLookAheadChoice::Off };
                edit.set(UserParam::TimelineLookAhead, params.timeline_delay.preview_normalized(choice));
            }
            Action::LockTake(locked) => params.take_locked.store(locked, Ordering::Relaxed),
            Action::Compare(compares) => params.comparing.store(compares, Ordering::Relaxed),
            Action::ShowAllControls(all) => self.shows_all_controls = Some(all),
            Action::ComputeWith(provider) => self.compute_with(provider),
            Action::Show(tab) => self.tab = tab,
            Action::Window(action) => self.apply_to_window(action),
            Action::Clip(action) => self.apply_to_clips(action),
            Action::Styles(action) => self.apply_to_styles(action, setter),
            Action::Presets(action) => self.apply_to_presets(action, setter),
            Action::Files(action) => self.apply_to_files(action),
            Action::Player(action) => self.instance.player.iter().for_each(|player| player.control(action.clone())),
            Action::ChooseSong => {
                self.instance.player.iter().for_each(|player| self.dialogs.choose_song(player.clone()))
            }
            Action::Edit(EditAction::Undo) => edit.undo(),
            Action::Edit(EditAction::Redo) => edit.redo(),
            Action::Edit(EditAction::SwitchSlot) => self.presets.problems = edit.switch_slot(),
            Action::Edit(EditAction::CopySlot) => edit.copy_slot(),
        }
    }

    /// Remembers what computes. What cannot be saved is not chosen, and the window says so.
    fn compute_with(&mut self, provider: ProviderPreference) {
        let is_saved = RuntimeSettings { provider, ..RuntimeSettings::load() }.store().is_ok();
        (self.computing, self.computing_saved) = (RuntimeSettings::load(), Some(is_saved));
    }

    fn apply_to_window(&mut self, action: WindowAction) {
        match action {
            WindowAction::Theme(theme) => {
                self.window.theme = theme;
                WindowSettings::remember(|window| window.theme = theme);
            }
            WindowAction::Zoom(zoom) => {
                self.window.zoom = zoom;
                WindowSettings::remember(|window| window.zoom = zoom);
            }
            WindowAction::Resize(size) => self.wanted_size = Some(size),
        }
    }

    /// Edits the parameters, so that each edit can be undone.
    pub(super) fn editing<'a>(&'a self, setter: &'a ParamSetter<'a>) -> Editing<'a> {
        let Instance { params, edits, .. } = &self.instance;
        Editing { params, edits, setter }
    }

    fn apply_to_styles(&mut self, action: StyleAction, setter: &ParamSetter) {
        let Instance { params, learner, .. } = &self.instance;
        let styles = params.styles();
        match action {
            StyleAction::LearnFromFiles => self.dialogs.learn_from_files(learner.clone()),
            StyleAction::LearnFromFolder => self.dialogs.learn_from_folder(learner.clone()),
            StyleAction::LearnFromPlaying => learner.start(LearningSource::Remembered),
            StyleAction::CancelLearning => learner.cancel(),
            StyleAction::PlayAsStyleA(slot) => {
                StyleIndex::from_slot(slot).into_iter().for_each(|style| self.apply(Action::StyleA(style), setter))
            }
            StyleAction::Import => self.dialogs.import_style(),
            StyleAction::Export(slot) => {
                styles.style(slot).into_iter().for_each(|style| self.dialogs.export_style(style))
            }
            StyleAction::Draft(slot, name) => self.renaming = Some(Renaming { slot, name, refusal: None }),
            StyleAction::Remove(slot) => {
                styles.remove(slot);
                self.show_titles(setter);
            }
            StyleAction::UndoRemove => {
                styles.undo_remove();
                self.show_titles(setter);
            }
            StyleAction::Rename(slot, name) => {
                self.renaming = Renaming::keep(&styles, slot, name);
                self.show_titles(setter);
            }
        }
    }

    /// Has the host read the titles of the chosen styles again, by setting them to what they are.
    pub(super) fn show_titles(&self, setter: &ParamSetter) {
        for param in [&self.instance.params.style, &self.instance.params.style_b] {
            set(setter, param, param.unmodulated_plain_value());
        }
    }

    fn apply_to_clips(&self, action: ClipAction) {
        let Instance { params, generator, .. } = &self.instance;
        let clips = params.clips();
        match action {
            ClipAction::Change(change) => clips.change_settings(|settings| change.apply(settings)),
            ClipAction::Trigger => generator.trigger(),
            ClipAction::Cancel => generator.cancel(),
            ClipAction::Capture(phrase) => generator.capture(phrase),
            ClipAction::Undo => clips.step(true),
            ClipAction::Redo => clips.step(false),
            ClipAction::Select(index) => clips.select(index),
            ClipAction::Audition => clips.audition(),
            ClipAction::MoveTo(start) => clips.move_to(start),
            ClipAction::Place => clips.place(),
            ClipAction::Clear => clips.clear(),
            ClipAction::Save => {
                if let Some(clip) = clips.selected().clip {
                    self.dialogs.save_clip(clip, params.tempo());
                }
            }
        }
    }
}

/// Sets a parameter in one gesture that is no edit.
fn set<P: Param>(setter: &ParamSetter, param: &P, value: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, value);
    setter.end_set_parameter(param);
}

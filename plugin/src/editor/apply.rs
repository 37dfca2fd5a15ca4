//! Carries out what the user does in the window.

use nice_plug::prelude::*;
use tonenet_core::style::StyleIndex;
use tonenet_core::timeline::TimelineSnapshot;

use super::action::{Action, ClipAction, StyleAction, WindowAction};
use super::app::{App, Instance};
use super::styles_view::Renaming;
use super::window_settings::WindowSettings;
use crate::learner::LearningSource;
use crate::params::{LookAheadChoice, style_value};

impl App {
    /// Carries out an action.
    pub(super) fn apply(&mut self, action: Action, setter: &ParamSetter) {
        let params = &self.instance.params;
        match action {
            Action::StyleA(style) => set(setter, &params.style, style_value::of(style)),
            Action::StyleB(style) => set(setter, &params.style_b, style_value::of(style)),
            Action::Dial(dial, gesture) => dial.apply(gesture, params, setter),
            Action::DialText(dial, text) => dial.set_text(&text, params, setter),
            Action::Take(take) => set(setter, &params.take, take.into()),
            Action::Model(model) => set(setter, &params.model, model.into()),
            Action::AcceptWeights => params.made_with().accept(),
            Action::LookAhead(mode) => set(setter, &params.look_ahead, LookAheadChoice::from(mode)),
            Action::ForgetPerformance => params.timeline().replace(TimelineSnapshot::default()),
            Action::RestorePerformance => params.timeline().undo(),
            Action::FileStart(beats) => self.file_start = beats,
            Action::OpenPerformance(start) => self.dialogs.open_performance(start),
            Action::Bypass(bypass) => set(setter, &params.bypass, bypass),
            Action::Viewport(viewport) => self.viewport = viewport,
            Action::Show(tab) => self.tab = tab,
            Action::Window(action) => self.apply_to_window(action),
            Action::Clip(action) => self.apply_to_clips(action),
            Action::Styles(action) => self.apply_to_styles(action, setter),
        }
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

    fn apply_to_styles(&mut self, action: StyleAction, setter: &ParamSetter) {
        let Instance { params, learner, .. } = &self.instance;
        let styles = params.styles();
        match action {
            StyleAction::LearnFromFiles => self.dialogs.learn_from_files(learner.clone()),
            StyleAction::LearnFromFolder => self.dialogs.learn_from_folder(learner.clone()),
            StyleAction::LearnFromPlaying => learner.start(LearningSource::Remembered),
            StyleAction::CancelLearning => learner.cancel(),
            StyleAction::PlayAsStyleA(slot) => StyleIndex::from_slot(slot)
                .into_iter()
                .for_each(|style| set(setter, &params.style, style_value::of(style))),
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

/// Sets a parameter in one gesture.
fn set<P: Param>(setter: &ParamSetter, param: &P, value: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, value);
    setter.end_set_parameter(param);
}

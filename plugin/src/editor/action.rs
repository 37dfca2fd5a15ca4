//! What the user can do in the window.

use std::path::PathBuf;

use tonenet_core::feel::PedalMode;
use tonenet_core::scheduler::Mode;
use tonenet_core::scope::ScopePart;
use tonenet_core::style::StyleIndex;
use tonenet_core::tune::Metre;
use tonenet_engine::generator::{ClipKind, GenerateSettings, MorphPhrase};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::runtime::ProviderPreference;

use super::dial::{Dial, DialGesture};
use super::performance::Viewport;
use super::presets_view::PresetDialog;
use super::view::Tab;
use super::window_settings::WindowTheme;
use crate::player::PlayerAction;
use crate::presets::PresetId;

/// What the user did in the window.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Chose style A.
    StyleA(StyleIndex),
    /// Chose style B.
    StyleB(StyleIndex),
    /// Used a slider.
    Dial(Dial, DialGesture),
    /// Typed the value of a slider.
    DialText(Dial, String),
    /// Chose a take; 0 is the average.
    Take(u16),
    /// Chose a model.
    Model(EmbeddedModel),
    /// Accepted that other weights play than the project was made with.
    AcceptWeights,
    /// Chose a look-ahead.
    LookAhead(Mode),
    /// Cleared the remembered performance.
    ForgetPerformance,
    /// Brought the previous performance back.
    RestorePerformance,
    /// Set the beat at which a file begins.
    FileStart(f64),
    /// Asked for a file to remember, which begins at this beat.
    OpenPerformance(f64),
    /// Switched the bypass.
    Bypass(bool),
    /// Moved or zoomed the performance view.
    Viewport(Viewport),
    /// Has the model listen to the player's velocities, or no longer.
    HearPlayer(bool),
    /// Chose which notes are restyled.
    Part(ScopePart),
    /// Chose whose pedal is heard.
    Pedal(PedalMode),
    /// Lets Timeline play notes earlier, or no longer.
    TimelineLookAhead(bool),
    /// Locked the take or unlocked it.
    LockTake(bool),
    /// Holds the button Compare down, or has let it go.
    Compare(bool),
    /// Showed all controls, or only the first ones.
    ShowAllControls(bool),
    /// Chose what computes, on this computer.
    ComputeWith(ProviderPreference),
    /// Opened a panel.
    Show(Tab),
    /// Changed the window itself.
    Window(WindowAction),
    /// Did something in the panel "Generate".
    Clip(ClipAction),
    /// Did something in the panel "Styles".
    Styles(StyleAction),
    /// Did something with presets.
    Presets(PresetAction),
    /// Undid or redid a step, or used the slots A and B.
    Edit(EditAction),
    /// Did something with files.
    Files(FileAction),
    /// Used the player of files.
    Player(PlayerAction),
    /// Asked for a file to play.
    ChooseSong,
}

/// What the user did with files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAction {
    /// Asked for a file to save the remembered performance to, restyled.
    SavePerformance,
    /// Asked for files to restyle.
    RestyleChosen,
    /// Dropped files to restyle.
    RestyleDropped(Vec<PathBuf>),
    /// Dropped files for Timeline to remember.
    TakeDropped(Vec<PathBuf>),
    /// Cancelled the restyler.
    CancelRestyling,
    /// Read what came of files.
    Close,
}

/// What the user did with presets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresetAction {
    /// Chose a preset.
    Load(PresetId),
    /// Opened the list.
    Refresh,
    /// Began to answer a question, or went on.
    Ask(PresetDialog),
    /// Withdrew a question, or read a message.
    Close,
    /// Saved the settings under a name.
    Save {
        /// The name.
        name: String,
        /// Whether a preset of that name is replaced.
        may_replace: bool,
    },
    /// Gave a preset another name.
    Rename {
        /// Its name.
        from: String,
        /// The other name.
        to: String,
    },
    /// Deleted a preset.
    Delete(String),
    /// Asked for a file to import.
    Import,
    /// Asked for a file to write the settings to.
    Export,
}

/// What the user did with steps and slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditAction {
    /// Undid the last step.
    Undo,
    /// Redid the step that was undone last.
    Redo,
    /// Had the other slot play.
    SwitchSlot,
    /// Made the other slot the same.
    CopySlot,
}

/// What the user did to the window itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WindowAction {
    /// Chose a theme.
    Theme(WindowTheme),
    /// Chose a zoom, in per cent.
    Zoom(u16),
    /// Resized it to this size in logical pixels, before the zoom.
    Resize(egui::Vec2),
}

/// What the user did in the panel "Styles". Slots count from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StyleAction {
    /// Asked for files to learn a style from.
    LearnFromFiles,
    /// Asked for a folder to learn a style from.
    LearnFromFolder,
    /// Had a style learned from the remembered performance.
    LearnFromPlaying,
    /// Cancelled learning.
    CancelLearning,
    /// Chose the style in a slot as style A.
    PlayAsStyleA(usize),
    /// Asked for a file to import.
    Import,
    /// Asked for a file to write the style of a slot to.
    Export(usize),
    /// Took the style out of a slot.
    Remove(usize),
    /// Brought the style back that was removed last.
    UndoRemove,
    /// Began to give a style another name, or went on.
    Draft(usize, String),
    /// Gave a style another name.
    Rename(usize, String),
}

/// What the user did in the panel "Generate".
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClipAction {
    /// Changed what is generated.
    Change(SettingsChange),
    /// Triggered the generator.
    Trigger,
    /// Cancelled the generator.
    Cancel,
    /// Captured what was played last.
    Capture(MorphPhrase),
    /// Selected the previous variation.
    Undo,
    /// Selected the next variation.
    Redo,
    /// Selected the variation at an index.
    Select(usize),
    /// Wants to hear the selected clip in style.
    Audition,
    /// Moved the clip in the song to a start in beats.
    MoveTo(f64),
    /// Put the selected clip into the song.
    Place,
    /// Took the clip out of the song.
    Clear,
    /// Asked for a file to save the selected clip to.
    Save,
}

/// A change of one of the [`GenerateSettings`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SettingsChange {
    /// See [`GenerateSettings::kind`].
    Kind(ClipKind),
    /// See [`GenerateSettings::bars`].
    Bars(u32),
    /// See [`GenerateSettings::signature`].
    Metre(Metre),
    /// See [`GenerateSettings::tonic`].
    Tonic(u8),
    /// See [`GenerateSettings::is_minor`].
    Minor(bool),
    /// See [`GenerateSettings::in_key`].
    InKey(bool),
    /// See [`GenerateSettings::temperature`].
    Temperature(f32),
    /// See [`GenerateSettings::share`].
    Share(f32),
    /// See [`GenerateSettings::seed`].
    Seed(u32),
    /// See [`GenerateSettings::keeps_seed`].
    KeepSeed(bool),
    /// See [`GenerateSettings::plays_at_once`].
    PlayAtOnce(bool),
    /// See [`GenerateSettings::looped`].
    Looped(bool),
    /// See [`GenerateSettings::restyled`].
    Restyled(bool),
}

impl SettingsChange {
    /// Changes `settings`.
    pub fn apply(self, settings: &mut GenerateSettings) {
        match self {
            Self::Kind(kind) => settings.kind = kind,
            Self::Bars(bars) => settings.bars = bars,
            Self::Metre(metre) => settings.signature = metre.signature(),
            Self::Tonic(tonic) => settings.tonic = tonic,
            Self::Minor(is_minor) => settings.is_minor = is_minor,
            Self::InKey(in_key) => settings.in_key = in_key,
            Self::Temperature(temperature) => settings.temperature = temperature,
            Self::Share(share) => settings.share = share,
            Self::Seed(seed) => settings.seed = seed,
            Self::KeepSeed(keeps) => settings.keeps_seed = keeps,
            Self::PlayAtOnce(at_once) => settings.plays_at_once = at_once,
            Self::Looped(looped) => settings.looped = looped,
            Self::Restyled(restyled) => settings.restyled = restyled,
        }
    }
}

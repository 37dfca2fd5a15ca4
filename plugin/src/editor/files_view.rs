//! What the window shows of files.

use std::path::PathBuf;

use tonenet_engine::status::Status;

use crate::dialogs::DialogState;
use crate::file_restyler::RestylerState;
use crate::params::{LookAheadChoice, ToneNetParams};

/// What the window shows of files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilesView {
    /// Whether there is a performance to save.
    pub can_save: bool,
    /// The state of the dialog that saves it.
    pub saving: DialogState<PathBuf>,
    /// The state of the dialog that asks what to restyle.
    pub choosing: DialogState<()>,
    /// The state of the restyler.
    pub restyler: RestylerState,
    /// The state of opening a performance for Timeline.
    pub opening: DialogState<String>,
    /// The style that files get, as the window names it.
    pub style: String,
    /// Whether Timeline is the mode.
    pub is_timeline: bool,
}

impl FilesView {
    /// The view of an instance. What the window itself keeps has its default.
    pub fn new(params: &ToneNetParams, status: &Status) -> Self {
        let (style, styles) = (params.settings().style, params.styles());
        let style = match (styles.title(style.a), styles.title(style.b), style.share_of_b) {
            (a, _, 0.0) => a,
            (_, b, 1.0) => b,
            (a, b, _) if a == b => a,
            (a, b, _) => format!("{a} and {b}"),
        };
        let is_timeline = params.look_ahead.value() == LookAheadChoice::Timeline;
        let can_save = if is_timeline { params.timeline().summary().notes > 0 } else { !status.played.is_empty() };
        Self { can_save, style, is_timeline, ..Self::default() }
    }
}

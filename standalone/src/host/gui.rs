//! What the window may ask of its host: to set parameters.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::context::gui::GuiContext;
use nice_plug::prelude::*;
use tonenet_plugin::params::ToneNetParams;

use super::HostState;

/// The host as the window sees it.
struct GuiHost {
    /// The parameters that the framework's pointers lead to.
    _params: Arc<ToneNetParams>,
    state: Arc<HostState>,
}

/// The host of the window of an instance with these parameters.
pub fn gui_context(params: Arc<ToneNetParams>, state: Arc<HostState>) -> GuiContext {
    GuiContext::new(Arc::new(GuiHost { _params: params, state }))
}

impl GuiContextInner for GuiHost {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    unsafe fn raw_begin_set_parameter(&self, _param: ParamPtr) {}

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: the pointers that the window has lead to the parameters that this host keeps. Their values are atomic.
        unsafe { param._internal_set_normalized_value(normalized) };
    }

    unsafe fn raw_end_set_parameter(&self, _param: ParamPtr) {}

    fn get_state(&self) -> PluginState {
        unreachable!("the window saves no state")
    }

    fn set_state(&self, _state: PluginState) {
        unreachable!("the window loads no state")
    }

    fn request_restart(&self) {
        self.state.wants_restart.store(true, Ordering::Release);
    }
}

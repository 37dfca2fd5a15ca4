//! The callbacks that a CLAP host offers to the plugin.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

use clack_extensions::{latency::*, log::*, params::*, state::*};
use clack_host::prelude::*;

/// Callbacks from any thread.
#[derive(Default)]
pub struct Shared {
    restart_requested: AtomicBool,
    misbehaved: AtomicBool,
}

impl Shared {
    /// Whether the plugin asked for a restart since the last call.
    pub fn take_restart_request(&self) -> bool {
        self.restart_requested.swap(false, Ordering::AcqRel)
    }

    /// Whether host or plugin broke CLAP's rules, as far as the plugin framework checks them.
    pub fn misbehaved(&self) -> bool {
        self.misbehaved.load(Ordering::Acquire)
    }
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        self.restart_requested.store(true, Ordering::Release);
    }
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

impl HostLogImpl for Shared {
    fn log(&self, severity: LogSeverity, message: &str) {
        if matches!(severity, LogSeverity::PluginMisbehaving | LogSeverity::HostMisbehaving) {
            self.misbehaved.store(true, Ordering::Release);
            eprintln!("CLAP: {message}");
        }
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

/// Callbacks on the main thread.
pub struct Main;

impl<'a> MainThreadHandler<'a> for Main {
    fn initialized(&self, _instance: InitializedPluginHandle<'a>) {}
}

impl HostLatencyImpl for Main {
    fn changed(&self) {}
}

impl HostStateImpl for Main {
    fn mark_dirty(&self) {}
}

impl HostParamsImplMainThread for Main {
    fn rescan(&self, _flags: ParamRescanFlags) {}
    fn clear(&self, _param: ClapId, _flags: ParamClearFlags) {}
}

/// Tells clack which types handle which callbacks.
pub struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = Main;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Self::Shared<'_>) {
        builder.register::<HostLatency>().register::<HostState>().register::<HostParams>().register::<HostLog>();
    }
}

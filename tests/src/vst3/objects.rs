//! The COM objects that a VST3 host passes to a plugin: its name, its callbacks, and lists of events and parameters.
//!
//! The plugin calls them only on the host's thread and during a host's call, so they need no locks.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;

use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;
use vst3::{Class, ComWrapper};

use super::events;
use crate::host::BlockOutput;

const NAME: &str = "ToneNet host";

/// Names the host to the plugin.
pub struct HostApplication;

impl Class for HostApplication {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for HostApplication {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the plugin passes a valid string or null.
        let Some(name) = (unsafe { name.as_mut() }) else { return kInvalidArgument };
        name.fill(0);
        name.iter_mut().zip(NAME.encode_utf16()).for_each(|(to, from)| *to = from);
        kResultOk
    }

    unsafe fn createInstance(&self, _cid: *mut TUID, _iid: *mut TUID, _object: *mut *mut c_void) -> tresult {
        kNotImplemented
    }
}

/// Receives the plugin's requests.
#[derive(Default)]
pub struct ComponentHandler {
    restart_requested: Cell<bool>,
}

impl ComponentHandler {
    /// Whether the plugin asked for a restart since the last call, because its latency changed.
    pub fn take_restart_request(&self) -> bool {
        self.restart_requested.take()
    }
}

impl Class for ComponentHandler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for ComponentHandler {
    unsafe fn beginEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _id: ParamID, _value: ParamValue) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        if flags & RestartFlags_::kLatencyChanged != 0 {
            self.restart_requested.set(true);
        }
        kResultOk
    }
}

/// The events that go into a block.
pub struct InputEvents(pub Vec<Event>);

impl Class for InputEvents {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for InputEvents {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let (Some(from), false) = (usize::try_from(index).ok().and_then(|i| self.0.get(i)), event.is_null()) else {
            return kInvalidArgument;
        };
        // SAFETY: the plugin passes memory for an event, which may be uninitialised.
        unsafe { event.write(*from) };
        kResultOk
    }

    unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
        kNotImplemented
    }
}

/// The events that leave a block.
///
/// They are converted at once, because the data behind an event is only valid during the plugin's call.
#[derive(Default)]
pub struct OutputEvents(RefCell<Vec<BlockOutput>>);

impl OutputEvents {
    /// The collected events.
    pub fn take(&self) -> Vec<BlockOutput> {
        self.0.take()
    }
}

impl Class for OutputEvents {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for OutputEvents {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.borrow().len() as int32
    }

    unsafe fn getEvent(&self, _index: int32, _event: *mut Event) -> tresult {
        kNotImplemented
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        // SAFETY: the plugin passes a valid event or null.
        let Some(event) = (unsafe { event.as_ref() }) else { return kInvalidArgument };
        // SAFETY: the event and what it points to are valid until this call ends.
        self.0.borrow_mut().extend(unsafe { events::output_from_event(event) });
        kResultOk
    }
}

/// The values of one parameter in a block.
struct ValueQueue {
    id: ParamID,
    points: Vec<(int32, ParamValue)>,
}

impl Class for ValueQueue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for ValueQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.len() as int32
    }

    unsafe fn getPoint(&self, index: int32, sample: *mut int32, value: *mut ParamValue) -> tresult {
        let Some(point) = usize::try_from(index).ok().and_then(|i| self.points.get(i)) else {
            return kInvalidArgument;
        };
        // SAFETY: the plugin passes memory for both.
        unsafe { (*sample, *value) = *point };
        kResultOk
    }

    unsafe fn addPoint(&self, _sample: int32, _value: ParamValue, _index: *mut int32) -> tresult {
        kNotImplemented
    }
}

/// The points of each parameter that changes in a block: sample offset and normalised value.
pub type ParameterPoints = BTreeMap<ParamID, Vec<(int32, ParamValue)>>;

/// The values of all parameters that change in a block, MIDI controllers included.
pub struct ParameterChanges(Vec<ComWrapper<ValueQueue>>);

impl ParameterChanges {
    /// One queue per parameter.
    pub fn new(changes: ParameterPoints) -> Self {
        Self(changes.into_iter().map(|(id, points)| ComWrapper::new(ValueQueue { id, points })).collect())
    }
}

impl Class for ParameterChanges {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for ParameterChanges {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let values = usize::try_from(index).ok().and_then(|i| self.0.get(i));
        values.and_then(|values| values.as_com_ref()).map_or(ptr::null_mut(), |queue| queue.as_ptr())
    }

    unsafe fn addParameterData(&self, _id: *const ParamID, _index: *mut int32) -> *mut IParamValueQueue {
        ptr::null_mut()
    }
}

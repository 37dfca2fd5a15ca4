//! The objects that a VST3 host lends to a plugin: its name, its wishes, lists of events and parameters, a stream.
//!
//! A plugin calls them on the thread that called it, while it is being called.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr;

use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;
use vst3::{Class, ComWrapper};

use super::events;
use crate::host::BlockOutput;

/// What the host is called, in UTF-16.
const NAME: &str = "ToneNet host";

/// The host as the plugin sees it.
pub struct Application;

impl Class for Application {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for Application {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the plugin lends a string, or nothing.
        let Some(name) = (unsafe { name.as_mut() }) else { return kInvalidArgument };
        name.fill(0);
        name.iter_mut().zip(NAME.encode_utf16()).for_each(|(to, from)| *to = from);
        kResultOk
    }

    unsafe fn createInstance(&self, _cid: *mut TUID, _iid: *mut TUID, _object: *mut *mut c_void) -> tresult {
        kNotImplemented
    }
}

/// Hears what the plugin asks for.
#[derive(Default)]
pub struct Handler {
    /// Whether it has asked for a restart, because its latency is another.
    pub restart: Cell<bool>,
}

impl Class for Handler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for Handler {
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
            self.restart.set(true);
        }
        kResultOk
    }
}

/// Events on their way in.
pub struct EventsIn(pub Vec<Event>);

impl Class for EventsIn {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for EventsIn {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let (Some(from), false) = (usize::try_from(index).ok().and_then(|i| self.0.get(i)), event.is_null()) else {
            return kInvalidArgument;
        };
        // SAFETY: the plugin lends room for an event, which need not hold one yet.
        unsafe { event.write(*from) };
        kResultOk
    }

    unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
        kNotImplemented
    }
}

/// Events on their way out, understood as they come: what they point to lives no longer.
#[derive(Default)]
pub struct EventsOut(pub RefCell<Vec<BlockOutput>>);

impl Class for EventsOut {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for EventsOut {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.borrow().len() as int32
    }

    unsafe fn getEvent(&self, _index: int32, _event: *mut Event) -> tresult {
        kNotImplemented
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        // SAFETY: the plugin lends an event, or nothing.
        let Some(event) = (unsafe { event.as_ref() }) else { return kInvalidArgument };
        // SAFETY: the event and what it points to live until this call ends.
        self.0.borrow_mut().extend(unsafe { events::message_of(event) });
        kResultOk
    }
}

/// The values of one parameter in a block.
struct Values {
    id: ParamID,
    points: Vec<(int32, ParamValue)>,
}

impl Class for Values {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Values {
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
        // SAFETY: the plugin lends room for both.
        unsafe { (*sample, *value) = *point };
        kResultOk
    }

    unsafe fn addPoint(&self, _sample: int32, _value: ParamValue, _index: *mut int32) -> tresult {
        kNotImplemented
    }
}

/// The values of all parameters that change in a block, and of controllers, which VST3 carries as parameters.
pub struct ParameterChanges(Vec<ComWrapper<Values>>);

impl ParameterChanges {
    /// From parameters, each with its samples and values.
    pub fn new(changes: BTreeMap<ParamID, Vec<(int32, ParamValue)>>) -> Self {
        Self(changes.into_iter().map(|(id, points)| ComWrapper::new(Values { id, points })).collect())
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

/// A stream of bytes in memory.
#[derive(Default)]
pub struct Stream {
    bytes: RefCell<Vec<u8>>,
    at: Cell<usize>,
}

impl Stream {
    /// A stream at the start of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { bytes: RefCell::new(bytes.to_vec()), at: Cell::new(0) }
    }

    /// All that is in it.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().clone()
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, read: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let rest = bytes.get(self.at.get()..).unwrap_or_default();
        let count = rest.len().min(count.max(0) as usize);
        // SAFETY: the plugin lends room for as many bytes as it asks for.
        unsafe { ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), count) };
        self.at.set(self.at.get() + count);
        // SAFETY: the plugin lends a number, or nothing.
        unsafe { tell(read, count as int32) };
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, written: *mut int32) -> tresult {
        // SAFETY: the plugin lends so many bytes.
        let new = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count.max(0) as usize) };
        let mut bytes = self.bytes.borrow_mut();
        bytes.truncate(self.at.get());
        bytes.extend_from_slice(new);
        self.at.set(bytes.len());
        // SAFETY: the plugin lends a number, or nothing.
        unsafe { tell(written, new.len() as int32) };
        kResultOk
    }

    unsafe fn seek(&self, to: int64, mode: int32, result: *mut int64) -> tresult {
        let length = self.bytes.borrow().len();
        let from = match mode as u32 {
            IBStream_::IStreamSeekMode_::kIBSeekCur => self.at.get(),
            IBStream_::IStreamSeekMode_::kIBSeekEnd => length,
            _ => 0,
        };
        self.at.set((from as int64 + to).clamp(0, length as int64) as usize);
        // SAFETY: the plugin lends a number, or nothing.
        unsafe { tell(result, self.at.get() as int64) };
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        // SAFETY: the plugin lends a number, or nothing.
        unsafe { tell(position, self.at.get() as int64) };
        kResultOk
    }
}

/// Writes a number where the plugin wants to have it.
///
/// # Safety
/// `to` points to a number or is null.
unsafe fn tell<T>(to: *mut T, number: T) {
    // SAFETY: see above.
    if let Some(to) = unsafe { to.as_mut() } {
        *to = number;
    }
}

//! What a host lends to the plugin's window before it is on a screen: a frame, with the host's run loop.

use std::cell::RefCell;
use std::ptr;

use vst3::Steinberg::Linux::*;
use vst3::Steinberg::*;
use vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::lent;

/// The host's frame around a window, which gives access to its run loop.
#[derive(Default)]
struct Frame {
    /// What is registered, by address.
    handlers: RefCell<Vec<*mut IEventHandler>>,
}

impl Class for Frame {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IPlugFrameTrait for Frame {
    unsafe fn resizeView(&self, _view: *mut IPlugView, _size: *mut ViewRect) -> tresult {
        kResultOk
    }
}

impl IRunLoopTrait for Frame {
    unsafe fn registerEventHandler(&self, handler: *mut IEventHandler, _file: FileDescriptor) -> tresult {
        // SAFETY: the plugin lends a handler; the host keeps a reference until it is taken back.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else { return kInvalidArgument };
        self.handlers.borrow_mut().push(handler.to_com_ptr().into_raw());
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        let mut handlers = self.handlers.borrow_mut();
        let Some(place) = handlers.iter().position(|known| ptr::eq(*known, handler)) else { return kInvalidArgument };
        // SAFETY: this gives back the reference that registering took.
        drop(unsafe { ComPtr::from_raw(handlers.swap_remove(place)) });
        kResultOk
    }

    unsafe fn registerTimer(&self, _handler: *mut ITimerHandler, _milliseconds: TimerInterval) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterTimer(&self, _handler: *mut ITimerHandler) -> tresult {
        kNotImplemented
    }
}

/// Gives `view` a frame, and takes it away again; handlers in the host's run loop in between and after.
pub fn framed_and_unframed(view: &ComPtr<IPlugView>) -> (usize, usize) {
    let frame = ComWrapper::new(Frame::default());
    // SAFETY: the frame outlives both calls, and the view has let go of it after the second.
    unsafe { view.setFrame(lent(&frame)) };
    let registered = frame.handlers.borrow().len();
    // SAFETY: as above.
    unsafe { view.setFrame(ptr::null_mut()) };
    let left = frame.handlers.borrow().len();
    (registered, left)
}

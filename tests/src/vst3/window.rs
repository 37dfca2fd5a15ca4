//! The plugin's window in a window of the host's, and the frame with the host's run loop that is lent to it.

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

/// A window of the plugin's that has a frame. It is closed, and gives the frame back, when it is dropped.
pub struct Window {
    view: ComPtr<IPlugView>,
    frame: ComWrapper<Frame>,
    is_open: bool,
}

impl Window {
    pub(super) fn framed(view: ComPtr<IPlugView>) -> Self {
        let frame = ComWrapper::new(Frame::default());
        // SAFETY: the frame lives until the view has let go of it, which is when this is dropped.
        unsafe { view.setFrame(lent(&frame)) };
        Self { view, frame, is_open: false }
    }

    /// Opens it in a window of the host's on an X11 screen; whether the plugin could.
    pub fn open(&mut self, parent: u32) -> bool {
        // SAFETY: X11 windows are lent as numbers.
        let opened =
            unsafe { self.view.attached(ptr::without_provenance_mut(parent as usize), kPlatformTypeX11EmbedWindowID) };
        self.is_open |= opened == kResultOk;
        opened == kResultOk
    }

    /// Its size in pixels.
    pub fn size(&self) -> (i32, i32) {
        let mut size = ViewRect { left: 0, top: 0, right: 0, bottom: 0 };
        // SAFETY: the view is lent room for its size.
        unsafe { self.view.getSize(&raw mut size) };
        (size.right - size.left, size.bottom - size.top)
    }

    /// The plugin's handlers in the host's run loop.
    pub fn handlers(&self) -> usize {
        self.frame.handlers.borrow().len()
    }

    /// Closes it and takes the frame back; how many handlers the plugin has left in the host's run loop.
    pub fn close(mut self) -> usize {
        self.give_up();
        self.handlers()
    }

    fn give_up(&mut self) {
        // SAFETY: what was opened is closed once, and the view lets go of the frame.
        unsafe {
            if std::mem::take(&mut self.is_open) {
                self.view.removed();
            }
            self.view.setFrame(ptr::null_mut());
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.give_up();
    }
}

//! The plugin's window inside a window of the host, and the frame with a run loop that the host gives it.

use std::cell::RefCell;
use std::ptr;

use vst3::Steinberg::Linux::*;
use vst3::Steinberg::Vst::{IEditController, IEditControllerTrait, ViewType};
use vst3::Steinberg::*;
use vst3::{Class, ComPtr, ComRef, ComWrapper};

use super::interface_pointer;

/// The host's frame around a window, which provides the run loop.
#[derive(Default)]
struct Frame {
    /// Registered handlers, each with a reference of the host.
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
        // SAFETY: the plugin passes a valid handler or null. The host keeps a reference until it is unregistered.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else { return kInvalidArgument };
        self.handlers.borrow_mut().push(handler.to_com_ptr().into_raw());
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        let mut handlers = self.handlers.borrow_mut();
        let Some(index) = handlers.iter().position(|known| ptr::eq(*known, handler)) else { return kInvalidArgument };
        // SAFETY: this releases the reference that registration took.
        drop(unsafe { ComPtr::from_raw(handlers.swap_remove(index)) });
        kResultOk
    }

    unsafe fn registerTimer(&self, _handler: *mut ITimerHandler, _milliseconds: TimerInterval) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterTimer(&self, _handler: *mut ITimerHandler) -> tresult {
        kNotImplemented
    }
}

/// Creates the windows of an instance, also while a session plays through it. The plugin must outlive it.
pub struct Windows(ComPtr<IEditController>);

impl Windows {
    pub(super) fn new(controller: ComPtr<IEditController>) -> Self {
        Self(controller)
    }

    /// Creates a window, not yet on a screen, with a frame; `None` where the plugin has none.
    pub fn create(&self) -> Option<Window> {
        // SAFETY: the controller is valid and returns a view with a reference of ours.
        let view = unsafe { ComPtr::from_raw(self.0.createView(ViewType::kEditor)) };
        view.map(Window::with_frame)
    }
}

/// A window of the plugin with a frame. Dropping it closes it and removes the frame.
pub struct Window {
    view: ComPtr<IPlugView>,
    frame: ComWrapper<Frame>,
    is_open: bool,
}

impl Window {
    /// Gives a new window a frame.
    pub(super) fn with_frame(view: ComPtr<IPlugView>) -> Self {
        let frame = ComWrapper::new(Frame::default());
        // SAFETY: the frame lives until `detach` removes it from the view.
        unsafe { view.setFrame(interface_pointer(&frame)) };
        Self { view, frame, is_open: false }
    }

    /// Opens it inside a host window on an X11 screen; returns whether the plugin succeeded.
    pub fn open(&mut self, parent: u32) -> bool {
        // SAFETY: VST3 passes an X11 window id in place of a pointer.
        let opened =
            unsafe { self.view.attached(ptr::without_provenance_mut(parent as usize), kPlatformTypeX11EmbedWindowID) };
        self.is_open |= opened == kResultOk;
        opened == kResultOk
    }

    /// Whether the plugin lets the host resize it.
    pub fn can_resize(&self) -> bool {
        // SAFETY: the view is valid.
        unsafe { self.view.canResize() == kResultTrue }
    }

    /// The size nearest to this one, in pixels, that the plugin allows.
    pub fn allowed_size(&self, (width, height): (i32, i32)) -> (i32, i32) {
        let mut size = ViewRect { left: 0, top: 0, right: width, bottom: height };
        // SAFETY: the view reads and writes `size`.
        unsafe { self.view.checkSizeConstraint(&raw mut size) };
        (size.right - size.left, size.bottom - size.top)
    }

    /// Tells the plugin that the host has resized it to this size in pixels; returns whether the plugin took it.
    pub fn resize(&mut self, (width, height): (i32, i32)) -> bool {
        let mut size = ViewRect { left: 0, top: 0, right: width, bottom: height };
        // SAFETY: the view reads `size`.
        unsafe { self.view.onSize(&raw mut size) == kResultOk }
    }

    /// Its size in pixels.
    pub fn size(&self) -> (i32, i32) {
        let mut size = ViewRect { left: 0, top: 0, right: 0, bottom: 0 };
        // SAFETY: the view writes to `size`.
        unsafe { self.view.getSize(&raw mut size) };
        (size.right - size.left, size.bottom - size.top)
    }

    /// How many handlers the plugin has registered in the run loop.
    pub fn handlers(&self) -> usize {
        self.frame.handlers.borrow().len()
    }

    /// Closes it and removes the frame; returns how many handlers the plugin left registered.
    pub fn close(mut self) -> usize {
        self.detach();
        self.handlers()
    }

    fn detach(&mut self) {
        // SAFETY: an open view is closed once, and releases the frame before the frame is dropped.
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
        self.detach();
    }
}

//! A byte stream in memory, for the plugin's state.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

use vst3::Class;
use vst3::Steinberg::*;

/// A byte stream in memory.
#[derive(Default)]
pub struct MemoryStream {
    bytes: RefCell<Vec<u8>>,
    position: Cell<usize>,
}

impl MemoryStream {
    /// A stream of existing bytes, positioned at the start.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self { bytes: RefCell::new(bytes.to_vec()), position: Cell::new(0) }
    }

    /// A copy of the content.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().clone()
    }
}

impl Class for MemoryStream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for MemoryStream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, read: *mut int32) -> tresult {
        let bytes = self.bytes.borrow();
        let rest = bytes.get(self.position.get()..).unwrap_or_default();
        let count = rest.len().min(count.max(0) as usize);
        // SAFETY: the plugin passes memory for as many bytes as it asks for.
        unsafe { ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast(), count) };
        self.position.set(self.position.get() + count);
        // SAFETY: the plugin passes memory for a number, or null.
        unsafe { write_if_wanted(read, count as int32) };
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, written: *mut int32) -> tresult {
        // SAFETY: the plugin passes `count` bytes.
        let new = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count.max(0) as usize) };
        let mut bytes = self.bytes.borrow_mut();
        bytes.truncate(self.position.get());
        bytes.extend_from_slice(new);
        self.position.set(bytes.len());
        // SAFETY: the plugin passes memory for a number, or null.
        unsafe { write_if_wanted(written, new.len() as int32) };
        kResultOk
    }

    unsafe fn seek(&self, to: int64, mode: int32, result: *mut int64) -> tresult {
        let length = self.bytes.borrow().len();
        let from = match mode as u32 {
            IBStream_::IStreamSeekMode_::kIBSeekCur => self.position.get(),
            IBStream_::IStreamSeekMode_::kIBSeekEnd => length,
            _ => 0,
        };
        self.position.set((from as int64 + to).clamp(0, length as int64) as usize);
        // SAFETY: the plugin passes memory for a number, or null.
        unsafe { write_if_wanted(result, self.position.get() as int64) };
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        // SAFETY: the plugin passes memory for a number, or null.
        unsafe { write_if_wanted(position, self.position.get() as int64) };
        kResultOk
    }
}

/// Writes a result, which the plugin may decline by passing null.
///
/// # Safety
/// `to` points to a number or is null.
unsafe fn write_if_wanted<T>(to: *mut T, number: T) {
    // SAFETY: the caller passes a valid pointer or null.
    if let Some(to) = unsafe { to.as_mut() } {
        *to = number;
    }
}

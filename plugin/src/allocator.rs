//! The plugin's allocator: on Linux with glibc it keeps large blocks out of the heap that it shares with the host.
//!
//! glibc gives a freed block back to the kernel only above a threshold, and raises that threshold to the largest block
//! freed so far. A model file or the state of a long performance would therefore leave the host megabytes larger for as
//! long as it runs. Large blocks that never enter the heap go back as soon as they are freed. On other systems the
//! allocator does this by itself.

use std::alloc::{GlobalAlloc, Layout};

#[cfg(not(all(debug_assertions, feature = "assert_process_allocs")))]
use std::alloc::System as Small;

#[cfg(all(debug_assertions, feature = "assert_process_allocs"))]
use checked::Small;

/// The allocator of small blocks in tests. It ends the process if the audio thread allocates.
///
/// A panicking thread may allocate, because the panic itself does until it is caught.
#[cfg(all(debug_assertions, feature = "assert_process_allocs"))]
mod checked {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::thread::panicking;

    use nice_assert_no_alloc::AllocDisabler;

    pub(super) struct Small;

    // SAFETY: the system's allocator keeps the contract, and `AllocDisabler` calls the system's allocator.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "each call passes on what the caller guarantees")]
    unsafe impl GlobalAlloc for Small {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            unsafe { if panicking() { System.alloc(layout) } else { AllocDisabler.alloc(layout) } }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            unsafe { if panicking() { System.dealloc(block, layout) } else { AllocDisabler.dealloc(block, layout) } }
        }
    }
}

/// See the [module](self).
pub struct Allocator;

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
// SAFETY: every call goes to `Small`, which keeps the contract.
#[allow(clippy::undocumented_unsafe_blocks, reason = "each call passes on what the caller guarantees")]
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { Small.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { Small.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { Small.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { Small.realloc(block, layout, size) }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod large {
    use super::*;

    /// Size from which a block is large, in bytes: glibc's threshold before it is raised.
    pub(super) const LARGE: usize = 128 * 1024;

    /// Size of a page in bytes. Mapped blocks are aligned to it.
    const PAGE: usize = 4096;

    pub(super) fn is_large(size: usize, align: usize) -> bool {
        size >= LARGE && align <= PAGE
    }

    /// Ends the process if the audio thread must not allocate now. Small blocks check this by themselves.
    fn check_thread() {
        #[cfg(all(debug_assertions, feature = "assert_process_allocs"))]
        {
            let probe = Layout::new::<u8>();
            // SAFETY: the block of one byte is freed at once, with the same layout.
            unsafe { Small.dealloc(Small.alloc(probe), probe) };
        }
    }

    fn map(size: usize) -> *mut u8 {
        check_thread();
        // SAFETY: the kernel chooses the address of a new private mapping; `size` is above zero.
        let block = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(std::ptr::null_mut(), size, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
        };
        if block == libc::MAP_FAILED { std::ptr::null_mut() } else { block.cast() }
    }

    // SAFETY: the layout alone decides whether a block is a mapping, so each block goes back to where it came from.
    // A mapping is as long as its layout says, aligned to pages, and zeroed.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "each call passes on what the caller guarantees")]
    unsafe impl GlobalAlloc for Allocator {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if is_large(layout.size(), layout.align()) { map(layout.size()) } else { unsafe { Small.alloc(layout) } }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            if is_large(layout.size(), layout.align()) {
                check_thread();
                // This fails only for a block that is not a mapping, which the caller rules out.
                let _ = unsafe { libc::munmap(block.cast(), layout.size()) };
            } else {
                unsafe { Small.dealloc(block, layout) }
            }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            if is_large(layout.size(), layout.align()) {
                map(layout.size())
            } else {
                unsafe { Small.alloc_zeroed(layout) }
            }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            match (is_large(layout.size(), layout.align()), is_large(size, layout.align())) {
                (false, false) => unsafe { Small.realloc(block, layout, size) },
                (true, true) => {
                    check_thread();
                    let moved = unsafe { libc::mremap(block.cast(), layout.size(), size, libc::MREMAP_MAYMOVE) };
                    if moved == libc::MAP_FAILED { std::ptr::null_mut() } else { moved.cast() }
                }
                _ => unsafe {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        std::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                    new
                },
            }
        }
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::large::LARGE;
    use super::*;

    /// Grows and shrinks a block across the threshold of large blocks. Its first bytes must stay.
    #[test]
    fn a_block_keeps_its_bytes_through_every_change_of_size() {
        let sizes = [100, LARGE - 1, LARGE, LARGE + 1, 10 * LARGE, 3 * LARGE, LARGE, 200, LARGE, 50];
        for align in [1, 64, 4096, 8192] {
            let mut layout = Layout::from_size_align(sizes[0], align).expect("a layout");
            // SAFETY: the block is used within its layout and freed with it.
            unsafe {
                let mut block = Allocator.alloc_zeroed(layout);
                assert!(!block.is_null() && (0..layout.size()).all(|at| *block.add(at) == 0));
                for at in 0..50 {
                    *block.add(at) = at as u8;
                }
                for size in sizes {
                    block = Allocator.realloc(block, layout, size);
                    layout = Layout::from_size_align(size, align).expect("a layout");
                    assert!(!block.is_null() && block.addr().is_multiple_of(align));
                    *block.add(size - 1) = 49;
                    assert!((0..49).all(|at| *block.add(at) == at as u8), "{size} bytes");
                    *block.add(49) = 49;
                }
                Allocator.dealloc(block, layout);
            }
        }
    }

    #[test]
    fn a_large_block_is_zeroed() {
        let layout = Layout::from_size_align(2 * LARGE, 64).expect("a layout");
        // SAFETY: the block is read within its layout and freed with it.
        unsafe {
            for _ in 0..3 {
                let block = Allocator.alloc_zeroed(layout);
                assert!((0..layout.size()).all(|at| *block.add(at) == 0));
                block.write_bytes(7, layout.size());
                Allocator.dealloc(block, layout);
            }
        }
    }
}

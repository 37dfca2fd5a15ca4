//! Where this binary's memory comes from: small blocks from the system's allocator, large ones from the system itself.
//!
//! A plugin shares its host's heap. glibc raises the size from which it asks the system, and gives back, to the largest
//! block that anyone has freed, and keeps everything below from then on: a model that is read, or the state of a long
//! take, would leave the host megabytes larger for as long as it runs. Large blocks that never enter the heap go back
//! when they are freed, and leave it as it was. Elsewhere the system's allocator does that by itself.

use std::alloc::{GlobalAlloc, Layout};

#[cfg(not(all(debug_assertions, feature = "assert_process_allocs")))]
use std::alloc::System as Small;

#[cfg(all(debug_assertions, feature = "assert_process_allocs"))]
use watched::Small;

/// Small blocks where tests end the process when the audio thread allocates. A panic does, until it is caught; nothing
/// else may.
#[cfg(all(debug_assertions, feature = "assert_process_allocs"))]
mod watched {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::thread::panicking;

    use nice_assert_no_alloc::AllocDisabler;

    pub(super) struct Small;

    // SAFETY: the system's allocator keeps the contract, and the other one hands on to it.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "each hands on what the caller of the allocator vouches for")]
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
// SAFETY: it is another allocator that keeps the contract.
#[allow(clippy::undocumented_unsafe_blocks, reason = "each hands on what the caller of the allocator vouches for")]
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

    /// Bytes from which a block is large: glibc's own size before it has raised it.
    pub(super) const LARGE: usize = 128 * 1024;

    /// Every page begins at a multiple of this, so that is how far blocks of their own are aligned.
    const PAGE: usize = 4096;

    pub(super) fn is_large(size: usize, align: usize) -> bool {
        size >= LARGE && align <= PAGE
    }

    /// Ends the process where the audio thread must not allocate, as small blocks do by themselves.
    fn watch() {
        #[cfg(all(debug_assertions, feature = "assert_process_allocs"))]
        {
            let probe = Layout::new::<u8>();
            // SAFETY: a block of one byte that is given back at once.
            unsafe { Small.dealloc(Small.alloc(probe), probe) };
        }
    }

    fn map(size: usize) -> *mut u8 {
        watch();
        // SAFETY: a private mapping of its own, at an address that the system chooses; `size` is above zero.
        let block = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            libc::mmap(std::ptr::null_mut(), size, access, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
        };
        if block == libc::MAP_FAILED { std::ptr::null_mut() } else { block.cast() }
    }

    // SAFETY: a block's layout alone says whether it is a mapping, so each goes back to where it came from; mappings are
    // as long as their layout says, aligned to pages, and full of zeros.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "each hands on what the caller of the allocator vouches for")]
    unsafe impl GlobalAlloc for Allocator {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if is_large(layout.size(), layout.align()) { map(layout.size()) } else { unsafe { Small.alloc(layout) } }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            if is_large(layout.size(), layout.align()) {
                watch();
                // The only error is a block that is none, which the caller rules out.
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
                    watch();
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

    /// Grows and shrinks a block through sizes on both sides of a large one; its beginning must stay.
    #[test]
    fn blocks_keep_what_is_in_them_through_every_size() {
        let sizes = [100, LARGE - 1, LARGE, LARGE + 1, 10 * LARGE, 3 * LARGE, LARGE, 200, LARGE, 50];
        for align in [1, 64, 4096, 8192] {
            let mut layout = Layout::from_size_align(sizes[0], align).expect("a layout");
            // SAFETY: the block is used within its layout and given back with it.
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
    fn a_large_block_begins_empty() {
        let layout = Layout::from_size_align(2 * LARGE, 64).expect("a layout");
        // SAFETY: the block is read within its layout and given back with it.
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

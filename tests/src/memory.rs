//! Measures and limits the memory that this process uses.

/// Resident memory of this process in bytes; `None` where the system does not report it.
pub fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Bytes that are allocated and not freed; `None` where the allocator does not report them.
///
/// The rest of the resident memory is code, stacks, what the allocator keeps for reuse, and the large blocks that the
/// plugin maps by itself.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn allocated_bytes() -> Option<i64> {
    // SAFETY: the call reads the allocator's statistics under the allocator's own locks.
    let statistics = unsafe { libc::mallinfo2() };
    i64::try_from(statistics.uordblks + statistics.hblkhd).ok()
}

/// Bytes that are allocated and not freed; `None` where the allocator does not report them.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn allocated_bytes() -> Option<i64> {
    None
}

/// Makes the allocator return large freed blocks to the system at once, where it has such a setting.
///
/// By default glibc raises its threshold to the largest block ever freed and keeps smaller blocks for reuse. That memory
/// is unused, but cannot be told apart from a plugin's growth.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn return_freed_blocks() {
    const LARGE_BLOCK: libc::c_int = 64 * 1024;
    // SAFETY: the calls set parameters of the allocator under the allocator's own locks.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK);
        libc::mallopt(libc::M_TOP_PAD, LARGE_BLOCK);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * LARGE_BLOCK);
    }
}

/// Makes the allocator return large freed blocks to the system at once, where it has such a setting.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn return_freed_blocks() {}

//! What this process has in use.

/// Memory of this process that is in use, in bytes; `None` where the system does not tell.
pub fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: i64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Of that, what is allocated and not freed; `None` where the allocator does not tell. The rest is code, stacks, and
/// what the allocator keeps for the next time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn allocated_bytes() -> Option<i64> {
    // SAFETY: it reads the allocator's own books under its locks.
    let books = unsafe { libc::mallinfo2() };
    i64::try_from(books.uordblks + books.hblkhd).ok()
}

/// Of that, what is allocated and not freed; `None` where the allocator does not tell.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn allocated_bytes() -> Option<i64> {
    None
}

/// Has the allocator give large blocks back to the system as soon as they are freed, where it has such a setting.
///
/// By itself glibc raises its threshold for that to the largest block that was ever freed, and from then on keeps what it
/// may need again: memory that no one has in use, and that no plugin can tell from what is.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_freed_blocks_back() {
    const LARGE_BLOCK: libc::c_int = 64 * 1024;
    // SAFETY: it sets parameters of the allocator under its locks.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK);
        libc::mallopt(libc::M_TOP_PAD, LARGE_BLOCK);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * LARGE_BLOCK);
    }
}

/// Has the allocator give large blocks back to the system as soon as they are freed, where it has such a setting.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_freed_blocks_back() {}

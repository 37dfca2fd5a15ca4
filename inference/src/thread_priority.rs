//! Raises the priority of the thread that predicts notes, which are due within milliseconds.
//!
//! On Linux an ordinary process may not raise it, so the thread runs as any other there.

/// Has the current thread run before threads without a deadline, where the system lets it.
///
/// Where the system refuses, the thread runs as before; late notes are counted and shown.
pub fn raise() {
    #[cfg(windows)]
    {
        use windows_sys::Win32::System::Threading::{
            GetCurrentThread, SetThreadPriority, THREAD_PRIORITY_ABOVE_NORMAL,
        };
        // SAFETY: the handle stands for the current thread and need not be closed.
        let _ = unsafe { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_ABOVE_NORMAL) };
    }
    #[cfg(target_os = "macos")]
    {
        // Without a class, the system may keep the thread on the slow cores.
        // SAFETY: the call concerns the current thread alone; no other handle of its class is open.
        let _ = unsafe { libc::pthread_set_qos_class_self_np(libc::qos_class_t::QOS_CLASS_USER_INTERACTIVE, 0) };
    }
}

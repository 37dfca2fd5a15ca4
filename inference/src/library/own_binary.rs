//! The binary that contains this code, the plugin's and not the host's: its folder, and how it stays in memory.

use std::path::PathBuf;

/// The folder of the plugin's or program's own binary.
#[cfg(unix)]
pub(super) fn own_folder() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    let here = own_folder as fn() -> Option<PathBuf>;
    // SAFETY: `here` is an address in a loaded object and `info` is writable; all-zero bytes are a valid `Dl_info`.
    let (found, info) = unsafe { (libc::dladdr(here as *const libc::c_void, info.as_mut_ptr()), info.assume_init()) };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: after success `dli_fname` is a NUL-terminated path that lives as long as the object is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    let binary = Path::new(OsStr::from_bytes(name.to_bytes())).canonicalize().ok()?;
    binary.parent().map(Path::to_path_buf)
}

/// The folder of the plugin's or program's own binary.
#[cfg(windows)]
pub(super) fn own_folder() -> Option<PathBuf> {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;
    use std::path::Path;
    use std::ptr;

    use windows_sys::Win32::System::LibraryLoader::{
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, GetModuleFileNameW,
        GetModuleHandleExW,
    };

    /// The longest path that Windows knows, in UTF-16 units.
    const LONGEST: usize = 1 << 15;

    let here = own_folder as fn() -> Option<PathBuf>;
    let mut module = ptr::null_mut();
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    // SAFETY: with this flag the name is an address in a loaded module, and `module` is writable.
    if unsafe { GetModuleHandleExW(flags, here as *const u16, &mut module) } == 0 {
        return None;
    }
    let mut name = vec![0u16; LONGEST];
    // SAFETY: the module is the one that contains this code, so it stays loaded; the buffer is as long as told.
    let length = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), name.len() as u32) } as usize;
    // A name that fills the buffer was cut.
    if length == 0 || length >= name.len() {
        return None;
    }
    // Not canonicalised: `\\?\` paths confuse libraries that look for files beside them.
    Path::new(&OsString::from_wide(&name[..length])).parent().map(Path::to_path_buf)
}

/// Keeps the plugin's library in memory until the host ends, where the linker cannot say so.
///
/// A host's thread that has been inside the plugin runs the destructors of its thread-locals when it ends. Had the host
/// unloaded the library by then, it would crash. On Linux `plugin/build.rs` links it so that it stays.
pub fn keep_loaded() {
    #[cfg(windows)]
    {
        use windows_sys::Win32::System::LibraryLoader::{
            GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
        };
        let here = keep_loaded as fn();
        let mut module = std::ptr::null_mut();
        let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
        // SAFETY: with this flag the name is an address in a loaded module, and `module` is writable. Should it fail, the
        // library is unloaded as any other.
        let _ = unsafe { GetModuleHandleExW(flags, here as *const u16, &mut module) };
    }
    #[cfg(target_os = "macos")]
    {
        use std::mem::MaybeUninit;
        let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
        let here = keep_loaded as fn();
        // SAFETY: `here` is an address in a loaded object and `info` is writable; all-zero bytes are a valid `Dl_info`.
        let (found, info) =
            unsafe { (libc::dladdr(here as *const libc::c_void, info.as_mut_ptr()), info.assume_init()) };
        if found != 0 && !info.dli_fname.is_null() {
            // SAFETY: the name is a NUL-terminated path; the object is loaded already, so no initialiser runs. Should it
            // fail, the library is unloaded as any other.
            let _ = unsafe { libc::dlopen(info.dli_fname, libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE) };
        }
    }
}

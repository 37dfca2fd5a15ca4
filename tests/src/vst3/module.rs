//! A VST3 bundle's binary: loads it, creates an instance, unloads it.

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

use libloading::os::unix::Library;
use vst3::Steinberg::Vst::IComponent;
use vst3::Steinberg::*;
use vst3::{ComPtr, Interface};

/// Where a bundle keeps its binary on this system.
const BINARIES: &str = "Contents/x86_64-linux";
/// The category of plugins in a factory; controllers have another.
const PLUGIN_CATEGORY: &[u8] = b"Audio Module Class";

/// A bundle's loaded binary.
pub struct Module {
    library: Library,
}

impl Module {
    /// Loads a bundle's binary.
    pub fn load(bundle: &Path) -> Result<Self, String> {
        let name = bundle.file_stem().unwrap_or_default();
        let binary = bundle.join(BINARIES).join(name).with_extension("so");
        // SAFETY: loading runs the bundle's initialisers; it is the project's own build, named by the caller.
        let handle = unsafe { Library::new(&binary) }.map_err(|e| e.to_string())?.into_raw();
        // SAFETY: the handle was just opened, and is closed once.
        let library = unsafe { Library::from_raw(handle) };
        // SAFETY: every VST3 module exports this function with this signature.
        let enter = unsafe { library.get::<unsafe extern "C" fn(*mut c_void) -> bool>(b"ModuleEntry\0") };
        // SAFETY: it is called once per load, with the module's handle.
        if unsafe { enter.map_err(|e| e.to_string())?(handle) } {
            Ok(Self { library })
        } else {
            Err("its ModuleEntry failed".into())
        }
    }

    /// Creates an instance of the module's first plugin.
    pub fn create_first_plugin(&self) -> Result<ComPtr<IComponent>, String> {
        // SAFETY: every VST3 module exports this function with this signature.
        let factory = unsafe {
            let get = self.library.get::<unsafe extern "C" fn() -> *mut IPluginFactory>(b"GetPluginFactory\0");
            ComPtr::from_raw(get.map_err(|e| e.to_string())?())
        };
        let factory = factory.ok_or("it has no factory")?;
        // SAFETY: the factory is valid.
        let count = unsafe { factory.countClasses() };
        let class = (0..count)
            .filter_map(|index| {
                let mut info = PClassInfo { cid: [0; 16], cardinality: 0, category: [0; 32], name: [0; 64] };
                // SAFETY: the factory is valid and writes to `info`.
                (unsafe { factory.getClassInfo(index, &raw mut info) } == kResultOk).then_some(info)
            })
            .find(|info| info.category.iter().zip(PLUGIN_CATEGORY).all(|(a, b)| *a as u8 == *b))
            .ok_or("it contains no plugin")?;
        let mut component: *mut c_void = ptr::null_mut();
        // SAFETY: both ids have 16 bytes; the factory writes a pointer that carries a reference of ours.
        unsafe {
            factory.createInstance(class.cid.as_ptr(), IComponent::IID.as_ptr().cast(), &raw mut component);
            ComPtr::from_raw(component.cast()).ok_or_else(|| "it creates no instance".into())
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: every VST3 module exports this function with this signature; it is called once per ModuleEntry.
        unsafe {
            if let Ok(exit) = self.library.get::<unsafe extern "C" fn() -> bool>(b"ModuleExit\0") {
                exit();
            }
        }
    }
}

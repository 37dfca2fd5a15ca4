//! Installs pinned libraries, checked by hash, and Debian packages on a new machine.

mod cargo_deny;
mod libtorch;
mod midi;
mod onnxruntime;
mod screen;
mod system;
mod vulkan;
mod wheel;

pub use cargo_deny::install as cargo_deny;
pub use libtorch::install as libtorch;
pub use libtorch::install_if_there_is_one as libtorch_if_there_is_one;
pub use libtorch::is_installed as has_libtorch;
pub use midi::{jack_server, midi_headers};
pub use onnxruntime::install as onnxruntime;
pub use onnxruntime::library as onnxruntime_library;
pub use screen::Screen;
pub use system::require_packages;
pub use vulkan::software_vulkan;

//! Keeps the plugin's library in memory until the host ends, on Linux. Elsewhere `keep_loaded` of the crate `inference`
//! does.
//!
//! A host's thread that has been inside the plugin runs the destructors of its thread-locals when it ends. Had the host
//! unloaded the library by then, with the last instance, it would crash.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}

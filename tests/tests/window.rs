//! The window of the built `.vst3`: closed before it opens, refused without a screen, and open on a virtual X server.
//!
//! Only one of its tests runs in a process, because it counts the open files of the process.

mod common;

use std::time::{Duration, Instant};

use common::vst3_host;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::*;
use x11rb::rust_connection::RustConnection;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A window id that no X server assigns.
const INVALID_WINDOW: u32 = 7;

#[test]
fn windows_that_never_open_leave_no_handlers_or_files_behind() {
    // SAFETY: this is the only test that runs by default, and the plugin has not started a thread yet.
    unsafe { std::env::remove_var("DISPLAY") };
    let host = vst3_host();
    // The first window may open files that all windows share.
    assert_eq!(host.create_window().unwrap().close(), 0);
    let before = open_files();
    for tries_to_open in [false, true].repeat(5) {
        let mut window = host.create_window().unwrap();
        assert_eq!(window.handlers(), 1);
        let (width, height) = window.size();
        assert!(width > 300 && height > 200, "{width} by {height}");
        if tries_to_open {
            assert!(!window.open(INVALID_WINDOW), "there is no screen");
        }
        assert_eq!(window.close(), 0);
    }
    assert_eq!(open_files(), before);
}

/// A screen with a host window for the plugin's window.
struct Screen {
    x: RustConnection,
    parent: u32,
}

impl Screen {
    fn new() -> Self {
        let (x, screen) = x11rb::connect(None).expect("an X server; `cargo xtask test` starts one");
        let root = &x.setup().roots[screen];
        let parent = x.generate_id().unwrap();
        let values = CreateWindowAux::new();
        let class = WindowClass::INPUT_OUTPUT;
        x.create_window(root.root_depth, parent, root.root, 0, 0, 1200, 900, 0, class, 0, &values).unwrap();
        x.map_window(parent).unwrap().check().unwrap();
        Self { x, parent }
    }

    /// The plugin's windows inside the host window.
    fn children(&self) -> Vec<u32> {
        self.x.query_tree(self.parent).unwrap().reply().unwrap().children
    }

    /// How many colours a window shows.
    fn colours(&self, window: u32) -> usize {
        let size = self.x.get_geometry(window).unwrap().reply().unwrap();
        let image = self.x.get_image(ImageFormat::Z_PIXMAP, window, 0, 0, size.width, size.height, !0);
        let Ok(image) = image.unwrap().reply() else { return 0 };
        let colours: std::collections::HashSet<&[u8]> = image.data.chunks_exact(4).collect();
        colours.len()
    }
}

/// Polls a condition until it holds. The limit only turns a hang into a failure.
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::yield_now();
    }
}

#[test]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts a virtual one and runs this test"]
fn an_open_window_draws_its_controls_and_closing_it_releases_its_files() {
    let screen = Screen::new();
    let host = vst3_host();
    let open_and_close = || {
        let mut window = host.create_window().unwrap();
        assert!(window.open(screen.parent));
        assert!(!window.open(screen.parent), "it is already open");
        wait_until("the plugin's window opens", || screen.children().len() == 1);
        let child = screen.children()[0];
        let size = screen.x.get_geometry(child).unwrap().reply().unwrap();
        assert_eq!((i32::from(size.width), i32::from(size.height)), window.size());
        wait_until("text, dials and keys are drawn", || screen.colours(child) > 50);
        assert_eq!(window.close(), 0);
        wait_until("the plugin's window closes", || screen.children().is_empty());
    };
    // The first window opens files that all windows share, and its thread closes its own files only after the window has
    // closed. So `before` may include files of the first window, but fewer than 20 windows would leave behind.
    open_and_close();
    let before = open_files();
    (0..20).for_each(|_| open_and_close());
    wait_until("all windows close their files", || open_files() <= before);
}

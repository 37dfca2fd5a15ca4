//! The window of the built `.vst3`: given up before it is opened, refused where there is no screen, and on the screen of
//! an X server that shows nothing to anybody. Alone in its process, whose open files it counts.

mod common;

use std::time::{Duration, Instant};

use common::vst3;
use tonenet_hosts::vst3::Vst3Host;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::*;
use x11rb::rust_connection::RustConnection;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What nobody has on a screen: a number that no X server gives.
const NO_WINDOW: u32 = 7;

#[test]
fn windows_that_come_to_no_screen_leave_nothing_in_the_host() {
    // SAFETY: the only test that runs without being asked for, and no thread of the plugin's reads the environment yet.
    unsafe { std::env::remove_var("DISPLAY") };
    let host = Vst3Host::load(&vst3()).unwrap();
    // The first may open what all share.
    assert_eq!(host.window().unwrap().close(), 0);
    let before = open_files();
    for is_tried in [false, true].repeat(5) {
        let mut window = host.window().unwrap();
        assert_eq!(window.handlers(), 1);
        let (width, height) = window.size();
        assert!(width > 300 && height > 200, "{width} by {height}");
        if is_tried {
            assert!(!window.open(NO_WINDOW), "there is no screen");
        }
        assert_eq!(window.close(), 0);
    }
    assert_eq!(open_files(), before);
}

/// A host's screen and the window that it lends to plugins.
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

    /// The plugin's windows in the host's.
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

/// Looks again and again until something is so, which takes as long as it takes.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::yield_now();
    }
}

#[test]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts one that shows nothing, and runs this"]
fn a_window_on_a_screen_draws_itself_and_is_gone_when_it_is_closed() {
    let screen = Screen::new();
    let host = Vst3Host::load(&vst3()).unwrap();
    let open_and_close = || {
        let mut window = host.window().unwrap();
        assert!(window.open(screen.parent));
        assert!(!window.open(screen.parent), "it is open already");
        wait_until("the plugin's window is there", || screen.children().len() == 1);
        let child = screen.children()[0];
        let size = screen.x.get_geometry(child).unwrap().reply().unwrap();
        assert_eq!((i32::from(size.width), i32::from(size.height)), window.size());
        wait_until("letters, dials and keys are drawn", || screen.colours(child) > 50);
        assert_eq!(window.close(), 0);
        wait_until("the plugin's window is gone", || screen.children().is_empty());
    };
    // The first opens what all share, and the plugin's thread closes what is its own after its window is gone; so
    // `before` may count the first window's files, which are fewer than the windows that follow.
    open_and_close();
    let before = open_files();
    (0..20).for_each(|_| open_and_close());
    wait_until("no window keeps files open", || open_files() <= before);
}

//! The window of the built `.vst3`: closed before it opens, refused without a screen, and open on a virtual X server.
//!
//! Its tests run one at a time, because they count the open files, threads and memory of the process, and a window must not
//! cover another one.

mod common;
mod screen;

use common::{RATE, in_style, piece, vst3_host};
use screen::{DragSource, Screen, wait_until};
use tonenet_core::style::StyleIndex;
use tonenet_hosts::memory::{allocated_bytes, return_freed_blocks};
use tonenet_hosts::vst3::{Vst3Host, Window};
use tonenet_hosts::{Host, Session};
#[cfg(target_os = "linux")]
use tonenet_test_support::without_network;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// A window id that no X server assigns.
const INVALID_WINDOW: u32 = 7;

/// A folder in place of the user's, which the window writes its size to.
fn folder_of_a_user() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // SAFETY: one test runs in a process, and the plugin has not started a thread yet.
    unsafe { std::env::set_var("XDG_CONFIG_HOME", folder.path()) };
    folder
}

#[test]
fn windows_that_never_open_leave_no_handlers_or_files_behind() {
    let _user = folder_of_a_user();
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

/// An open window, and the X window that it draws in.
fn open(screen: &Screen, mut window: Window) -> (Window, u32) {
    let parent = screen.new_parent();
    assert!(window.open(parent));
    assert!(!window.open(parent), "it is already open");
    wait_until("the plugin's window opens", || screen.children(parent).len() == 1);
    let child = screen.children(parent)[0];
    assert_eq!(screen.size(child), window.size());
    wait_until("text, sliders and keys are drawn", || screen.colours(child) > 50);
    (window, child)
}

fn open_window_of(screen: &Screen, host: &Vst3Host) -> (Window, u32) {
    open(screen, host.create_window().unwrap())
}

/// Twenty seconds of the demo piece.
fn session() -> Session {
    in_style(&piece(), StyleIndex::JAZZ).truncated(20 * RATE as u64)
}

/// Windows that are opened and closed while a session plays: two times as many.
const WINDOWS: usize = 25;
/// Windows before those, which open files and fill caches that all windows share, while the model is loaded.
const WARM_UP: usize = 10;
/// Blocks of which the one with the least memory counts: a run of the model allocates and frees megabytes.
const BLOCKS: usize = 200;
/// What may stay allocated for each of them, in bytes; a window takes megabytes while it is open.
const MAX_BYTES: i64 = 20_000;

#[test]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts a virtual one and runs this test"]
fn fifty_windows_while_audio_runs_leak_nothing_and_change_no_output() {
    let _user = folder_of_a_user();
    return_freed_blocks();
    let without = vst3_host().play(&session(), |_, _| {}).unwrap();
    let screen = Screen::new();
    let mut host = vst3_host();
    let windows = host.windows();
    let (mut is_open, mut closed) = (None, 0);
    let (mut threads_before, mut files_before) = (0, 0);
    // The least memory before the first half of the windows, between the halves, and after them.
    let (mut bytes, mut of_blocks) = (Vec::new(), Vec::new());
    // A block is played with a window open, and one without.
    let with = host.play(&session(), |_, _| {
        if let Some(window) = is_open.take() {
            assert_eq!(Window::close(window), 0);
            closed += 1;
        } else if closed == WARM_UP + WINDOWS * bytes.len() {
            if of_blocks.is_empty() {
                if bytes.is_empty() {
                    // A window's thread ends after the window has closed, so that these may include those of one window.
                    (threads_before, files_before) = (threads(), open_files());
                }
                wait_until("all windows end their threads", || threads() <= threads_before);
                wait_until("all windows close their files", || open_files() <= files_before);
            }
            of_blocks.push(allocated_bytes().unwrap());
            if of_blocks.len() == BLOCKS {
                bytes.extend(of_blocks.drain(..).min());
            }
        } else if closed < WARM_UP + 2 * WINDOWS {
            is_open = Some(open(&screen, windows.create().unwrap()).0);
        }
    });
    assert_eq!(with.unwrap().outputs, without.outputs, "the window changes what is played");
    assert!(without.outputs.len() > 100, "{} outputs", without.outputs.len());
    assert_eq!(bytes.len(), 3, "all windows are closed before the end");
    // What the model allocates once, whenever that is, is in one half only.
    let each = bytes.windows(2).map(|pair| (pair[1] - pair[0]) / WINDOWS as i64).min().expect("there are two halves");
    println!("{each} bytes for each of {} windows", 2 * WINDOWS);
    assert!(each < MAX_BYTES, "{each} bytes are left of each window");
}

#[test]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts a virtual one and runs this test"]
fn the_windows_of_two_instances_are_open_at_once() {
    let _user = folder_of_a_user();
    let screen = Screen::new();
    let (one, other) = (vst3_host(), vst3_host());
    let ((first, _), (mut second, child)) = (open_window_of(&screen, &one), open_window_of(&screen, &other));
    assert_eq!(first.close(), 0);
    // The other one goes on drawing.
    assert!(second.resize((1_000, 700)));
    wait_until("the other window is resized", || screen.size(child) == (1_000, 700));
    wait_until("and drawn in its new size", || screen.is_drawn_up_to_its_corner(child));
    assert_eq!(second.close(), 0);
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts a virtual one and runs this test"]
fn the_window_opens_no_network_socket() {
    without_network("the_window_opens_no_network_socket", || {
        let _user = folder_of_a_user();
        let screen = Screen::new();
        let host = vst3_host();
        let (window, _) = open_window_of(&screen, &host);
        assert_eq!(window.close(), 0);
    });
}

#[test]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts a virtual one and runs this test"]
fn the_host_resizes_the_window_and_the_next_one_opens_in_that_size() {
    let _user = folder_of_a_user();
    let screen = Screen::new();
    let host = vst3_host();
    let (mut window, child) = open_window_of(&screen, &host);
    assert!(window.can_resize());
    assert_eq!(window.allowed_size((100, 100)), (640, 400), "the smallest");
    assert_eq!(window.allowed_size((2_560, 1_440)), (2_560, 1_440));
    for size in [(640, 400), (1_100, 800)] {
        assert!(window.resize(size));
        wait_until("the window is resized", || screen.size(child) == size);
        wait_until("and drawn in its new size", || screen.is_drawn_up_to_its_corner(child));
    }
    window.close();
    assert_eq!(host.create_window().unwrap().size(), (1_100, 800), "of the same instance");
    assert_eq!(vst3_host().create_window().unwrap().size(), (1_100, 800), "of an instance made later");
}

#[test]
#[ignore = "needs an X server in DISPLAY; `cargo xtask test` starts a virtual one and runs this test"]
fn a_file_that_is_dropped_on_the_window_is_restyled_or_remembered() {
    let user = folder_of_a_user();
    let file = user.path().join("a piece.mid");
    std::fs::copy(common::workspace().join("assets/demo/bach-prelude-bwv-846.mid"), &file).unwrap();
    let original = std::fs::read(&file).unwrap();
    let midi_files = || {
        let entries = std::fs::read_dir(user.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "mid")).count()
    };
    let screen = Screen::new();
    let mut host = vst3_host();
    let (window, child) = open_window_of(&screen, &host);

    // The upper zone writes a copy beside the original.
    let before = screen.picture(child);
    let mut source = DragSource::new(&screen, child, &file);
    source.drag_to(0.5, 0.25);
    assert!(source.is_accepted());
    wait_until("the drop zones cover the window", || screen.picture(child) != before);
    source.drop();
    assert!(source.is_finished());
    wait_until("a copy is written", || midi_files() == 2);
    assert_eq!(std::fs::read(&file).unwrap(), original);
    assert_eq!(host.remembered_notes().unwrap(), 0);

    // The lower one gives the file to Timeline.
    let mut source = DragSource::new(&screen, child, &file);
    source.drag_to(0.5, 0.75);
    source.drop();
    wait_until("Timeline has the file's notes", || host.remembered_notes().unwrap() == 549);
    assert_eq!((midi_files(), window.close()), (2, 0));
}

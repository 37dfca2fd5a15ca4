//! The program's window on a screen, while a file plays, and its refusal without a screen.
//!
//! `cargo xtask test` opens a screen and runs the ignored test.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tonenet_test_support::{Program, wait_until};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt, ImageFormat};
use x11rb::rust_connection::RustConnection;

const STANDALONE: Program = Program::new(env!("CARGO_BIN_EXE_tonenet-standalone"));

/// The window with ToneNet's title, if there is one.
fn window(x: &RustConnection, screen: usize) -> Option<u32> {
    let children = x.query_tree(x.setup().roots[screen].root).ok()?.reply().ok()?.children;
    children.into_iter().find(|child| {
        let title = x.get_property(false, *child, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64);
        title.is_ok_and(|title| title.reply().is_ok_and(|title| title.value == b"ToneNet"))
    })
}

/// What the window shows between two lines, four bytes a pixel; nothing while it cannot be read.
fn picture(x: &RustConnection, window: u32, top: i16, bottom: u16) -> Vec<u8> {
    let Ok(Ok(size)) = x.get_geometry(window).map(|size| size.reply()) else { return Vec::new() };
    let height = bottom.min(size.height) - top as u16;
    let image = x.get_image(ImageFormat::Z_PIXMAP, window, 0, top, size.width, height, !0);
    image.ok().and_then(|image| image.reply().ok()).map(|image| image.data).unwrap_or_default()
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = STANDALONE.command(folder);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
#[ignore = "needs a screen; cargo xtask test opens one"]
fn the_window_moves_with_the_song_and_ctrl_c_closes_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let piece = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/demo/bach-prelude-bwv-846.mid");
    fs::copy(piece, folder.path().join("song.mid")).expect("the piece is there");
    let (x, screen) = x11rb::connect(None).expect("an X server; `cargo xtask test` starts one");
    let mut run = command(folder.path(), &["song.mid", "--ports", "none"]).spawn().expect("the program runs");
    wait_until("the window", || window(&x, screen).is_some());
    let window = window(&x, screen).expect("it is there");
    // The player below the header, and the performance below the modes.
    for (what, top, bottom) in [("the position", 34, 60), ("the performance", 150, 480)] {
        let mut seen = Vec::new();
        wait_until(what, || {
            let shown = picture(&x, window, top, bottom);
            if !shown.is_empty() && !seen.contains(&shown) {
                seen.push(shown);
            }
            seen.len() > 3
        });
    }
    let interrupted = Command::new("kill").args(["-INT", &run.id().to_string()]).status().expect("kill runs");
    assert!(interrupted.success());
    assert_eq!(run.wait().expect("the program ends").code(), Some(130), "as shells have it");
}

#[test]
fn without_a_screen_the_program_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = command(folder.path(), &["--ports", "none"]).env_remove("DISPLAY").output().expect("the program runs");
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("--no-window") && !said.contains("panicked"), "{said}");
}

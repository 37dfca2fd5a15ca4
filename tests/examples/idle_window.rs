//! Prints how much processor time the built `.vst3`'s window takes while nothing changes in it.
//!
//! It takes the `.vst3` and the seconds to measure, and needs an X server in `DISPLAY`. The plugin is loaded and not active,
//! as in a DAW that is stopped with its audio device off.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tonenet_hosts::vst3::Vst3Host;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, WindowClass};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, seconds] = arguments.as_slice() else { return Err("give FILE.vst3 SECONDS".into()) };
    let seconds = Duration::from_secs_f64(seconds.parse()?);

    let (x, number) = x11rb::connect(None)?;
    let (root, parent) = (&x.setup().roots[number], x.generate_id()?);
    let (values, class) = (CreateWindowAux::new(), WindowClass::INPUT_OUTPUT);
    x.create_window(root.root_depth, parent, root.root, 0, 0, 1200, 900, 0, class, 0, &values)?;
    x.map_window(parent)?.check()?;

    let host = Vst3Host::load(Path::new(bundle))?;
    let mut window = host.create_window()?;
    if !window.open(parent) {
        return Err("the window does not open".into());
    }
    // Until it is drawn and its animations have ended.
    std::thread::sleep(Duration::from_secs(5));
    let (before, began) = (used()?, Instant::now());
    std::thread::sleep(seconds);
    let (used, took) = (used()? - before, began.elapsed());
    let share = used.as_secs_f64() / took.as_secs_f64() * 100.0;
    println!("{share:.2} % of a core: {used:.1?} of processor time in {took:.1?}");
    window.close();
    Ok(())
}

/// The processor time of all threads of this process.
fn used() -> Result<Duration, Box<dyn Error>> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

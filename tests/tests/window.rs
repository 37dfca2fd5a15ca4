//! The window of the built `.vst3`, as far as a machine without a display can have one. Alone in its process, whose open
//! files it counts.

mod common;

use common::vst3;
use tonenet_hosts::vst3::Vst3Host;

#[test]
fn windows_that_were_given_up_leave_no_open_files_in_the_host() {
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let host = Vst3Host::load(&vst3()).unwrap();
    // The first may open what all share.
    host.make_window_and_give_it_up().unwrap();
    let before = open_files();
    for _ in 0..10 {
        assert_eq!(host.make_window_and_give_it_up().unwrap(), (1, 0));
    }
    assert_eq!(open_files(), before);
}

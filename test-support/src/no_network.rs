//! Runs a test where the system ends any program that opens a network socket.
//!
//! A filter of system calls (seccomp) is put on a process of the test's own; the programs that it starts inherit it.
//! Sockets within the computer stay allowed, because windows and file dialogs need them.

use std::collections::BTreeMap;
use std::env;
use std::process::{Command, Output};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter_all_threads,
};

/// Set in the process that is without a network.
const VARIABLE: &str = "TONENET_WITHOUT_NETWORK";

/// Runs `check` in a process that ends with the signal SIGSYS where anything opens a network socket.
///
/// `test` is the full name of the calling test. That test runs again, alone, in the new process.
///
/// # Panics
/// When the check fails, or a network socket was opened.
pub fn without_network(test: &str, check: impl FnOnce()) {
    if let Some(output) = in_own_process(test, check) {
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && printed.contains("1 passed"),
            "without a network the test ended with {}:\n{printed}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// In the process without a network: does the work, and returns nothing. Elsewhere: how that process ended.
pub(crate) fn in_own_process(test: &str, work: impl FnOnce()) -> Option<Output> {
    if env::var_os(VARIABLE).is_some() {
        forbid_network();
        work();
        return None;
    }
    let mut again = Command::new(env::current_exe().expect("a test is a program"));
    again.args([test, "--exact", "--include-ignored", "--nocapture"]).env(VARIABLE, "1");
    Some(again.output().expect("the test starts again"))
}

/// Ends this process, from now on, where a thread of it asks for a socket outside the computer.
fn forbid_network() {
    let outside = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, libc::AF_UNIX as u64);
    let outside = SeccompRule::new(vec![outside.expect("a condition on the first argument")]).expect("a rule");
    // A ring could open sockets without that call.
    let rules = BTreeMap::from([(libc::SYS_socket, vec![outside]), (libc::SYS_io_uring_setup, Vec::new())]);
    let architecture = TargetArch::try_from(env::consts::ARCH).expect("seccomp knows this processor");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::KillProcess, architecture);
    let program: BpfProgram = filter.expect("a filter").try_into().expect("the filter compiles");
    apply_filter_all_threads(&program).expect("the system accepts the filter");
}

#[cfg(test)]
mod tests {
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn assert_is_ended(test: &str, work: impl FnOnce()) {
        if let Some(output) = in_own_process(test, work) {
            assert_eq!(output.status.signal(), Some(libc::SIGSYS), "{output:?}");
        }
    }

    #[test]
    fn a_connection_ends_the_process() {
        assert_is_ended("no_network::tests::a_connection_ends_the_process", || drop(TcpStream::connect("127.0.0.1:9")));
    }

    #[test]
    fn a_datagram_ends_the_process() {
        assert_is_ended("no_network::tests::a_datagram_ends_the_process", || drop(UdpSocket::bind("127.0.0.1:0")));
    }

    #[test]
    fn a_program_that_is_started_is_ended_too() {
        assert_is_ended("no_network::tests::a_program_that_is_started_is_ended_too", || {
            let connect = "exec 3<>/dev/tcp/127.0.0.1/9";
            let status = Command::new("bash").args(["-c", connect]).status().expect("bash starts");
            assert_eq!(status.signal(), Some(libc::SIGSYS));
            drop(TcpStream::connect("127.0.0.1:9"));
        });
    }

    #[test]
    fn what_stays_within_the_computer_is_allowed() {
        without_network("no_network::tests::what_stays_within_the_computer_is_allowed", || {
            UnixStream::pair().expect("two ends of a local socket");
        });
    }
}

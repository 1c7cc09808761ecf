//! Children that no signal is ignored for.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::signal::{SigHandler, Signal, signal};

/// A command that no signal is ignored for, whoever began this test: below `nohup` or behind `&` a shell ignores some.
#[expect(
    unsafe_code,
    reason = "the child takes back what is ignored before it is a program"
)]
pub fn heeding(command: &mut Command) -> &mut Command {
    // SAFETY: only dispositions of the new process are changed, which allocates nothing.
    unsafe {
        command.pre_exec(|| {
            for end in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
                signal(end, SigHandler::SigDfl)?;
            }
            Ok(())
        })
    }
}

//! Network namespaces: which one a process lives in, and a netlink socket inside a foreign one. `network_namespaces(7)`.

use std::fs::File;

use nix::sched::{CloneFlags, setns};

use super::root::ProcRoot;
use super::sock_diag::SockDiag;
use super::source::Error;
use crate::model::id::Pid;
use crate::model::reading::{Missing, Reading};

/// The network namespace of a process, as an inode: `net:[4026531840]`.
///
/// # Errors
/// `Denied` for processes of other users.
pub fn of(root: &ProcRoot, pid: Pid) -> Reading<u64> {
    link(root, &pid.to_string())
}

/// The network namespace of this program.
///
/// # Errors
/// As the kernel says.
pub fn ours(root: &ProcRoot) -> Reading<u64> {
    link(root, "self")
}

fn link(root: &ProcRoot, of: &str) -> Reading<u64> {
    let target = std::fs::read_link(root.proc(format!("{of}/ns/net")))?;
    let inode = target
        .to_str()
        .and_then(|t| t.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok());
    inode.ok_or(Missing::Unsupported)
}

/// Opens the diagnosis of sockets inside the network namespace of a process.
///
/// A thread made for this enters the namespace and ends; the socket stays bound to where it was opened.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN` over that namespace.
pub fn diagnose(root: &ProcRoot, pid: Pid, namespace: u64) -> Result<SockDiag, Error> {
    let path = root.proc(format!("{pid}/ns/net"));
    let place = File::open(&path).map_err(Error::io(path))?;
    let call = |why: std::io::Error| Error::Call { call: "setns", why };
    let entered = std::thread::Builder::new()
        .name("netns".to_owned())
        .spawn(move || {
            setns(&place, CloneFlags::CLONE_NEWNET).map_err(|why| call(why.into()))?;
            SockDiag::open(namespace)
        })
        .map_err(call)?;
    entered
        .join()
        .unwrap_or_else(|_| Err(call(std::io::Error::other("the thread failed"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_namespace_can_be_entered_or_is_denied() {
        let root = ProcRoot::live();
        let (Ok(ours), Ok(same)) = (ours(&root), of(&root, Pid(std::process::id()))) else {
            println!("skipped: no network namespaces here");
            return;
        };
        assert_eq!(ours, same);
        match diagnose(&root, Pid(std::process::id()), ours) {
            Ok(mut diag) => {
                let mut all = Vec::new();
                if let Err(why) = diag.unix(&mut all) {
                    println!("skipped: {why}");
                }
            }
            Err(why) => println!("skipped: {why}"),
        }
    }
}

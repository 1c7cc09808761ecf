//! A child in a network namespace of its own, with a connection to itself over a loopback that nobody else has.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use super::Part;

/// Ends the child with us.
struct Kept(i32);

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: it is our own child and has not been waited for, so its number is still its own.
        unsafe {
            libc::kill(self.0, libc::SIGKILL);
            libc::waitpid(self.0, std::ptr::null_mut(), 0);
        }
    }
}

/// Makes the child; `null` where this user may not have a namespace of its own.
pub fn make() -> Part {
    let (mut ready, mut said) = std::io::pipe().expect("a pipe");
    // SAFETY: there is one thread at this time, so the child may do anything.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: takes numbers only.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        drop(ready);
        let kept = apart();
        let port = kept.as_ref().map_or(0, |(port, ..)| *port);
        said.write_all(&port.to_ne_bytes()).expect("heard");
        drop(said);
        loop {
            // SAFETY: waits for a signal.
            unsafe { libc::pause() };
        }
    }
    assert!(pid > 0, "fork");
    drop(said);
    let mut port = [0; 2];
    ready.read_exact(&mut port).expect("the child is ready");
    let truth = match u16::from_ne_bytes(port) {
        0 => serde_json::Value::Null,
        port => json!({"child": pid, "port": port}),
    };
    (truth, Box::new(Kept(pid)))
}

/// Leaves for a new namespace; an ordinary user needs one of users too. Answers the port and both ends.
fn apart() -> Option<(u16, TcpStream, TcpStream)> {
    // SAFETY: both calls take numbers only.
    let alone = unsafe {
        libc::unshare(libc::CLONE_NEWNET) == 0
            || libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) == 0
    };
    if !alone || !up() {
        return None;
    }
    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
    let to = listener.local_addr().ok()?;
    let client = TcpStream::connect(to).ok()?;
    Some((to.port(), client, listener.accept().ok()?.0))
}

/// Brings loopback up.
fn up() -> bool {
    // SAFETY: zeroes are a value of this plain structure; the name is NUL at its end; the descriptor is open for the call.
    unsafe {
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        let status = libc::ioctl(socket, libc::SIOCSIFFLAGS, &raw const request);
        libc::close(socket);
        status == 0
    }
}

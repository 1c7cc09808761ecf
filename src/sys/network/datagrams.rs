//! Bytes that each process sends and receives over UDP, which no file of the kernel tells: counted by programs at the raw
//! tracepoints `sock_send_length` and `sock_recv_length` (Linux 6.3). Payload alone, without headers.
//!
//! Needs `CAP_BPF` and `CAP_PERFMON`, or root. While this is open every send and every receive of the machine costs a little;
//! nothing stays behind when it is dropped.

use std::collections::HashMap;
use std::io;

use crate::model::id::Pid;
use crate::sys::bpf::assembler::{
    Assembler, Fault, Helper, If, Instruction, Op,
    Reg::{R0, R1, R3, R6, R7, R10},
    Width,
};
use crate::sys::bpf::btf::Types;
use crate::sys::bpf::map::{self, Kind, Map};
use crate::sys::bpf::program::{self, At, Refused, Running};
use crate::sys::process::visible;
use crate::sys::root::ProcRoot;

/// How many processes are told apart.
const PROCESSES: usize = 16_384;
/// `MSG_PEEK`: what is only looked at is received later.
const PEEK: i32 = 2;
/// On the stack: the protocol, the process, its first value.
const PROTOCOL: i16 = -8;
const PROCESS: i16 = -12;
const VALUE: i16 = -32;
/// In the value: what was sent, and what was received.
const SENT: i16 = 0;
const RECEIVED: i16 = 8;

/// Counts until it is dropped.
#[derive(Debug)]
pub struct Datagrams {
    counts: Map,
    _programs: [Running; 2],
}

impl Datagrams {
    /// Begins to count.
    ///
    /// # Errors
    /// Without the right, before Linux 6.3, where the kernel does not tell its types, and in a PID namespace of its own, where
    /// the kernel's numbers are not ours.
    pub fn begin(root: &ProcRoot) -> Result<Self, Refused> {
        visible::numbers_are_ours(root)?;
        let types = Types::of_kernel(root);
        let protocol = types.and_then(|types| types.offset("sock", "sk_protocol"));
        let unknown =
            || io::Error::other("the kernel does not tell where a socket has its protocol");
        let protocol = protocol.ok_or_else(unknown)?.cast_signed();
        let counts = Map::new(Kind::Hash, (4, 16), PROCESSES, 0)?;
        let run = |name, to, at| -> Result<Running, Refused> {
            let code = program(counts.fd(), protocol, to).map_err(io::Error::other)?;
            program::run(name, &code, at)
        };
        let programs = [
            run("pscope_send", SENT, At::RawTracepoint(c"sock_send_length"))?,
            run(
                "pscope_recv",
                RECEIVED,
                At::RawTracepoint(c"sock_recv_length"),
            )?,
        ];
        Ok(Self {
            counts,
            _programs: programs,
        })
    }

    /// What each process has received and sent since this counts; those of whom `gone` says so are forgotten.
    ///
    /// # Errors
    /// As the kernel says.
    pub fn read(&self, gone: impl Fn(Pid) -> bool) -> io::Result<HashMap<Pid, (u64, u64)>> {
        let mut out = HashMap::new();
        self.counts.all(false, |key, value| {
            let pid = key.try_into().map(u32::from_ne_bytes);
            let told = (pid, map::word(value, 0), map::word(value, 8));
            if let (Ok(pid), Some(sent), Some(received)) = told {
                out.insert(Pid(pid), (received, sent));
            }
        })?;
        for pid in out.keys().filter(|pid| gone(**pid)) {
            // Somebody else may have taken it out; then it is out.
            let _ = self.counts.remove(&pid.0.to_ne_bytes());
        }
        Ok(out)
    }
}

/// At the end of a send or a receive: `struct sock *`, what it returned as 32 bits, its flags.
fn program(counts: i32, protocol: i32, to: i16) -> Result<Vec<Instruction>, Fault> {
    let mut a = Assembler::default();
    let (out, known) = (a.label(), a.label());
    a.load(Width::Double, R3, (R1, 0));
    a.load(Width::Word, R6, (R1, 8));
    a.load(Width::Word, R7, (R1, 16));
    // An error is a number above the greatest that has a sign.
    a.jump_if(If::Gt, R6, i32::MAX, out);
    a.jump_if(If::Eq, R6, 0, out);
    if to == RECEIVED {
        a.jump_if(If::AnyBit, R7, PEEK, out);
    }
    a.op(Op::Add, R3, protocol);
    a.copy(2, PROTOCOL);
    a.jump_if(If::Ne, R0, 0, out);
    a.load(Width::Half, R1, (R10, PROTOCOL));
    a.jump_if(If::Ne, R1, libc::IPPROTO_UDP, out);
    a.call(Helper::GetCurrentPidTgid);
    a.op(Op::Rsh, R0, 32);
    a.store(Width::Word, (R10, PROCESS), R0);
    a.find(counts, PROCESS);
    a.jump_if(If::Ne, R0, 0, known);
    a.store(Width::Double, (R10, VALUE), 0);
    a.store(Width::Double, (R10, VALUE + 8), 0);
    a.begin_with(counts, PROCESS, VALUE);
    a.find(counts, PROCESS);
    a.jump_if(If::Eq, R0, 0, out);
    a.place(known);
    a.fetch_add(Width::Double, (R0, to), R6);
    a.place(out);
    a.done();
    a.finish()
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn what_is_sent_and_received_is_counted_to_the_byte() {
        let root = ProcRoot::live();
        let counting = match Datagrams::begin(&root) {
            Ok(counting) => counting,
            Err(refused) => return println!("skipped: datagrams are not counted here: {refused}"),
        };
        let me = Pid(std::process::id());
        let told = |counting: &Datagrams| {
            let all = counting.read(|_| false).expect("it reads");
            all.get(&me).copied().unwrap_or_default()
        };
        let Ok(to) = UdpSocket::bind("127.0.0.1:0") else {
            println!("skipped: no loopback here");
            return;
        };
        let from = UdpSocket::bind("127.0.0.1:0").expect("another one");
        let address = to.local_addr().expect("its address");
        let before = told(&counting);
        let mut room = [0; 2000];
        for size in [1, 700, 1400] {
            let sent = from.send_to(&room[..size], address).expect("sent");
            assert_eq!(sent, size);
            // Looking at it is not receiving it.
            assert_eq!(to.peek(&mut room).expect("it is there"), size);
            assert_eq!(to.recv(&mut room).expect("received"), size);
        }
        let after = told(&counting);
        let moved = (after.0 - before.0, after.1 - before.1);
        // Other tests of this process may talk over UDP at the same time, with little.
        assert!(
            (2101..3000).contains(&moved.0) && (2101..3000).contains(&moved.1),
            "{moved:?}"
        );
        counting.read(|pid| pid == me).expect("it reads");
        let again = told(&counting);
        assert!(again.0 < 2101, "whoever is gone is forgotten: {again:?}");
    }

    #[test]
    fn only_the_right_to_count_is_asked_for() {
        assert!(program(3, 516, SENT).is_ok() && program(3, 516, RECEIVED).is_ok());
    }
}

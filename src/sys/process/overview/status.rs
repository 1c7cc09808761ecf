//! The rights, masks and memory lines of `/proc/PID/status` (`proc_pid_status(5)`).

use crate::model::id::{Bytes, Pid};
use crate::model::process::isolation::rights::Capabilities;
use crate::model::process::overview::Credentials;
use crate::model::text::SafeText;
use crate::sys::fields;

/// Parses lines such as `b"Uid:\t1000\t1000\t1000\t1000"`, `CapEff: 0000000000000400`, `Cpus_allowed_list: 0-3`.
pub(crate) fn parse(text: &[u8]) -> Credentials {
    let mut out = Credentials::default();
    for (key, value) in fields::pairs(text) {
        let number = || fields::number(value).unwrap_or_default();
        let count = || hex(value).count_ones();
        match key {
            b"Uid" => {
                for (to, uid) in out.uids.iter_mut().zip(fields::numbers(value)) {
                    *to = uid as u32;
                }
            }
            b"CapEff" => out.capabilities = Capabilities(hex(value)),
            b"TracerPid" => out.tracer = Some(Pid(number() as u32)).filter(|p| p.0 != 0),
            b"Seccomp" => out.seccomp = number() as u32,
            b"NoNewPrivs" => out.no_new_privileges = number() == 1,
            b"Cpus_allowed_list" => out.cores = SafeText::from_bytes(value.trim_ascii()),
            b"VmHWM" => out.peak = Some(Bytes::from_kib(number())),
            b"VmLck" => out.locked = Bytes::from_kib(number()),
            b"voluntary_ctxt_switches" | b"nonvoluntary_ctxt_switches" => {
                out.switches = out.switches.saturating_add(number());
            }
            b"SigCgt" => out.signals[0] = count(),
            b"SigIgn" => out.signals[1] = count(),
            b"SigBlk" => out.signals[2] = count(),
            b"SigPnd" | b"ShdPnd" => out.pending = out.pending.saturating_add(count()),
            _ => {}
        }
    }
    out
}

fn hex(value: &[u8]) -> u64 {
    let text = std::str::from_utf8(value.trim_ascii()).unwrap_or_default();
    u64::from_str_radix(text, 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rights_masks_and_memory() {
        let text = b"Name:\tfox\nTracerPid:\t812\nUid:\t1000\t0\t0\t0\nVmHWM:\t  1024 kB\nVmLck:\t 8 kB\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000001000\nSigCgt:\t00000000000004ec\nCapEff:\t0000000000000400\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t1\nSeccomp:\t2\nCpus_allowed_list:\t0-3,8\nvoluntary_ctxt_switches:\t7\nnonvoluntary_ctxt_switches:\t5\n";
        let status = parse(text);
        assert_eq!(status.uids, [1000, 0, 0, 0]);
        assert_eq!((status.capabilities.0, status.seccomp), (0x400, 2));
        assert!(status.no_new_privileges);
        assert_eq!(status.tracer, Some(Pid(812)));
        assert_eq!(parse(b"TracerPid:\t0\n").tracer, None);
        assert_eq!(status.cores.as_str(), "0-3,8");
        assert_eq!(
            (status.peak, status.locked),
            (Some(Bytes(1 << 20)), Bytes(8 << 10))
        );
        assert_eq!(
            (status.switches, status.signals, status.pending),
            (12, [6, 1, 1], 1)
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_harmless(text: Vec<u8>) {
            parse(&text);
        }
    }
}

//! A FUSE filesystem of our own that answers the kernel's first questions, has one file, and tells neither how full it is nor
//! what is in the file. It is in whatever tree of mounts the thread that makes it sees.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// Questions of the kernel's `linux/fuse.h`.
const LOOKUP: u32 = 1;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const STATFS: u32 = 17;
const INIT: u32 = 26;

/// The mounted filesystem; whoever waits for it is let go when this is dropped.
pub struct Mount {
    dir: tempfile::TempDir,
    /// Whether it has begun to tell how full it is.
    recovered: Arc<AtomicBool>,
}

impl Mount {
    /// Mounts it; the reason where that is not allowed here.
    pub fn new() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
        let device = File::options().read(true).write(true).open("/dev/fuse");
        let device = device.map_err(|e| format!("/dev/fuse: {e}"))?;
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0,allow_other",
            device.as_raw_fd()
        );
        mount(
            Some("hung"),
            dir.path(),
            Some("fuse"),
            MsFlags::empty(),
            Some(options.as_str()),
        )
        .map_err(|e| format!("fuse: {e}"))?;
        let recovered = Arc::<AtomicBool>::default();
        let told = Arc::clone(&recovered);
        std::thread::spawn(move || serve(device, &told));
        Ok(Self { dir, recovered })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// From now on it tells how full it is, also to those that have waited.
    pub fn recover(&self) {
        self.recovered.store(true, Ordering::Relaxed);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = umount2(self.dir.path(), MntFlags::MNT_FORCE | MntFlags::MNT_DETACH);
    }
}

/// The `struct fuse_attr` of the top, which is 1, or of the one file.
fn attributes(node: u64) -> [u8; 88] {
    let mut all = [0; 88];
    let (mode, size) = if node == 1 {
        (0o40755_u32, 0)
    } else {
        (0o100_644, 4096_u64)
    };
    all[0..8].copy_from_slice(&node.to_le_bytes());
    all[8..16].copy_from_slice(&size.to_le_bytes());
    all[60..64].copy_from_slice(&mode.to_le_bytes());
    all[64..68].copy_from_slice(&1_u32.to_le_bytes());
    all
}

fn numbers(all: &[u64]) -> Vec<u8> {
    all.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// What is answered to a question about a node; nothing to those that are never answered.
fn answer(question: u32, node: u64, recovered: bool) -> Option<Vec<u8>> {
    // Valid for ever: no answer is asked for twice.
    let valid = 1 << 20;
    Some(match question {
        INIT => {
            let mut body = vec![0; 64];
            body[0..4].copy_from_slice(&7_u32.to_le_bytes());
            body[4..8].copy_from_slice(&31_u32.to_le_bytes());
            body[20..24].copy_from_slice(&4096_u32.to_le_bytes());
            body
        }
        LOOKUP => [numbers(&[2, 0, valid, valid, 0]), attributes(2).to_vec()].concat(),
        GETATTR => [numbers(&[valid, 0]), attributes(node).to_vec()].concat(),
        OPEN => vec![0; 16],
        // 1,000 blocks of 4 KiB, half of them free.
        STATFS if recovered => [
            numbers(&[1000, 500, 500, 10, 5]),
            [4096_u32, 255, 4096, 0].map(u32::to_le_bytes).concat(),
            vec![0; 24],
        ]
        .concat(),
        _ => return None,
    })
}

/// Answers until the filesystem is gone; then the kernel fails every call that waits.
fn serve(mut device: File, recovered: &AtomicBool) {
    let mut request = vec![0; 1 << 17];
    let mut waiting = Vec::new();
    while let Ok(n) = device.read(&mut request) {
        let Some(head) = request.get(..n).and_then(|r| r.first_chunk::<24>()) else {
            return;
        };
        let (question, rest) = (&head[4..8], &head[8..]);
        let question = u32::from_le_bytes([question[0], question[1], question[2], question[3]]);
        let (unique, node) = rest.split_at(8);
        let node = u64::from_le_bytes(node.try_into().unwrap_or_default());
        let recovered = recovered.load(Ordering::Relaxed);
        let mut open = vec![(question, unique.to_vec(), node)];
        if recovered {
            open.append(&mut waiting);
        }
        for (question, unique, node) in open {
            let Some(body) = answer(question, node, recovered) else {
                waiting.push((question, unique, node));
                continue;
            };
            let mut reply = (16 + body.len() as u32).to_le_bytes().to_vec();
            reply.extend(0_i32.to_le_bytes());
            reply.extend(unique);
            reply.extend(body);
            if device.write_all(&reply).is_err() {
                return;
            }
        }
    }
}

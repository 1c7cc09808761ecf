//! NVIDIA's management library, `libnvidia-ml.so.1`: opened only in a process of the `asker`, which can be given up, and kept
//! open there. Nothing of it is ever called in pscope itself, so that neither its memory nor a driver that hangs is ours.
//!
//! What a library lacks is missing, and so is what it answers with an error. The calls that watch for 20 ms are not made.
#![expect(
    unsafe_code,
    reason = "dlopen(3), and calls of functions that it found"
)]

use std::ffi::{CStr, CString, c_char, c_uint, c_ulonglong, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use self::structs::{
    APART, Code, Device, MOST, Memory, MemoryApart, NOT_FOUND, NOT_TOLD, Process, SUCCESS, Sample,
    TOO_SMALL, Utilization, WINDOW,
};
use crate::model::reading::{Missing, Reading};

mod structs;

/// What the library told, or what is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::sys) enum Told {
    Cards(Vec<CardFacts>),
    /// It is not found.
    NoLibrary,
    /// It has not the functions without which there is nothing to tell.
    Lacking,
    /// It answers with an error.
    Answers(u32),
}

/// What is told of a card; `None` is what the library does not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::sys) struct CardFacts {
    pub name: String,
    pub driver: String,
    pub busy: Option<u32>,
    pub memory_busy: Option<u32>,
    pub used: Option<u64>,
    pub total: Option<u64>,
    pub temperature: Option<u32>,
    pub milliwatts: Option<u32>,
    pub limit_milliwatts: Option<u32>,
    pub clock: Option<u32>,
    pub memory_clock: Option<u32>,
    pub encoder: Option<u32>,
    pub decoder: Option<u32>,
    pub split: bool,
    /// Number and memory of each process.
    pub users: Option<Vec<(u32, Option<u64>)>>,
    /// Number and share of each process that ran lately.
    pub shares: Option<Vec<(u32, u32)>>,
}

/// The library, open and initialised.
struct Library {
    handle: *mut c_void,
    /// Until when shares of processes were told, microseconds.
    last: u64,
}

// SAFETY: the handle is used by one thread at a time, behind the lock of `OPEN`; the library's own functions may be called
// from any thread.
unsafe impl Send for Library {}

/// The library of this process, by the path that it was opened with.
static OPEN: Mutex<Option<(Vec<u8>, Library)>> = Mutex::new(None);

/// Everything about every card, or what is in the way of that, as JSON. Opens the library if it is not open yet.
///
/// # Errors
/// `Denied` where the driver refuses it to this user.
pub(in crate::sys) fn answer(path: &Path) -> Reading<Vec<u8>> {
    let told = match ask(path) {
        Ok(cards) => Told::Cards(cards),
        // `NVML_ERROR_NO_PERMISSION`.
        Err(Told::Answers(4)) => return Err(Missing::Denied),
        Err(wrong) => wrong,
    };
    serde_json::to_vec(&told).map_err(|_| Missing::Unsupported)
}

fn ask(path: &Path) -> Result<Vec<CardFacts>, Told> {
    let name = path.as_os_str().as_bytes();
    let mut open = OPEN.lock().map_err(|_| Told::Lacking)?;
    if open.as_ref().is_none_or(|(known, _)| known != name) {
        *open = Some((name.to_vec(), Library::open(name)?));
    }
    let library = &mut open.as_mut().ok_or(Told::Lacking)?.1;
    library.cards()
}

/// Declares the type of a function and finds it; `None` where the library lacks it.
macro_rules! function {
    ($library:expr, $name:literal, ($($arg:ty),*)) => {{
        let found = $library.symbol(concat!($name, "\0"));
        // SAFETY: `nvml.h` declares the function of this name with these arguments, and a version that would change them has
        // another name.
        found.map(|f| unsafe { std::mem::transmute::<*mut c_void, extern "C" fn($($arg),*) -> Code>(f) })
    }};
}

impl Library {
    fn open(name: &[u8]) -> Result<Self, Told> {
        let name = CString::new(name).map_err(|_| Told::NoLibrary)?;
        // SAFETY: the name ends with NUL; the library's own constructors run, in this process that can be given up.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            return Err(Told::NoLibrary);
        }
        let library = Self { handle, last: 0 };
        let init = function!(library, "nvmlInit_v2", ()).ok_or(Told::Lacking)?;
        good(init())?;
        Ok(library)
    }

    /// A function by its name, which ends with NUL.
    fn symbol(&self, name: &str) -> Option<*mut c_void> {
        let name = CStr::from_bytes_with_nul(name.as_bytes()).ok()?;
        // SAFETY: the handle is that of a library which stays open.
        let found = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        (!found.is_null()).then_some(found)
    }

    fn cards(&mut self) -> Result<Vec<CardFacts>, Told> {
        let count = function!(self, "nvmlDeviceGetCount_v2", (*mut c_uint));
        let count = count.ok_or(Told::Lacking)?;
        let mut n = 0;
        good(count(&raw mut n))?;
        let driver = self.driver();
        let by_index = function!(self, "nvmlDeviceGetHandleByIndex_v2", (c_uint, *mut Device));
        let by_index = by_index.ok_or(Told::Lacking)?;
        let since = self.last.min(microseconds().saturating_sub(WINDOW));
        let mut all = Vec::new();
        for index in 0..n.min(256) {
            let mut device: Device = std::ptr::null_mut();
            let mut told = CardFacts::default();
            if by_index(index, &raw mut device) == SUCCESS {
                told = self.card(device, since);
            }
            told.driver.clone_from(&driver);
            all.push(told);
        }
        Ok(all)
    }

    fn driver(&self) -> String {
        let mut text = [0 as c_char; 96];
        let version = function!(self, "nvmlSystemGetDriverVersion", (*mut c_char, c_uint));
        let ok = version.is_some_and(|f| f(text.as_mut_ptr(), 96) == SUCCESS);
        if ok { string(&text) } else { String::new() }
    }

    fn card(&mut self, device: Device, since: u64) -> CardFacts {
        let mut text = [0 as c_char; 96];
        let name = function!(self, "nvmlDeviceGetName", (Device, *mut c_char, c_uint));
        let named = name.is_some_and(|f| f(device, text.as_mut_ptr(), 96) == SUCCESS);
        let number = |f: Option<extern "C" fn(Device, *mut c_uint) -> Code>| {
            let mut value = 0;
            (f?(device, &raw mut value) == SUCCESS).then_some(value)
        };
        let of_kind = |f: Option<extern "C" fn(Device, c_uint, *mut c_uint) -> Code>, kind| {
            let mut value = 0;
            (f?(device, kind, &raw mut value) == SUCCESS).then_some(value)
        };
        let engine = |f: Option<extern "C" fn(Device, *mut c_uint, *mut c_uint) -> Code>| {
            let (mut value, mut period) = (0, 0);
            (f?(device, &raw mut value, &raw mut period) == SUCCESS).then_some(value)
        };
        let mut used = Utilization::default();
        let busy = function!(
            self,
            "nvmlDeviceGetUtilizationRates",
            (Device, *mut Utilization)
        );
        let busy = busy.is_some_and(|f| f(device, &raw mut used) == SUCCESS);
        let memory = self.memory(device);
        let mig = engine(function!(
            self,
            "nvmlDeviceGetMigMode",
            (Device, *mut c_uint, *mut c_uint)
        ));
        let clock = function!(
            self,
            "nvmlDeviceGetClockInfo",
            (Device, c_uint, *mut c_uint)
        );
        CardFacts {
            name: if named { string(&text) } else { String::new() },
            driver: String::new(),
            busy: busy.then_some(used.gpu),
            memory_busy: busy.then_some(used.memory),
            used: memory.map(|(used, _)| used),
            total: memory.map(|(_, total)| total),
            temperature: of_kind(
                function!(
                    self,
                    "nvmlDeviceGetTemperature",
                    (Device, c_uint, *mut c_uint)
                ),
                0,
            ),
            milliwatts: number(function!(
                self,
                "nvmlDeviceGetPowerUsage",
                (Device, *mut c_uint)
            )),
            limit_milliwatts: number(function!(
                self,
                "nvmlDeviceGetEnforcedPowerLimit",
                (Device, *mut c_uint)
            )),
            clock: of_kind(clock, 0),
            memory_clock: of_kind(clock, 2),
            encoder: engine(function!(
                self,
                "nvmlDeviceGetEncoderUtilization",
                (Device, *mut c_uint, *mut c_uint)
            )),
            decoder: engine(function!(
                self,
                "nvmlDeviceGetDecoderUtilization",
                (Device, *mut c_uint, *mut c_uint)
            )),
            split: mig == Some(1),
            users: self.users(device),
            shares: self.shares(device, since, busy.then_some(used.gpu)),
        }
    }

    /// Bytes that are used and that there are; before version 510 of the driver what it keeps for itself is among those used.
    fn memory(&self, device: Device) -> Option<(u64, u64)> {
        let info = function!(
            self,
            "nvmlDeviceGetMemoryInfo_v2",
            (Device, *mut MemoryApart)
        );
        let mut apart = MemoryApart {
            version: APART,
            ..MemoryApart::default()
        };
        if info.is_some_and(|f| f(device, &raw mut apart) == SUCCESS) {
            return Some((apart.used, apart.total));
        }
        let info = function!(self, "nvmlDeviceGetMemoryInfo", (Device, *mut Memory))?;
        let mut all = Memory::default();
        (info(device, &raw mut all) == SUCCESS).then_some((all.used, all.total))
    }

    /// Who computes and who draws; `None` where neither list is told.
    fn users(&self, device: Device) -> Option<Vec<(u32, Option<u64>)>> {
        type List = extern "C" fn(Device, *mut c_uint, *mut Process) -> Code;
        let lists: [Option<List>; 2] = [
            function!(
                self,
                "nvmlDeviceGetComputeRunningProcesses_v3",
                (Device, *mut c_uint, *mut Process)
            ),
            function!(
                self,
                "nvmlDeviceGetGraphicsRunningProcesses_v3",
                (Device, *mut c_uint, *mut Process)
            ),
        ];
        let mut out: Vec<(u32, Option<u64>)> = Vec::new();
        let mut told = false;
        for list in lists.into_iter().flatten() {
            let Ok(found) = grown(|n, to: *mut Process| list(device, n, to)) else {
                continue;
            };
            told = true;
            for process in found {
                let memory = Some(process.used).filter(|used| *used != NOT_TOLD);
                match out.iter_mut().find(|(pid, _)| *pid == process.pid) {
                    // It both computes and draws: each list tells all of its memory.
                    Some((_, known)) => *known = (*known).max(memory),
                    None => out.push((process.pid, memory)),
                }
            }
        }
        told.then_some(out)
    }

    /// The shares of those who ran since then; the mean where there are several. `None` where the library does not tell them.
    fn shares(&mut self, device: Device, since: u64, busy: Option<u32>) -> Option<Vec<(u32, u32)>> {
        let list = function!(
            self,
            "nvmlDeviceGetProcessUtilization",
            (Device, *mut Sample, *mut c_uint, c_ulonglong)
        )?;
        let found = match grown(|n, to: *mut Sample| list(device, to, n, since)) {
            Ok(found) => found,
            // Nobody ran; of a card that was busy that is not so, and its driver has no samples.
            Err(NOT_FOUND) if busy == Some(0) => Vec::new(),
            Err(_) => return None,
        };
        let mut out: Vec<(u32, u32, u32)> = Vec::new();
        for sample in found {
            self.last = self.last.max(sample.at);
            match out.iter_mut().find(|(pid, ..)| *pid == sample.pid) {
                Some((_, sum, n)) => (*sum, *n) = (sum.saturating_add(sample.cores), *n + 1),
                None => out.push((sample.pid, sample.cores, 1)),
            }
        }
        Some(
            out.into_iter()
                .map(|(pid, sum, n)| (pid, sum / n))
                .collect(),
        )
    }
}

/// Goes on where a function succeeded.
fn good(code: Code) -> Result<(), Told> {
    match code {
        SUCCESS => Ok(()),
        code => Err(Told::Answers(code.unsigned_abs())),
    }
}

/// The time of day, as the library's samples have it.
fn microseconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_micros() as u64)
}

/// Calls until there was room for all.
///
/// # Errors
/// The number that the library answers with.
fn grown<T: Copy + Default>(call: impl Fn(*mut c_uint, *mut T) -> Code) -> Result<Vec<T>, Code> {
    let mut room = 64;
    while room <= MOST {
        let mut out = vec![T::default(); room];
        let mut n = room as c_uint;
        match call(&raw mut n, out.as_mut_ptr()) {
            SUCCESS => {
                out.truncate(n as usize);
                return Ok(out);
            }
            TOO_SMALL => room = (n as usize + 16).max(room * 2),
            code => return Err(code),
        }
    }
    Err(TOO_SMALL)
}

/// A text that ends at its NUL.
fn string(text: &[c_char]) -> String {
    let bytes: Vec<u8> = text
        .iter()
        .map(|c| *c as u8)
        .take_while(|c| *c != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

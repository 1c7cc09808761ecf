//! A library that stands in for NVIDIA's in tests: the same functions, and what they answer stands in the file that
//! `NVML_STAND_IN` names, read anew at every call.
//!
//! One word a line with its value: `cards 2`, `busy 87`, `memory 40 80`, `users 7:39 9:1`, `shares 7:85`, `lacks power`,
//! `fails busy`, `hangs`, `mig`, `keeps 1` (GiB that the driver has for itself), `opens 700` (milliseconds that the first call takes),
//! `answers 18` (the error of the first call).
#![allow(missing_docs, unsafe_code, clippy::all, clippy::pedantic, reason = "a stand-in for a C library")]

use std::ffi::{c_char, c_int, c_uint, c_ulonglong, c_void};

fn script() -> String {
    let path = std::env::var("NVML_STAND_IN").unwrap_or_default();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    if text.lines().any(|l| l == "hangs") {
        loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        }
    }
    text
}

fn value(key: &str) -> Option<String> {
    let text = script();
    if text.lines().any(|l| l == format!("fails {key}")) {
        return None;
    }
    text.lines().find_map(|l| Some(l.strip_prefix(key)?.strip_prefix(' ')?.to_owned()))
}

fn number(key: &str, at: usize) -> Option<u64> {
    value(key)?.split(' ').nth(at)?.parse().ok()
}

unsafe fn put<T>(to: *mut T, value: Option<T>) -> c_int {
    match value {
        Some(value) => {
            unsafe { to.write(value) };
            0
        }
        None => 3,
    }
}

unsafe fn text(to: *mut c_char, room: c_uint, value: &str) -> c_int {
    for (i, b) in value.bytes().chain([0]).take(room as usize).enumerate() {
        unsafe { to.add(i).write(b as c_char) };
    }
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn nvmlInit_v2() -> c_int {
    let text = script();
    if let Some(ms) = text.lines().find_map(|l| l.strip_prefix("opens ")) {
        std::thread::sleep(std::time::Duration::from_millis(ms.parse().unwrap_or(0)));
    }
    if let Some(code) = text.lines().find_map(|l| l.strip_prefix("answers ")) {
        return code.parse().unwrap_or(999);
    }
    // As the library opens its devices.
    match std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") {
        Ok(_) => 0,
        Err(_) => 999,
    }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetCount_v2(n: *mut c_uint) -> c_int {
    unsafe { put(n, number("cards", 0).map(|n| n as c_uint)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetHandleByIndex_v2(i: c_uint, to: *mut *mut c_void) -> c_int {
    unsafe { put(to, Some((i as usize + 1) as *mut c_void)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlSystemGetDriverVersion(to: *mut c_char, room: c_uint) -> c_int {
    unsafe { text(to, room, "570.1") }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetName(d: *mut c_void, to: *mut c_char, room: c_uint) -> c_int {
    unsafe { text(to, room, &format!("Stand-in {}", d as usize - 1)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetUtilizationRates(_: *mut c_void, to: *mut [c_uint; 2]) -> c_int {
    unsafe { put(to, number("busy", 0).map(|n| [n as c_uint, (n / 2) as c_uint])) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo(_: *mut c_void, to: *mut [c_ulonglong; 3]) -> c_int {
    let gib = |n: u64| n << 30;
    let told = number("memory", 0).zip(number("memory", 1));
    let kept = number("keeps", 0).unwrap_or(0);
    unsafe { put(to, told.map(|(used, all)| [gib(all), gib(all - used - kept), gib(used + kept)])) }
}
#[repr(C)]
pub struct MemoryApart { version: c_uint, total: c_ulonglong, reserved: c_ulonglong, free: c_ulonglong, used: c_ulonglong }
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMemoryInfo_v2(_: *mut c_void, to: *mut MemoryApart) -> c_int {
    let Some(kept) = number("keeps", 0) else { return 13 };
    let told = number("memory", 0).zip(number("memory", 1));
    let version = unsafe { (*to).version };
    if version != (2 << 24 | 40) {
        return 25;
    }
    let gib = |n: u64| n << 30;
    let memory = |(used, all)| MemoryApart { version, total: gib(all), reserved: gib(kept), free: gib(all - used - kept), used: gib(used) };
    unsafe { put(to, told.map(memory)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetTemperature(_: *mut c_void, _: c_uint, to: *mut c_uint) -> c_int {
    unsafe { put(to, number("heat", 0).map(|n| n as c_uint)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetPowerUsage(_: *mut c_void, to: *mut c_uint) -> c_int {
    unsafe { put(to, number("power", 0).map(|n| n as c_uint * 1000)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetClockInfo(_: *mut c_void, _: c_uint, to: *mut c_uint) -> c_int {
    unsafe { put(to, number("clock", 0).map(|n| n as c_uint)) }
}
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetMigMode(_: *mut c_void, to: *mut c_uint, next: *mut c_uint) -> c_int {
    let on = u32::from(script().lines().any(|l| l == "mig"));
    unsafe {
        put(next, Some(on));
        put(to, Some(on))
    }
}

#[repr(C)]
pub struct Process {
    pid: c_uint,
    used: c_ulonglong,
    instance: c_uint,
    compute: c_uint,
}

fn pairs(key: &str) -> Option<Vec<(u32, u64)>> {
    let all = value(key)?;
    let pair = |p: &str| {
        let (a, b) = p.split_once(':')?;
        Some((a.parse().ok()?, b.parse().ok()?))
    };
    Some(all.split(' ').filter_map(pair).collect())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetComputeRunningProcesses_v3(_: *mut c_void, n: *mut c_uint, to: *mut Process) -> c_int {
    let Some(all) = pairs("users") else { return 3 };
    let room = unsafe { *n } as usize;
    unsafe { *n = all.len() as c_uint };
    if all.len() > room {
        return 7;
    }
    for (i, (pid, gib)) in all.into_iter().enumerate() {
        let used = if gib == 0 { u64::MAX } else { gib << 30 };
        unsafe { to.add(i).write(Process { pid, used, instance: 0, compute: 0 }) };
    }
    0
}

#[repr(C)]
pub struct Sample {
    pid: c_uint,
    at: c_ulonglong,
    cores: c_uint,
    memory: c_uint,
    encoder: c_uint,
    decoder: c_uint,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvmlDeviceGetProcessUtilization(_: *mut c_void, to: *mut Sample, n: *mut c_uint, _: c_ulonglong) -> c_int {
    let refused = script().lines().any(|l| l == "fails shares");
    let Some(all) = pairs("shares") else { return if refused { 3 } else { 6 } };
    let room = unsafe { *n } as usize;
    unsafe { *n = all.len() as c_uint };
    if to.is_null() || all.len() > room {
        return 7;
    }
    for (i, (pid, share)) in all.into_iter().enumerate() {
        let cores = share as c_uint;
        unsafe { to.add(i).write(Sample { pid, at: 1, cores, memory: 0, encoder: 0, decoder: 0 }) };
    }
    0
}

//! NVIDIA's management library, `libnvidia-ml.so.1`: opened only in a process of the `asker`, which can be given up, and kept
//! open there. Nothing of it is ever called in pscope itself, so that neither its memory nor a driver that hangs is ours.
//!
//! What a library lacks is missing, and so is what it answers with an error. The calls that watch for 20 ms are not made.
//!
//! The crate nvml-wrapper declares the functions, and finds each when it is called first.
#![expect(
    unsafe_code,
    reason = "one function of drivers before 510 that the crate only declares"
)]

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};
use nvml_wrapper::enums::device::UsedGpuMemory;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::UtilizationInfo;
use nvml_wrapper::{Device, Nvml};
use serde::{Deserialize, Serialize};

use crate::model::reading::{Missing, Reading};

/// Over how many microseconds shares of processes are told at least: in a shorter time one that takes turns with others may
/// have had none. `nvidia-smi pmon` looks back as far.
const WINDOW: u64 = 1_000_000;
/// So often a list is asked for that grew while there was room made for it.
const TRIES: usize = 3;

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

/// The library, open and initialised. It is never closed: nothing of a driver is called that nobody waits for.
struct Library {
    nvml: ManuallyDrop<Nvml>,
    /// Until when shares of processes were told, microseconds.
    last: u64,
}

/// The library of this process, by the path that it was opened with.
static OPEN: Mutex<Option<(PathBuf, Library)>> = Mutex::new(None);

/// Everything about every card, or what is in the way of that, as JSON. Opens the library if it is not open yet.
///
/// # Errors
/// `Denied` where the driver refuses it to this user.
pub(in crate::sys) fn answer(path: &Path) -> Reading<Vec<u8>> {
    let told = match ask(path) {
        Ok(cards) => Told::Cards(cards),
        Err(NvmlError::NoPermission) => return Err(Missing::Denied),
        Err(NvmlError::LibloadingError(_)) => Told::NoLibrary,
        Err(NvmlError::FailedToLoadSymbol(_)) => Told::Lacking,
        Err(other) => Told::Answers(other.into()),
    };
    serde_json::to_vec(&told).map_err(|_| Missing::Unsupported)
}

fn ask(path: &Path) -> Result<Vec<CardFacts>, NvmlError> {
    let mut open = OPEN.lock().map_err(|_| NvmlError::Unknown)?;
    if open.as_ref().is_none_or(|(known, _)| known != path) {
        *open = Some((path.to_owned(), Library::open(path)?));
    }
    let (_, library) = open.as_mut().ok_or(NvmlError::Unknown)?;
    library.cards()
}

impl Library {
    fn open(path: &Path) -> Result<Self, NvmlError> {
        let nvml = Nvml::builder().lib_path(path.as_os_str()).init()?;
        Ok(Self {
            nvml: ManuallyDrop::new(nvml),
            last: 0,
        })
    }

    fn cards(&mut self) -> Result<Vec<CardFacts>, NvmlError> {
        let count = self.nvml.device_count()?;
        let driver = self.nvml.sys_driver_version().unwrap_or_default();
        let since = self.last.min(microseconds().saturating_sub(WINDOW));
        let mut all = Vec::new();
        for index in 0..count.min(256) {
            let card = match self.nvml.device_by_index(index) {
                Err(why @ NvmlError::FailedToLoadSymbol(_)) => return Err(why),
                Err(_) => CardFacts::default(),
                Ok(device) => card(&self.nvml, &device, since, &mut self.last),
            };
            all.push(CardFacts {
                driver: driver.clone(),
                ..card
            });
        }
        Ok(all)
    }
}

/// What is told of one card; `last` becomes the time of the newest sample.
fn card(nvml: &Nvml, device: &Device<'_>, since: u64, last: &mut u64) -> CardFacts {
    let used = device.utilization_rates().ok();
    let busy = used.as_ref().map(|used| used.gpu);
    let memory = memory(nvml, device);
    let engine = |told: Result<UtilizationInfo, _>| told.ok().map(|engine| engine.utilization);
    CardFacts {
        name: device.name().unwrap_or_default(),
        driver: String::new(),
        busy,
        memory_busy: used.map(|used| used.memory),
        used: memory.map(|(used, _)| used),
        total: memory.map(|(_, total)| total),
        temperature: device.temperature(TemperatureSensor::Gpu).ok(),
        milliwatts: device.power_usage().ok(),
        limit_milliwatts: device.enforced_power_limit().ok(),
        clock: device.clock_info(Clock::Graphics).ok(),
        memory_clock: device.clock_info(Clock::Memory).ok(),
        encoder: engine(device.encoder_utilization()),
        decoder: engine(device.decoder_utilization()),
        split: device.mig_mode().is_ok_and(|mode| mode.current == 1),
        users: users(device),
        shares: shares(device, since, busy, last),
    }
}

/// Bytes that are used and that there are; before version 510 of the driver what it keeps for itself is among those used.
fn memory(nvml: &Nvml, device: &Device<'_>) -> Option<(u64, u64)> {
    if let Ok(apart) = device.memory_info() {
        return Some((apart.used, apart.total));
    }
    let info = nvml.lib().nvmlDeviceGetMemoryInfo.as_ref().ok()?;
    // SAFETY: the device is one of this library, and the function fills in a struct of three numbers, which may all be 0.
    let (told, all) = unsafe {
        let mut all = std::mem::zeroed();
        (info(device.handle(), &raw mut all), all)
    };
    (told == 0).then_some((all.used, all.total))
}

/// Who computes and who draws; `None` where neither list is told.
fn users(device: &Device<'_>) -> Option<Vec<(u32, Option<u64>)>> {
    let lists = [
        again(|| device.running_compute_processes()),
        again(|| device.running_graphics_processes()),
    ];
    let mut out: Vec<(u32, Option<u64>)> = Vec::new();
    let told = lists.iter().any(Result::is_ok);
    for process in lists.into_iter().flatten().flatten() {
        let memory = match process.used_gpu_memory {
            UsedGpuMemory::Used(bytes) => Some(bytes),
            UsedGpuMemory::Unavailable => None,
        };
        match out.iter_mut().find(|(pid, _)| *pid == process.pid) {
            // It both computes and draws: each list tells all of its memory.
            Some((_, known)) => *known = (*known).max(memory),
            None => out.push((process.pid, memory)),
        }
    }
    told.then_some(out)
}

/// The shares of those who ran since then; the mean where there are several. `None` where the library does not tell them.
fn shares(
    device: &Device<'_>,
    since: u64,
    busy: Option<u32>,
    last: &mut u64,
) -> Option<Vec<(u32, u32)>> {
    let found = match again(|| device.process_utilization_stats(since)) {
        Ok(found) => found,
        // Nobody ran; of a card that was busy that is not so, and its driver has no samples.
        Err(NvmlError::NotFound) if busy == Some(0) => Vec::new(),
        Err(_) => return None,
    };
    let mut out: Vec<(u32, u32, u32)> = Vec::new();
    for sample in found {
        *last = (*last).max(sample.timestamp);
        match out.iter_mut().find(|(pid, ..)| *pid == sample.pid) {
            Some((_, sum, n)) => (*sum, *n) = (sum.saturating_add(sample.sm_util), *n + 1),
            None => out.push((sample.pid, sample.sm_util, 1)),
        }
    }
    let mean = |(pid, sum, n)| (pid, sum / n);
    Some(out.into_iter().map(mean).collect())
}

/// Asks again where a list grew between the question how long it is and the one for it.
fn again<T>(ask: impl Fn() -> Result<T, NvmlError>) -> Result<T, NvmlError> {
    let mut told = ask();
    for _ in 1..TRIES {
        if !matches!(told, Err(NvmlError::InsufficientSize(_))) {
            break;
        }
        told = ask();
    }
    told
}

/// The time of day, as the library's samples have it.
fn microseconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_micros() as u64)
}

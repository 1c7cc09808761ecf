//! Types and numbers of `nvml.h`.

use std::ffi::{c_int, c_uint, c_ulonglong, c_void};

pub(super) type Device = *mut c_void;
pub(super) type Code = c_int;

/// Success of every function.
pub(super) const SUCCESS: Code = 0;
/// `NVML_ERROR_NOT_FOUND`.
pub(super) const NOT_FOUND: Code = 6;
/// `NVML_ERROR_INSUFFICIENT_SIZE`: there are more than there was room for.
pub(super) const TOO_SMALL: Code = 7;
/// Over how many microseconds shares of processes are told at least: in a shorter time one that takes turns with others may
/// have had none. `nvidia-smi pmon` looks back as far.
pub(super) const WINDOW: u64 = 1_000_000;
/// `NVML_VALUE_NOT_AVAILABLE` for memory.
pub(super) const NOT_TOLD: u64 = u64::MAX;
/// More processes than any card has.
pub(super) const MOST: usize = 1 << 14;

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Utilization {
    pub(super) gpu: c_uint,
    pub(super) memory: c_uint,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Memory {
    pub(super) total: c_ulonglong,
    pub(super) free: c_ulonglong,
    pub(super) used: c_ulonglong,
}

/// What counts what the driver keeps for itself apart, as `nvidia-smi` does.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct MemoryApart {
    pub(super) version: c_uint,
    pub(super) total: c_ulonglong,
    pub(super) reserved: c_ulonglong,
    pub(super) free: c_ulonglong,
    pub(super) used: c_ulonglong,
}

/// `nvmlMemory_v2`: the size of the struct, and the number of its version.
pub(super) const APART: c_uint = size_of::<MemoryApart>() as c_uint | 2 << 24;

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Process {
    pub(super) pid: c_uint,
    pub(super) used: c_ulonglong,
    pub(super) instance: c_uint,
    pub(super) compute: c_uint,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Sample {
    pub(super) pid: c_uint,
    pub(super) at: c_ulonglong,
    pub(super) cores: c_uint,
    pub(super) memory: c_uint,
    pub(super) encoder: c_uint,
    pub(super) decoder: c_uint,
}

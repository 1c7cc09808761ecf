//! The priority of a thread of ours, `setpriority(2)`.
#![expect(unsafe_code, reason = "setpriority(2)")]

/// What is asked for: enough to get a core soon among many who want one.
const NICE: i32 = -10;

/// Lets the thread that calls this have a core before others, where this user may ask for that: who reads what the kernel
/// writes without a pause must come in time, however many run. It takes no more of a core for that.
pub fn hurry() {
    // SAFETY: no memory is passed; 0 means the thread that calls.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}

//! What the process spent so far.

use std::time::Duration;

use anyhow::Context;
use rustix::time::{ClockId, clock_gettime};

/// CPU time of all threads of this process.
pub fn now() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU seconds that the work took.
pub async fn of<T>(work: impl Future<Output = T>) -> (f64, T) {
    let before = now();
    let value = work.await;
    ((now() - before).as_secs_f64(), value)
}

/// The median of several measurements.
pub fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// The measurement that this share of all stays below; they are sorted.
pub fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// Begins to look for the peak anew, from what the process holds now.
pub fn forget_peak() -> anyhow::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5").context("the peak of memory cannot be forgotten here")
}

/// The most memory that the process ever held, or held since the peak was forgotten.
pub fn peak_rss_mib() -> anyhow::Result<f64> {
    memory_mib("self", "VmHWM:")
}

/// What a process holds now.
pub fn rss_mib(process: &str) -> anyhow::Result<f64> {
    memory_mib(process, "VmRSS:")
}

fn memory_mib(process: &str, line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line =
        status.lines().find_map(|found| found.strip_prefix(line)).context("memory is not told here")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}

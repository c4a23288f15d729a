//! What a process takes: time, CPU and memory, measured by itself.

use std::time::Instant;
use std::{fs, io};

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

/// What a process took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Took {
    pub wall_s: f64,
    pub cpu_s: f64,
    pub peak_mb: f64,
}

/// Measures from its start on.
#[derive(Debug)]
pub struct Meter {
    wall: Instant,
    cpu: ProcessTime,
}

impl Meter {
    /// Begins to measure.
    ///
    /// # Errors
    /// A system that tells no CPU time.
    pub fn start() -> io::Result<Self> {
        Ok(Self { wall: Instant::now(), cpu: ProcessTime::try_now()? })
    }

    /// What the process took since the start; its memory since its own beginning.
    ///
    /// # Errors
    /// A system other than Linux.
    pub fn took(&self) -> io::Result<Took> {
        let (wall_s, cpu_s) = (self.wall.elapsed().as_secs_f64(), self.cpu.try_elapsed()?.as_secs_f64());
        Ok(Took { wall_s, cpu_s, peak_mb: peak_mb()? })
    }
}

/// The most memory that this process held at a time.
fn peak_mb() -> io::Result<f64> {
    let missing = || io::Error::other("no VmHWM in /proc/self/status");
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or_else(missing)?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().map_err(|_| missing())?;
    Ok(kilobytes * 1024.0 / 1e6)
}

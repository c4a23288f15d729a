//! A fleet's logs as a folder tree, as users send them in: for benchmarks, written once and fast.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::author::{Author, LogSink, Rotation};
use super::plan::working_days;
use super::truth::Truth;
use super::{Layout, StorySettings, instance_name};
use crate::calendar::DAY_MS;
use crate::disk::{DiskFault, Named};

/// What to write.
#[derive(Debug, Clone)]
pub struct FolderPlan {
    pub layout: Layout,
    pub seed: u64,
    /// Days since 1970-01-01 UTC.
    pub first_day: i32,
    pub days: u32,
    pub instances: u32,
    /// Size of all files together, met within some per cent.
    pub bytes_target: u64,
    pub rotation: Rotation,
}

impl Default for FolderPlan {
    /// The fleet of the speed measurements: 351 MB of log4net text of 400 instances over a working week.
    fn default() -> Self {
        Self {
            layout: Layout::Log4net,
            seed: 1,
            first_day: StorySettings::default().first_day,
            days: 5,
            instances: 400,
            bytes_target: 351_000_000,
            rotation: Rotation { file_bytes_max: 256 * 1024, files_max: usize::MAX },
        }
    }
}

impl FolderPlan {
    /// The story whose logs have the wanted size.
    #[must_use]
    pub fn story(&self) -> StorySettings {
        // Measured means of the two layouts; a test holds them to the target.
        let record_bytes = match self.layout {
            Layout::Log4net => 80.3,
            Layout::Serilog => 136.0,
        };
        let instance_days = f64::from(self.instances) * working_days(self.first_day, self.days);
        let records = self.bytes_target as f64 / record_bytes;
        StorySettings {
            seed: self.seed,
            first_day: self.first_day,
            records_per_day: (records / instance_days.max(1.0)).round() as u32,
        }
    }
}

/// Writes `folder/INSTANCE/app.log` and its rotated elders, on all cores, and returns the truth.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn write_fleet(folder: &Path, plan: &FolderPlan) -> Result<Truth, DiskFault> {
    let story = plan.story();
    let next = AtomicU32::new(0);
    let truth = Mutex::new(Truth::default());
    let work = || -> Result<(), DiskFault> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= plan.instances {
                return Ok(());
            }
            let written = write_instance(folder, plan, &story, index)?;
            truth.lock().expect("no holder panics").merge(written);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a writer does not panic"))
    })?;
    Ok(truth.into_inner().expect("no holder panics"))
}

fn write_instance(folder: &Path, plan: &FolderPlan, story: &StorySettings, index: u32) -> Result<Truth, DiskFault> {
    let name = instance_name(index);
    let mut log = DiskLog::create(folder.join(&name), plan.rotation)?;
    let mut author = Author::new(story, index, plan.layout);
    let end_ms = (i64::from(plan.first_day) + i64::from(plan.days)) * DAY_MS;
    author.write_until(end_ms, &mut log)?;
    log.finish()?;
    Ok(Truth { instances: [(name, author.into_truth())].into() })
}

/// One instance's files on disk. Holds the newest file in memory until it is full.
struct DiskLog {
    folder: PathBuf,
    rotation: Rotation,
    newest: Vec<u8>,
    last_ms: i64,
    rotated: usize,
}

impl DiskLog {
    fn create(folder: PathBuf, rotation: Rotation) -> Result<Self, DiskFault> {
        fs::create_dir_all(&folder).named("create", &folder)?;
        Ok(Self { folder, rotation, newest: Vec::with_capacity(rotation.file_bytes_max), last_ms: 0, rotated: 0 })
    }

    fn rotate(&mut self) -> Result<(), DiskFault> {
        for age in (1..=self.rotated).rev() {
            let from = self.folder.join(Rotation::file_name(age));
            if age + 1 >= self.rotation.files_max {
                fs::remove_file(&from).named("remove", &from)?;
                self.rotated -= 1;
            } else {
                let to = self.folder.join(Rotation::file_name(age + 1));
                fs::rename(&from, to).named("rename", &from)?;
            }
        }
        self.write_newest_as(1)?;
        self.rotated += 1;
        self.newest.clear();
        Ok(())
    }

    fn finish(self) -> Result<(), DiskFault> {
        if self.newest.is_empty() {
            return Ok(());
        }
        self.write_newest_as(0)
    }

    fn write_newest_as(&self, age: usize) -> Result<(), DiskFault> {
        let path = self.folder.join(Rotation::file_name(age));
        self.write_to(&path).named("write", &path)
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(&self.newest)?;
        let since_epoch = Duration::from_millis(self.last_ms.max(0) as u64);
        file.set_modified(SystemTime::UNIX_EPOCH + since_epoch)
    }
}

impl LogSink for DiskLog {
    type Error = DiskFault;

    fn append(&mut self, record: &[u8], time_ms: i64) -> Result<(), DiskFault> {
        if self.rotation.is_due(self.newest.len(), record.len()) {
            self.rotate()?;
        }
        self.newest.extend_from_slice(record);
        self.last_ms = time_ms;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small_plan(layout: Layout) -> FolderPlan {
        FolderPlan {
            layout,
            instances: 81,
            bytes_target: 4_000_000,
            rotation: Rotation { file_bytes_max: 20_000, files_max: usize::MAX },
            ..FolderPlan::default()
        }
    }

    #[test]
    fn the_target_is_met_and_the_truth_counts_every_byte() {
        for layout in [Layout::Log4net, Layout::Serilog] {
            let folder = tempfile::tempdir().unwrap();
            let plan = small_plan(layout);
            let sum = write_fleet(folder.path(), &plan).unwrap().summary();
            let on_disk: u64 = fs::read_dir(folder.path())
                .unwrap()
                .flat_map(|instance| fs::read_dir(instance.unwrap().path()).unwrap())
                .map(|file| file.unwrap().metadata().unwrap().len())
                .sum();
            assert_eq!(sum.bytes, on_disk);
            let off = sum.bytes.abs_diff(plan.bytes_target) as f64 / plan.bytes_target as f64;
            assert!(off < 0.1, "{layout}: {} bytes, {} records", sum.bytes, sum.records);
        }
    }

    #[test]
    fn rotated_files_in_order_are_one_story() {
        let folder = tempfile::tempdir().unwrap();
        let plan = FolderPlan { instances: 1, bytes_target: 100_000, ..small_plan(Layout::Log4net) };
        write_fleet(folder.path(), &plan).unwrap();
        let instance = folder.path().join(instance_name(0));
        let files = fs::read_dir(&instance).unwrap().count();
        assert!(files > 2);
        let mut bytes = Vec::new();
        for age in (0..files).rev() {
            let file = fs::read(instance.join(Rotation::file_name(age))).unwrap();
            assert!(file.len() <= plan.rotation.file_bytes_max);
            bytes.extend(file);
        }
        let mut memory = Memory::default();
        let mut author = Author::new(&plan.story(), 0, plan.layout);
        let first_ms = i64::from(plan.first_day) * DAY_MS;
        for step in 1..=(plan.days as i64 * 24) {
            author.write_until(first_ms + step * DAY_MS / 24, &mut memory).unwrap();
        }
        assert!(memory.0 == bytes, "steps and one go differ");
    }

    #[derive(Default)]
    struct Memory(Vec<u8>);

    impl LogSink for Memory {
        type Error = std::convert::Infallible;

        fn append(&mut self, record: &[u8], _time_ms: i64) -> Result<(), Self::Error> {
            self.0.extend_from_slice(record);
            Ok(())
        }
    }
}

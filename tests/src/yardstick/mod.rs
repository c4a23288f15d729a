//! The yardstick: the same KPIs as the four plugins, computed in one pass by a program that knows nothing but
//! the log4net layout of the samples. What the engine costs above this is the price of being general.
//!
//! Plain good Rust: `memchr` for line ends, byte comparisons at fixed offsets, times only of records that
//! matter, nothing allocated per record, instances spread over all cores. It trusts its input.

mod kpis;
mod scan;
mod stamp;
mod tally;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use kpis::{Kpis, SignatureCount};

use crate::disk::{DiskFault, Named, file_name, sorted_entries};
use scan::Scanner;
use tally::Tally;

/// Computes the KPIs of all logs in `folder/INSTANCE/*.log`, on all cores.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn run(folder: &Path) -> Result<Kpis, DiskFault> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    run_on(folder, threads)
}

/// As [`run`], on a number of threads.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn run_on(folder: &Path, threads: usize) -> Result<Kpis, DiskFault> {
    let instances = sorted_entries(folder)?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<Tally, DiskFault> {
        let mut tally = Tally::default();
        let mut scanner = Scanner::default();
        while let Some(instance) = instances.get(next.fetch_add(1, Ordering::Relaxed)) {
            read_instance(instance, &mut scanner, &mut tally)?;
        }
        Ok(tally)
    };
    let tallies = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter();
        joined
            .map(|worker| worker.join().expect("a scanning thread does not panic"))
            .collect::<Result<Vec<Tally>, DiskFault>>()
    })?;
    let mut all = Tally::default();
    for tally in tallies {
        all.merge(tally);
    }
    Ok(all.into_kpis())
}

fn read_instance(folder: &Path, scanner: &mut Scanner, tally: &mut Tally) -> Result<(), DiskFault> {
    let mut files = sorted_entries(folder)?;
    files.sort_by_key(|path| std::cmp::Reverse(age(path)));
    tally.open_instance();
    for path in files {
        scanner.read(&path, tally).named("read", &path)?;
    }
    tally.close_instance(&file_name(folder));
    Ok(())
}

/// 0 for `app.log`, n for `app.n.log`.
fn age(path: &Path) -> u32 {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let number = stem.rsplit('.').next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::story::{FolderPlan, Layout, Rotation, Summary, write_fleet};

    #[test]
    fn the_samples_give_their_truth() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/log4net");
        let Ok(text) = fs::read_to_string(samples.join("truth.json")) else {
            eprintln!("skipped: the samples lie beside the repository, and not here");
            return;
        };
        let truth: Summary = serde_json::from_str(&text).unwrap();
        let kpis = run(&samples.join("clients")).unwrap();
        assert_eq!(kpis.differences(&truth), Vec::<String>::new());
    }

    #[test]
    fn a_story_gives_its_truth_on_any_number_of_threads() {
        let folder = tempfile::tempdir().unwrap();
        let plan = FolderPlan {
            layout: Layout::Log4net,
            instances: 60,
            days: 9,
            bytes_target: 12_000_000,
            rotation: Rotation { file_bytes_max: 30_000, files_max: usize::MAX },
            ..FolderPlan::default()
        };
        let truth = write_fleet(folder.path(), &plan).unwrap().summary();
        for threads in [1, 3] {
            let kpis = run_on(folder.path(), threads).unwrap();
            assert_eq!(kpis.differences(&truth), Vec::<String>::new());
        }
    }

    #[test]
    fn a_difference_is_named() {
        let truth = Summary { crashed: 3, ..Summary::default() };
        let folder = tempfile::tempdir().unwrap();
        let kpis = run(folder.path()).unwrap();
        assert_eq!(kpis.differences(&truth), ["crashed: 0, truth 3"]);
    }
}

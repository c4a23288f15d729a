//! Disks that take no bytes.

use super::scene::{Scene, lock};
use super::server::lines;
use crate::fetch::{FetchError, fetch};
use crate::mirror::StoreLock;

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_the_run_and_harms_nothing() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 9_000));
    let mirror = scene.profile.store.join("mirror");
    std::fs::create_dir_all(&mirror).expect("a folder");
    // Every write to this device fails as on a full disk.
    std::os::unix::fs::symlink("/dev/full", mirror.join("000001.seg")).expect("a link");
    let store = lock(&scene.profile.store);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let failed = runtime.block_on(fetch(&scene.profile, &store, &(), std::future::pending())).expect_err("a full disk");
    drop(store);
    assert!(matches!(failed, FetchError::Mirror(_)), "{failed:?}");
    let told = failed.to_string();
    assert!(told.contains("write") && told.contains("000001.seg"), "{told}");
    assert!(scene.stored().iter().all(|found| found.bytes.0.is_empty()));

    std::fs::remove_file(mirror.join("000001.seg")).expect("the link");
    scene.fetch_well();
    assert_eq!(scene.live(), scene.shown());
    assert_eq!(scene.fetch_well().requests, 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_cannot_be_written_is_named() {
    // A file system that takes no file from anyone.
    let store = std::path::Path::new("/proc/logparser/store");
    let told = StoreLock::acquire(store).expect_err("a disk that cannot be written").to_string();
    assert!(told.starts_with("cannot create /proc/logparser/store: "), "{told}");
}

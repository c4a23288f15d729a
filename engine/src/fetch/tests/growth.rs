//! Files that only grow, however they are answered.

use super::scene::{Scene, row};
use super::server::{Ranges, lines};
use crate::catalog::Reach;

#[test]
fn only_what_is_new_crosses_the_wire() {
    let scene = Scene::new();
    scene.server.state().write("app.log", lines("a", 100_000));
    scene.server.state().write("empty.log", "");
    let first = scene.fetch_well();
    assert_eq!((first.files.new, first.bytes_new, first.requests), (2, 100_000, 2));
    assert_eq!(scene.live(), scene.shown());

    let again = scene.fetch_well();
    assert_eq!((again.files.unchanged, again.bytes_new, again.requests), (2, 0, 1));
    assert_eq!(scene.requests(), ["/files"]);

    scene.server.state().append("app.log", lines("b", 500));
    scene.server.state().append("empty.log", "x");
    let grown = scene.fetch_well();
    assert_eq!((grown.files.appended, grown.bytes_new), (2, 501));
    assert_eq!(
        scene.requests(),
        ["/files", "/files/app.log bytes=95904-", "/files/empty.log bytes=0-4095", "/files/empty.log"]
    );
    assert_eq!(scene.live(), scene.shown());
    let row = row(&scene.profile.store, "one").expect("a row");
    assert_eq!((row.reach, row.cause), (Some(Reach::Reached), None));
    assert_eq!(row.server_date_us, Some(scene.server.state().now_s * 1_000_000));
}

#[test]
fn a_small_file_grows_past_its_ends() {
    let scene = Scene::new();
    scene.server.state().write("a.log", "");
    for bytes in [1, 4000, 95, 1, 5, 4096, 3, 70_000] {
        scene.server.state().append("a.log", lines(&bytes.to_string(), bytes));
        assert_eq!(scene.fetch_well().bytes_new, bytes as u64);
        assert_eq!(scene.live(), scene.shown());
    }
    assert_eq!(scene.stored().len(), 1);
}

#[test]
fn every_way_to_answer_a_range_gives_the_same_bytes() {
    let all = [
        Ranges::Ignored,
        Ranges::IgnoredChunked,
        Ranges::Early(1),
        Ranges::Early(5000),
        Ranges::Capped(5000),
        Ranges::Late,
        Ranges::Bare,
    ];
    for (no_sizes, ranges) in [false, true].into_iter().flat_map(|sizes| all.map(|ranges| (sizes, ranges))) {
        let scene = Scene::new();
        scene.server.state().ranges = ranges;
        scene.server.state().no_sizes = no_sizes;
        scene.server.state().write("a.log", lines("a", 9_000));
        scene.fetch_well();
        for more in [10, 4_096, 9_000] {
            scene.server.state().append("a.log", lines("more", more));
            let grown = scene.fetch_well();
            assert_eq!((grown.files.appended, grown.bytes_new), (1, more as u64), "{ranges:?}");
        }
        assert_eq!(scene.live(), scene.shown(), "{ranges:?}");
        assert_eq!(scene.stored().len(), 1, "{ranges:?}");
    }
}

#[test]
fn a_write_in_the_second_of_the_listing_is_found() {
    let scene = Scene::new();
    scene.server.state().now_s += 600;
    scene.server.state().write("a.log", lines("a", 5_000));
    scene.server.state().now_s -= 600;
    scene.fetch_well();
    // Same size, same second, other content.
    let modified_s = scene.server.state().files["a.log"].modified_s;
    scene.server.state().write("a.log", lines("b", 5_000));
    scene.server.state().files.get_mut("a.log").expect("a file").modified_s = modified_s;
    let found = scene.fetch_well();
    assert_eq!(found.files.rewritten, 1);
    assert_eq!(scene.live(), scene.shown());
    assert_eq!(scene.fetch_well().requests, 1);
}

#[test]
fn a_file_that_grows_while_it_is_read_is_taken_whole() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 5_000));
    scene.server.state().after_listing = Some(Box::new(|state| state.append("a.log", "more\n")));
    assert_eq!(scene.fetch_well().bytes_new, 5_005);
    assert_eq!(scene.fetch_well().bytes_new, 0);
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn a_large_file_comes_in_pieces() {
    let mut scene = Scene::new();
    scene.rest().limits.concurrency_max = 1;
    scene.server.state().write("a.log", lines("large", 11_000_000));
    assert_eq!(scene.fetch_well().bytes_new, 11_000_000);
    assert_eq!(scene.live(), scene.shown());
}

//! Files that move, are copied, cut or rewritten.

use super::scene::{Content, Scene, Stored};
use super::server::{Ranges, State, lines};
use crate::catalog::Reach;

fn rotate(state: &mut State, keep: u32) {
    state.files.remove(&format!("app.{keep}.log"));
    for number in (1..keep).rev() {
        if state.files.contains_key(&format!("app.{number}.log")) {
            state.rename(&format!("app.{number}.log"), &format!("app.{}.log", number + 1));
        }
    }
    state.rename("app.log", "app.1.log");
    state.write("app.log", "");
}

/// Each content of the server is stored once, under its present name, without a gap.
fn assert_stored_once(scene: &Scene) {
    assert_eq!(scene.live(), scene.shown());
    assert_eq!(scene.stored().len(), scene.shown().len());
    assert!(scene.stored().iter().all(|found| found.gap.is_none()));
}

#[test]
fn a_chain_of_renames_is_followed() {
    for (ranges, sizes_only, bytes) in [
        (Ranges::Honoured, false, 6_000),
        (Ranges::Honoured, true, 6_000),
        (Ranges::Ignored, false, 6_000),
        (Ranges::Honoured, true, 300),
    ] {
        let scene = Scene::new();
        scene.server.state().ranges = ranges;
        scene.server.state().sizes_only = sizes_only;
        // Equal sizes: nothing but the content tells them apart.
        scene.server.state().write("app.2.log", lines("first", bytes));
        scene.server.state().write("app.1.log", lines("secnd", bytes));
        scene.server.state().write("app.log", lines("third", bytes));
        scene.fetch_well();

        scene.server.state().append("app.log", "the last of the third\n");
        rotate(&mut scene.server.state(), 4);
        scene.server.state().append("app.log", lines("forth", bytes));
        let outcome = scene.fetch_well();
        assert_eq!((outcome.files.renamed, outcome.files.new, outcome.files.rewritten), (3, 1, 0), "{ranges:?}");
        assert_eq!(outcome.bytes_new, bytes as u64 + 22);
        assert_stored_once(&scene);

        // Twice between two runs.
        rotate(&mut scene.server.state(), 9);
        scene.server.state().append("app.log", "short-lived\n");
        rotate(&mut scene.server.state(), 9);
        scene.fetch_well();
        assert_stored_once(&scene);
    }
}

#[test]
fn a_rotation_away_closes_and_a_return_opens_again() {
    let scene = Scene::new();
    scene.server.state().write("app.log", lines("a", 5_000));
    scene.fetch_well();
    let file = scene.server.state().files.remove("app.log").expect("a file");
    assert_eq!(scene.fetch_well().files.closed, 1);
    assert!(scene.live().is_empty());
    scene.server.state().files.insert("back.log".to_owned(), file);
    let back = scene.fetch_well();
    assert_eq!((back.files.renamed, back.bytes_new), (1, 0));
    assert_stored_once(&scene);
}

#[test]
fn copytruncate_is_counted_once_even_midway() {
    let scene = Scene::new();
    scene.server.state().write("app.log", lines("a", 9_000));
    scene.fetch_well();
    // Midway: the copy is there, the original is not cut yet, and grows.
    let copy = scene.server.state().files["app.log"].clone();
    scene.server.state().files.insert("app.log.1".to_owned(), copy);
    assert_eq!(scene.fetch_well().bytes_new, 0);
    scene.server.state().append("app.log", "in the original only\n");
    assert_eq!(scene.fetch_well().bytes_new, 21);
    assert_eq!(scene.stored().len(), 1);
    // Done: the copy is shorter than what is stored, and stays a copy.
    scene.server.state().write("app.log", "new life\n");
    let outcome = scene.fetch_well();
    assert_eq!((outcome.bytes_new, outcome.files.new, outcome.files.closed), (9, 1, 0));
    let stored = scene.stored();
    assert_eq!((stored[0].path.as_str(), stored[0].bytes.0.len(), stored[0].gap), ("app.log.1", 9_021, None));
    assert_eq!((stored[1].path.as_str(), stored.len()), ("app.log", 2));
    assert_eq!(scene.fetch_well().requests, 1);
}

#[test]
fn a_larger_rewrite_is_not_spliced() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("old", 5_000));
    scene.fetch_well();
    scene.server.state().write("a.log", lines("new", 50_000));
    let outcome = scene.fetch_well();
    assert_eq!((outcome.files.rewritten, outcome.files.closed, outcome.bytes_new), (1, 1, 50_000));
    let old = Stored { path: "a.log".to_owned(), live: false, gap: Some(0), bytes: Content(lines("old", 5_000)) };
    assert_eq!(scene.stored()[0], old);
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn truncated_to_nothing_and_regrown_past_the_offset() {
    for ranges in [Ranges::Honoured, Ranges::Ignored, Ranges::IgnoredChunked] {
        let scene = Scene::new();
        scene.server.state().ranges = ranges;
        scene.server.state().write("a.log", lines("first", 5_000));
        scene.fetch_well();
        scene.server.state().write("a.log", "");
        scene.fetch_well();
        assert_eq!(scene.live()["a.log"], b"");
        scene.server.state().write("a.log", lines("second", 3_000));
        scene.fetch_well();
        scene.server.state().write("a.log", lines("third", 3_001));
        scene.fetch_well();
        let lengths: Vec<_> = scene.stored().iter().map(|found| (found.bytes.0.len(), found.gap)).collect();
        assert_eq!(lengths, [(5_000, Some(0)), (3_000, Some(0)), (3_001, None)], "{ranges:?}");
        assert_eq!(scene.live(), scene.shown());
    }
}

#[test]
fn a_shorter_file_is_asked_beyond_its_end() {
    let mut scene = Scene::new();
    scene.rest().size = None;
    scene.server.state().write("a.log", lines("long", 20_000));
    scene.fetch_well();
    scene.server.state().write("a.log", lines("short", 100));
    let outcome = scene.fetch_well();
    assert!(scene.requests().contains(&"/files/a.log bytes=15904-".to_owned()));
    assert_eq!((outcome.files.rewritten, outcome.bytes_new), (1, 100));
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn two_files_with_one_head_stay_two() {
    let scene = Scene::new();
    let with_banner = |word| [lines("banner", 5_000), lines(word, 3_000)].concat();
    scene.server.state().write("a.log", with_banner("a"));
    scene.fetch_well();
    scene.server.state().write("b.log", with_banner("b"));
    scene.server.state().write("c.log", [with_banner("a"), lines("c", 10)].concat());
    scene.fetch_well();
    // Then `a` goes its own way: what `c` had beyond it never was `a`'s.
    scene.server.state().append("a.log", lines("aa", 2_000));
    scene.fetch_well();
    let contents: Vec<_> = scene.stored().into_iter().map(|found| found.bytes).collect();
    for shown in scene.shown().into_values() {
        assert!(contents.contains(&shown));
    }
}

#[test]
fn bytes_that_vanished_before_they_were_read_are_a_gap() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 5_000));
    scene.fetch_well();
    scene.server.state().append("a.log", lines("unread", 700));
    scene.server.state().after_listing = Some(Box::new(|state| drop(state.files.remove("a.log"))));
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.files.closed), (Reach::Reached, 1));
    assert_eq!(scene.stored()[0].gap, Some(700));
}

#[test]
fn a_rotation_between_listing_and_fetch_is_sorted_out_by_a_second_listing() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 5_000));
    scene.fetch_well();
    scene.server.state().append("a.log", "more\n");
    scene.server.state().after_listing = Some(Box::new(|state| state.rename("a.log", "a.log.1")));
    let outcome = scene.fetch_well();
    assert_eq!((outcome.files.renamed, outcome.bytes_new), (1, 5));
    assert_eq!(scene.requests().iter().filter(|request| *request == "/files").count(), 2);
    assert_stored_once(&scene);
}

#[test]
fn a_copy_that_is_first_seen_beside_its_original_is_stored_once() {
    for bytes in [300, 9_000] {
        let scene = Scene::new();
        scene.server.state().write("app.log", lines("a", bytes + 50));
        scene.server.state().write("app (copy).log", lines("a", bytes));
        for number in 0..5 {
            scene.server.state().write(&format!("other-{number}.log"), lines(&format!("{number}"), bytes));
            let text = [lines("banner", 5_000), lines(&format!("{number}"), bytes)].concat();
            scene.server.state().write(&format!("banner-{number}.log"), text);
        }
        assert_eq!(scene.fetch_well().bytes_new, (11 * bytes + 50 + 25_000) as u64);
        assert_eq!(scene.stored().len(), 11);
        assert_eq!(scene.fetch_well().requests, 1);
    }
}

//! Compressed files: rotated into, still being written, damaged, and moved.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::scene::{Content, Folder, Scene, profile, run, stored};
use super::server::{Answer, Ranges, State, lines, ok};
use crate::catalog::Reach;
use crate::fetch::CauseClass;
use crate::profile::Source;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).expect("memory")
}

/// Compresses a file as logrotate does: time and content stay.
fn pack(state: &mut State, from: &str, to: &str) {
    let mut file = state.files.remove(from).expect("a file");
    file.bytes = if to.ends_with(".zst") { zstd(&file.bytes) } else { gzip(&file.bytes) };
    state.files.insert(to.to_owned(), file);
}

#[test]
fn a_file_rotated_into_a_compressed_one_goes_on_where_it_was() {
    for (name, ranges) in [
        ("app.log.1.gz", Ranges::Honoured),
        ("app.log.1.zst", Ranges::Honoured),
        ("app.log.1.gz", Ranges::IgnoredChunked),
        ("app.log.1.gz", Ranges::Early(700)),
    ] {
        let scene = Scene::new();
        scene.server.state().ranges = ranges;
        scene.server.state().write("app.log", lines("first", 9_000));
        scene.fetch_well();

        // It grew, was rotated and compressed since.
        scene.server.state().append("app.log", lines("more", 700));
        pack(&mut scene.server.state(), "app.log", name);
        scene.server.state().write("app.log", lines("second", 500));
        let outcome = scene.fetch_well();
        assert_eq!((outcome.bytes_new, outcome.files.renamed, outcome.files.new), (1_200, 1, 1), "{name} {ranges:?}");
        let transfers = scene.requests().iter().filter(|request| request.contains(name)).count();
        assert_eq!(transfers, 1, "{:?}", scene.requests());
        let both = [lines("first", 9_000), lines("more", 700)].concat();
        assert_eq!(scene.live()[name], both);
        assert_eq!(scene.stored().len(), 2);
        assert!(scene.stored().iter().all(|found| found.gap.is_none()));

        // Unchanged: one listing. Moved on along the chain: no transfer either.
        assert_eq!(scene.fetch_well().requests, 1);
        let next = name.replace('1', "2");
        scene.server.state().rename(name, &next);
        scene.server.state().append("app.log", lines("third", 100));
        pack(&mut scene.server.state(), "app.log", name);
        let outcome = scene.fetch_well();
        assert_eq!((outcome.files.renamed, outcome.bytes_new), (2, 100));
        assert!(scene.requests().iter().all(|request| !request.contains(&next)), "{:?}", scene.requests());
        assert_eq!(scene.live()[&next], both);
        assert_eq!(scene.stored().len(), 2);
    }
}

#[test]
fn a_chain_that_falls_off_its_end_leaves_no_gap() {
    let scene = Scene::new();
    for number in 1..=3 {
        scene.server.state().now_s += 60;
        scene.server.state().write(&format!("app.log.{number}.gz"), gzip(&lines(&number.to_string(), 3_000)));
    }
    assert_eq!(scene.fetch_well().bytes_new, 9_000);
    scene.server.state().rename("app.log.2.gz", "app.log.3.gz");
    scene.server.state().rename("app.log.1.gz", "app.log.2.gz");
    scene.server.state().write("app.log.1.gz", gzip(&lines("0", 2_000)));
    let outcome = scene.fetch_well();
    assert_eq!((outcome.bytes_new, outcome.files.renamed, outcome.files.closed), (2_000, 2, 1));
    assert!(scene.stored().iter().all(|found| found.gap.is_none()), "{:?}", scene.stored());
}

#[test]
fn a_file_that_is_still_being_compressed_is_counted_once() {
    for zst in [false, true] {
        let scene = Scene::new();
        let (name, text) = ("app.log.1.gz", lines("a", 400_000));
        let packed = if zst { zstd(&text) } else { gzip(&text) };
        scene.server.state().write("app.log.1", lines("a", 400_000));
        scene.fetch_well();
        for share in [0, 1, 4, packed.len() / 2, packed.len() - 1] {
            scene.server.state().write(name, &packed[..share]);
            let outcome = scene.fetch_well();
            assert_eq!(outcome.bytes_new, 0, "{share}");
            assert_eq!(scene.fetch_well().requests, 1, "{share}");
        }
        scene.server.state().write(name, packed);
        scene.server.state().files.remove("app.log.1");
        let outcome = scene.fetch_well();
        assert_eq!((outcome.bytes_new, outcome.cause), (0, None));
        let stored = scene.stored();
        assert_eq!((stored.len(), stored[0].path.as_str(), stored[0].gap), (1, name, None));
        assert_eq!(stored[0].bytes, text);
    }
}

#[test]
fn a_stream_without_its_end_waits_for_the_rest() {
    let scene = Scene::new();
    let text = lines("a", 300_000);
    let packed = [gzip(&text[..100_000]), gzip(&text[100_000..])].concat();
    scene.server.state().write("a.gz", &packed[..packed.len() / 2]);
    let outcome = scene.fetch_well();
    let first = scene.stored()[0].bytes.0.len();
    assert!(first > 100_000 && outcome.bytes_new == first as u64);
    assert_eq!(scene.stored()[0].gap, Some(0));
    // It has no news, and is not asked for again.
    assert_eq!(scene.fetch_well().requests, 1);

    scene.server.state().write("a.gz", packed);
    assert_eq!(scene.fetch_well().bytes_new, (300_000 - first) as u64);
    assert_eq!((scene.stored().len(), scene.stored()[0].gap), (1, None));
    assert_eq!(scene.live()["a.gz"], text);

    // One that vanishes before its end came is a gap.
    scene.server.state().write("b.gz", &gzip(&lines("b", 300_000))[..2_000]);
    scene.fetch_well();
    scene.server.state().files.remove("b.gz");
    scene.fetch_well();
    assert_eq!((scene.stored()[1].live, scene.stored()[1].gap), (false, Some(0)));
}

#[test]
fn damage_is_told_and_keeps_what_was_verified() {
    let scene = Scene::new();
    let text = lines("a", 50_000);
    let mut packed = [gzip(&text[..20_000]), gzip(&text[20_000..])].concat();
    let last = packed.len() - 6;
    packed[last] ^= 1;
    scene.server.state().write("a.gz", packed);
    for name in ["b.log", "c.log", "d.log"] {
        scene.server.state().write(name, name);
    }
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.files.failed, outcome.files.new), (Reach::Partial, 1, 3));
    let cause = outcome.cause.expect("a cause");
    assert_eq!(cause.class, CauseClass::Damaged);
    assert!(cause.text.ends_with("/files/a.gz: what follows cannot be decoded: it is damaged"), "{cause}");
    assert_eq!((scene.live()["a.gz"].0.len(), scene.stored()[0].gap), (20_000, Some(0)));
    // The file is what it is: not asked for again, and its loss stays known.
    assert_eq!(scene.fetch_well().requests, 1);

    scene.server.state().write("a.gz", gzip(&text));
    assert_eq!(scene.fetch_well().bytes_new, 30_000);
    assert_eq!((scene.live()["a.gz"].0.len(), scene.stored()[0].gap), (50_000, None));
}

#[test]
fn a_bomb_is_refused() {
    let scene = Scene::new();
    scene.server.state().write("bomb.gz", gzip(&vec![b'x'; 17 << 20]));
    let outcome = scene.fetch();
    let cause = outcome.cause.expect("a cause");
    assert_eq!((cause.class, outcome.bytes_new), (CauseClass::Excess, 0));
}

/// Answers the next request for a file with these bytes, and hangs up.
fn cut(scene: &Scene, name: &str, bytes: Vec<u8>) {
    scene.server.state().bent.push_back((name.to_owned(), Answer { bytes, cut: true, ..Answer::default() }));
}

#[test]
fn a_body_cut_on_its_way_is_asked_for_again() {
    let scene = Scene::new();
    let packed = gzip(&lines("a", 50_000));
    scene.server.state().write("a.gz", packed.clone());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", packed.len());
    cut(&scene, "a.gz", [head.into_bytes(), packed[..packed.len() / 2].to_vec()].concat());
    assert_eq!(scene.fetch_well().bytes_new, 50_000);
    // A close-delimited body promises nothing: the listed size does.
    let packed = gzip(&lines("b", 50_000));
    scene.server.state().write("b.gz", packed.clone());
    let open = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
    cut(&scene, "b.gz", [open, packed[..packed.len() / 2].to_vec()].concat());
    scene.fetch();
    scene.fetch_well();
    assert_eq!(scene.live()["b.gz"], lines("b", 50_000));
    assert_eq!(scene.fetch_well().requests, 1);
}

#[test]
fn a_compressed_file_that_is_rotated_behind_the_listing_is_read_under_its_new_name() {
    let scene = Scene::new();
    let mut state = scene.server.state();
    state.write("app.1.gz", gzip(&lines("first", 3_000)));
    state.after_listing = Some(Box::new(|state| {
        state.rename("app.1.gz", "app.2.gz");
        state.write("app.1.gz", gzip(b""));
    }));
    drop(state);
    assert_eq!(scene.fetch_well().bytes_new, 0);
    assert_eq!(scene.fetch_well().bytes_new, 3_000);
    assert_eq!(scene.live()["app.2.gz"], lines("first", 3_000));
    assert_eq!(scene.fetch_well().requests, 1);
}

#[test]
fn a_name_alone_makes_no_compressed_file() {
    let scene = Scene::new();
    scene.server.state().write("plain.gz", lines("a", 5_000));
    scene.server.state().write("empty.gz", "");
    scene.fetch_well();
    assert_eq!(scene.live(), scene.shown());
    scene.server.state().append("plain.gz", "more\n");
    assert_eq!(scene.fetch_well().bytes_new, 5);
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn a_file_that_vanished_before_it_was_ever_read_is_a_gap() {
    for (name, gap) in [("b.log", 700), ("b.gz", 0)] {
        let scene = Scene::new();
        scene.server.state().write("a.log", lines("a", 5_000));
        scene.fetch_well();
        scene.server.state().write(name, lines("unread", 700));
        scene.server.state().bend(name, ok("403 Forbidden", "", b""));
        assert_eq!(scene.fetch().state, Reach::Partial);
        scene.server.state().files.remove(name);
        assert_eq!(scene.fetch_well().files.closed, 1);
        let lost = &scene.stored()[1];
        assert_eq!((lost.path.as_str(), lost.live, lost.gap, lost.bytes.0.len()), (name, false, Some(gap), 0));
    }
}

#[test]
fn a_folder_has_compressed_files_too() {
    let home = Folder::new();
    let folder = home.0.join("bundles/one");
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).expect("a file");
    let profile = profile(&home.0.join("store"), Source::Folder(home.0.join("bundles")), &[("one", "")]);
    write("app.log", lines("a", 9_000));
    run(&profile);
    let whole = [lines("a", 9_000), lines("b", 300)].concat();
    write("app.log.1.zst", zstd(&whole));
    std::fs::remove_file(folder.join("app.log")).expect("a file");
    let summary = run(&profile);
    assert_eq!((summary.totals.bytes_new, summary.totals.files.renamed), (300, 1));
    let stored = stored(&profile.store, "one");
    assert_eq!((stored.len(), &stored[0].bytes), (1, &Content(whole)));
    assert_eq!(run(&profile).totals.bytes_new, 0);
}

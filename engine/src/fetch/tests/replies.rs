//! Answers that break, refuse or lie: each is an outcome, and nothing stored is harmed.

use std::time::{Duration, Instant};

use super::scene::{Scene, row};
use super::server::{lines, ok};
use crate::catalog::Reach;
use crate::fetch::CauseClass;

#[test]
fn a_short_body_is_continued_from_what_was_verified() {
    for promise in ["Content-Length: 60000\r\n", "Content-Range: bytes 0-59999/60000\r\nTransfer-Encoding: chunked\r\n"]
    {
        let scene = Scene::new();
        let all = lines("a", 60_000);
        scene.server.state().write("a.log", all.clone());
        let mut cut = format!("HTTP/1.1 206 Partial Content\r\n{promise}\r\n").into_bytes();
        if promise.contains("chunked") {
            cut.extend_from_slice(b"7530\r\n");
            cut.extend_from_slice(&all[..30_000]);
            cut.extend_from_slice(b"\r\n0\r\n\r\n");
        } else {
            cut = format!("HTTP/1.1 200 OK\r\n{promise}\r\n").into_bytes();
            cut.extend_from_slice(&all[..30_000]);
        }
        scene.server.state().cut("a.log", cut);
        let outcome = scene.fetch_well();
        assert_eq!((outcome.bytes_new, outcome.requests), (60_000, 3));
        assert_eq!(scene.requests()[2], "/files/a.log bytes=25904-");
        assert_eq!(scene.live(), scene.shown());
    }
}

#[test]
fn a_page_instead_of_a_listing_is_named() {
    let scene = Scene::new();
    scene.server.state().write("a.log", "stored\n");
    scene.fetch_well();
    let page = b"<html><title>Please\n\x1b log in</title>";
    scene.server.state().bend("/files", ok("200 OK", "Content-Type: text/html\r\n", page));
    let outcome = scene.fetch();
    assert_eq!(outcome.state, Reach::Unreachable);
    let cause = outcome.cause.expect("a cause");
    assert_eq!(cause.class, CauseClass::Listing);
    let url = format!("{}/files", scene.server.address);
    for part in [&*url, "status 200", "text/html", "<html><title>Please \\u{1b} log in</title>"] {
        assert!(cause.text.contains(part), "{part} in {cause}");
    }
    // Nothing is concluded from it.
    assert_eq!(scene.live(), scene.shown());
    let row = row(&scene.profile.store, "one").expect("a row");
    assert_eq!((row.reach, row.cause), (Some(Reach::Unreachable), Some(("listing".to_owned(), cause.text))));

    scene.server.state().bend("/files", ok("200 OK", "", br#"{"files": [{"name": "a.log", "si"#));
    assert_eq!(scene.fetch().cause.map(|cause| cause.class), Some(CauseClass::Listing));
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn a_passing_refusal_is_tried_again_and_a_lasting_one_is_not() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 100));
    scene.server.state().bend("/files", ok("503 Service Unavailable", "Retry-After: 0\r\n", b""));
    scene
        .server
        .state()
        .bend("a.log", ok("429 Too Many Requests", "Retry-After: Mon, 01 Jan 2024 00:00:00 GMT\r\n", b""));
    assert_eq!(scene.fetch_well().requests, 4);

    scene.server.state().bend("/files", ok("403 Forbidden", "", b""));
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.requests), (Reach::Unreachable, 1));
    assert_eq!(outcome.cause.expect("a cause").text, format!("{}/files: status 403", scene.server.address));

    scene.server.state().bend("/files", ok("429 Too Many Requests", "Retry-After: 3600\r\n", b""));
    let before = Instant::now();
    assert_eq!(scene.fetch().requests, 1);
    assert!(before.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_file_that_is_listed_but_never_there_does_not_stop_the_others() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 10));
    scene.server.state().write("b.log", lines("b", 10));
    for _ in 0..2 {
        scene.server.state().bend("a.log", ok("404 Not Found", "", b""));
    }
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.files.failed, outcome.files.new), (Reach::Partial, 1, 1));
    assert_eq!(outcome.cause.expect("a cause").class, CauseClass::Missing);
    assert_eq!(scene.live()["b.log"], lines("b", 10));
    scene.fetch_well();
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn after_three_failures_in_a_row_the_instance_is_left_alone() {
    let scene = Scene::new();
    for number in 0..6 {
        scene.server.state().write(&format!("{number}.log"), format!("{number}"));
    }
    for _ in 0..6 {
        scene.server.state().bend(".log", ok("403 Forbidden", "", b""));
    }
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.files.failed, outcome.requests), (Reach::Partial, 6, 4));
    scene.server.state().bent.clear();
    scene.fetch_well();
    assert_eq!(scene.live(), scene.shown());
}

#[test]
fn a_redirect_stays_on_its_host() {
    let scene = Scene::new();
    let head = "Location: http://127.0.0.2:9/files\r\n";
    scene.server.state().bend("/files", ok("302 Found", head, b""));
    let cause = scene.fetch().cause.expect("a cause");
    assert_eq!(cause.class, CauseClass::Redirect);
    assert!(cause.text.contains("127.0.0.2"));
    scene.server.state().bend("/files", ok("302 Found", "Location: /files\r\n", b""));
    scene.fetch_well();
}

#[test]
fn a_compressed_body_is_refused() {
    let scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 10));
    for _ in 0..2 {
        scene.server.state().bend("a.log", ok("200 OK", "Content-Encoding: gzip\r\n", b"packed"));
    }
    let outcome = scene.fetch();
    assert_eq!(outcome.cause.expect("a cause").class, CauseClass::Answer);
    assert!(scene.stored().iter().all(|found| found.bytes.0.is_empty()));
}

#[test]
fn an_endless_body_is_bounded() {
    let scene = Scene::new();
    scene.server.state().write("a.log", "x");
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(80 << 20, b'x');
    scene.server.state().cut("a.log", endless);
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.cause.map(|cause| cause.class)), (Reach::Partial, Some(CauseClass::Excess)));
    assert_eq!(outcome.bytes_new, (64 << 20) + 1);
}

#[test]
fn silence_ends_in_time() {
    let mut scene = Scene::new();
    scene.rest().limits.tries_max = 1;
    scene.rest().limits.progress_timeout = Duration::from_millis(200);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    scene.profile.instances[0].address = format!("http://{}", listener.local_addr().expect("an address"));
    scene.rest().limits.connect_timeout = Duration::from_millis(200);
    scene.rest().limits.headers_timeout = Duration::from_millis(200);
    let outcome = scene.fetch();
    assert_eq!(
        (outcome.state, outcome.cause.map(|cause| cause.class)),
        (Reach::Unreachable, Some(CauseClass::Timeout))
    );
}

#[test]
fn the_limit_of_an_instance_keeps_what_was_taken() {
    let mut scene = Scene::new();
    scene.rest().limits.instance_timeout = Duration::from_millis(700);
    scene.rest().limits.progress_timeout = Duration::from_secs(30);
    scene.server.state().write("a.log", lines("a", 100));
    scene.server.state().write("b.log", lines("b", 100));
    // Promised and never sent: the answer ends with the connection, so the second try meets silence by Retry-After.
    scene.server.state().bend("b.log", ok("503 Service Unavailable", "Retry-After: 30\r\n", b""));
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.cause.map(|cause| cause.class)), (Reach::Partial, Some(CauseClass::Timeout)));
    assert_eq!(scene.live()["a.log"], lines("a", 100));
    scene.fetch_well();
    assert_eq!(scene.live(), scene.shown());
}

//! The fleet over real sockets, asked by a client that knows nothing but HTTP/1.1's text.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::*;
use crate::story::Layout;

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

fn ask(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    let timeout = Some(Duration::from_secs(10));
    stream.set_read_timeout(timeout).unwrap();
    let mut request = format!("GET {path} HTTP/1.1\r\nHost: fleet\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    stream.write_all((request + "\r\n").as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    Reply { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, body: bytes[split + 4..].to_vec() }
}

fn small_fleet(layout: Layout) -> Fleet {
    let options = FleetOptions { instances: 12, layout, ..FleetOptions::default() };
    Fleet::start(&options).unwrap()
}

/// A fleet of one instance with one file of ten bytes.
fn ten_bytes() -> (Fleet, SocketAddr) {
    let options = FleetOptions { instances: 1, ..FleetOptions::default() };
    let fleet = Fleet::start(&options).unwrap();
    let instance = fleet.instance(0);
    for name in instance.file_names() {
        instance.remove(&name);
    }
    instance.append("app.log", b"0123456789");
    let address = instance.address();
    (fleet, address)
}

#[test]
fn the_listing_tells_what_the_files_are() {
    let (fleet, address) = ten_bytes();
    let listing = ask(address, "/api/logs", &[]);
    let file = ask(address, "/api/logs/app.log", &[]);
    assert_eq!((listing.status, file.status), (200, 200));
    assert_eq!(file.body, b"0123456789");
    let item = &listing.json()["files"][0];
    assert_eq!(item["name"], "app.log");
    assert_eq!(item["size"], 10);
    assert_eq!(item["etag"], file.header("etag").unwrap());
    assert_eq!(item["modified"], "2026-10-16T12:00:00Z");
    assert_eq!(file.header("last-modified"), Some("Fri, 16 Oct 2026 12:00:00 GMT"));
    assert!(file.header("date").is_some(), "the server's own clock");
    assert_eq!(ask(address, "/api/logs/other.log", &[]).status, 404);
    assert_eq!(ask(address, "/", &[]).status, 404);
    drop(fleet);
}

#[test]
fn ranges_are_answered_in_part_or_refused() {
    let (fleet, address) = ten_bytes();
    let part = ask(address, "/api/logs/app.log", &[("Range", "bytes=4-")]);
    assert_eq!(part.status, 206);
    assert_eq!(part.body, b"456789");
    assert_eq!(part.header("content-range"), Some("bytes 4-9/10"));
    let past = ask(address, "/api/logs/app.log", &[("Range", "bytes=10-")]);
    assert_eq!(past.status, 416);
    assert_eq!(past.header("content-range"), Some("bytes */10"));
    let stale = [("Range", "bytes=4-"), ("If-Range", "\"old\"")];
    let whole = ask(address, "/api/logs/app.log", &stale);
    assert_eq!((whole.status, whole.body.len()), (200, 10));
    let expected = [(Some("bytes=4-"), 206, 6), (Some("bytes=10-"), 416, 0), (Some("bytes=4-"), 200, 10)];
    let requests = fleet.instance(0).requests();
    let seen: Vec<_> = requests.iter().map(|one| (one.range.as_deref(), one.status, one.body_bytes)).collect();
    assert_eq!(seen, expected);
    fleet.reset_stats();
    assert_eq!(fleet.stats().requests().count(), 0);
}

#[test]
fn names_are_percent_decoded() {
    let (fleet, address) = ten_bytes();
    fleet.instance(0).append("a b/ø.log", b"x");
    let reply = ask(address, "/api/logs/a%20b%2F%C3%B8.log", &[]);
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"x".as_slice()));
}

#[test]
fn an_instance_that_is_down_refuses_and_comes_back_at_its_address() {
    let (mut fleet, address) = ten_bytes();
    let mut kept_alive = TcpStream::connect(address).unwrap();
    for _ in 0..3 {
        fleet.set_fault(0, Fault::Down).unwrap();
        assert!(TcpStream::connect(address).is_err());
        fleet.clear_faults(0).unwrap();
        assert_eq!(ask(address, "/api/logs", &[]).status, 200);
    }
    let timeout = Some(Duration::from_secs(10));
    kept_alive.set_read_timeout(timeout).unwrap();
    let mut rest = Vec::new();
    let closed = kept_alive.read_to_end(&mut rest);
    assert!(closed.is_err() || rest.is_empty(), "idle connections close");
}

#[test]
fn faults_do_what_they_say() {
    let (mut fleet, address) = ten_bytes();
    let path = "/api/logs/app.log";
    let from_four = [("Range", "bytes=4-")];

    fleet.set_fault(0, Fault::Nonsense).unwrap();
    let page = ask(address, "/api/logs", &[]);
    assert_eq!(page.status, 200);
    assert!(page.body.starts_with(b"<!DOCTYPE html>"));
    fleet.clear_faults(0).unwrap();

    fleet.set_fault(0, Fault::TruncatedJson).unwrap();
    let cut = ask(address, "/api/logs", &[]);
    let length: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert_eq!(length, cut.body.len());
    assert!(serde_json::from_slice::<serde_json::Value>(&cut.body).is_err());
    fleet.clear_faults(0).unwrap();

    fleet.set_fault(0, Fault::IgnoreRange).unwrap();
    let whole = ask(address, path, &from_four);
    assert_eq!((whole.status, whole.body.len()), (200, 10));
    fleet.clear_faults(0).unwrap();

    fleet.set_fault(0, Fault::ShortBody { bytes: 3 }).unwrap();
    let short = ask(address, path, &[]);
    assert_eq!(short.header("content-length"), Some("10"));
    assert_eq!(short.body, b"012");
    fleet.clear_faults(0).unwrap();

    let pause = Duration::from_millis(1);
    let drip = Fault::SlowDrip { step_bytes: 4, pause };
    fleet.set_fault(0, drip).unwrap();
    assert_eq!(ask(address, path, &[]).body, b"0123456789");
    fleet.clear_faults(0).unwrap();

    fleet.set_fault(0, Fault::Error500 { times: 2 }).unwrap();
    let statuses = [(); 3].map(|()| ask(address, path, &[]).status);
    assert_eq!(statuses, [500, 500, 200]);

    fleet.set_fault(0, Fault::RandomBytes { bytes: 99 }).unwrap();
    let listing = ask(address, "/api/logs", &[]).json();
    assert_eq!(listing["files"][1]["name"], RANDOM_FILE);
    assert_eq!(listing["files"][1]["size"], 99);
}

#[test]
fn time_only_appends_and_rotates() {
    for layout in [Layout::Log4net, Layout::Serilog] {
        let mut fleet = small_fleet(layout);
        let before = streams(&fleet);
        let mut rotated = 0;
        for _ in 0..30 {
            let files = file_counts(&fleet);
            fleet.advance(1);
            rotated += file_counts(&fleet) - files;
        }
        assert!(rotated > 0);
        let after = streams(&fleet);
        for (old, new) in before.iter().zip(&after) {
            assert!(new.starts_with(old));
        }
        let written: usize = after.iter().map(Vec::len).sum();
        assert_eq!(fleet.truth().summary().bytes, written as u64);
        let mut at_once = small_fleet(layout);
        at_once.advance(30);
        assert_eq!(streams(&at_once), after);
        assert_eq!(at_once.truth(), fleet.truth());
    }
}

fn file_counts(fleet: &Fleet) -> usize {
    fleet.instances().map(|one| one.file_names().len()).sum()
}

/// What each instance has written, oldest first.
fn streams(fleet: &Fleet) -> Vec<Vec<u8>> {
    let stream = |instance: &Arc<Instance>| {
        let ages = (0..instance.file_names().len()).rev();
        ages.flat_map(|age| instance.file(&Rotation::file_name(age)).unwrap()).collect()
    };
    fleet.instances().map(stream).collect()
}

#[test]
fn a_folder_is_served_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let instance = folder.path().join("WS-7");
    fs::create_dir(&instance).unwrap();
    fs::write(instance.join("app.log"), "one\n").unwrap();
    let fleet = Fleet::from_folder(folder.path(), &FleetOptions::default()).unwrap();
    let served = fleet.instance(0);
    assert_eq!(served.name(), "WS-7");
    served.append("app.log", b"two\n");
    served.rename("app.log", "app.1.log");
    served.replace("app.log", b"three\n");
    let elder = ask(served.address(), "/api/logs/app.1.log", &[]);
    assert_eq!(elder.body, b"one\ntwo\n");
    assert_eq!(ask(served.address(), "/api/logs/app.log", &[]).body, b"three\n");
}

#[test]
fn a_dropped_fleet_and_one_past_its_lifetime_answer_no_more() {
    let (fleet, address) = ten_bytes();
    drop(fleet);
    assert!(refuses(address));
    let options = FleetOptions { instances: 1, lifetime: Duration::from_millis(1), ..FleetOptions::default() };
    let fleet = Fleet::start(&options).unwrap();
    assert!(refuses(fleet.instance(0).address()));
}

/// Sockets close a moment after the decision: asks for up to ten seconds.
fn refuses(address: SocketAddr) -> bool {
    (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        TcpStream::connect(address).is_err()
    })
}

#[tokio::test]
async fn a_fleet_lives_and_dies_inside_of_another_runtime() {
    let (mut fleet, address) = ten_bytes();
    fleet.set_down(0, true).unwrap();
    fleet.set_down(0, false).unwrap();
    let reply = tokio::task::spawn_blocking(move || ask(address, "/api/logs", &[]).status);
    assert_eq!(reply.await.unwrap(), 200);
}

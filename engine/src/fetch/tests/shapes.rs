//! APIs of other shapes: other listings, pages, offsets in the URL, and servers that ask who asks.

use super::scene::{Folder, Scene, lock};
use super::server::{lines, ok};
use crate::catalog::Reach;
use crate::fetch::{CauseClass, FetchError, fetch};
use crate::profile::{Auth, FetchKind, ListKind, Paging, Secret};

#[test]
fn an_offset_in_the_url_takes_only_what_is_new() {
    for most in [usize::MAX, 5_000] {
        let mut scene = Scene::new();
        scene.rest().fetch_kind = FetchKind::Offset;
        scene.rest().fetch_url += "?offset={offset}";
        scene.server.state().offsets = Some(most);
        scene.server.state().write("a.log", lines("a", 20_000));
        assert_eq!(scene.fetch_well().bytes_new, 20_000);
        scene.server.state().append("a.log", lines("b", 3_000));
        let outcome = scene.fetch_well();
        assert_eq!((outcome.bytes_new, outcome.files.appended), (3_000, 1));
        // The overlap and what is new; in short answers the overlap comes again with each.
        assert_eq!(outcome.requests, if most == usize::MAX { 2 } else { 5 });
        assert_eq!(scene.requests()[1], "/files/a.log?offset=15904");
        scene.server.state().write("a.log", lines("c", 9_000));
        scene.fetch_well();
        assert_eq!(scene.live(), scene.shown());
    }
}

#[test]
fn a_server_that_ignores_offsets_counts_nothing_twice() {
    let mut scene = Scene::new();
    scene.rest().fetch_kind = FetchKind::Offset;
    scene.rest().fetch_url += "?offset={offset}";
    scene.server.state().write("a.log", lines("a", 20_000));
    scene.fetch_well();
    scene.server.state().append("a.log", lines("b", 3_000));
    let outcome = scene.fetch();
    assert_eq!(outcome.cause.expect("a cause").class, CauseClass::Answer);
    assert_eq!((scene.stored().len(), scene.live()["a.log"].0.len()), (1, 20_000));
    scene.rest().fetch_kind = FetchKind::Full;
    scene.fetch_well();
    assert_eq!((scene.stored().len(), scene.live()), (1, scene.shown()));
}

#[test]
fn whole_files_are_compared() {
    let mut scene = Scene::new();
    scene.rest().fetch_kind = FetchKind::Full;
    scene.server.state().write("a.log", lines("a", 20_000));
    scene.fetch_well();
    scene.server.state().append("a.log", lines("b", 3_000));
    assert_eq!(scene.fetch_well().bytes_new, 3_000);
    assert_eq!(scene.requests(), ["/files", "/files/a.log"]);
    assert_eq!((scene.stored().len(), scene.live()), (1, scene.shown()));
}

fn page(names: &[&str], more: &str) -> Vec<u8> {
    let items: Vec<_> = names.iter().map(|name| format!(r#"{{"name": "{name}", "size": 10}}"#)).collect();
    ok("200 OK", "", format!(r#"{{"files": [{}]{more}}}"#, items.join(",")).as_bytes())
}

#[test]
fn a_listing_counts_when_all_its_pages_came() {
    let mut scene = Scene::new();
    for name in ["a.log", "b.log", "c.log"] {
        scene.server.state().write(name, lines(name, 10));
    }
    scene.rest().paging = Paging::Cursor { pointer: "/next".to_owned(), parameter: Some("c".to_owned()) };
    scene.server.state().bend("/files", page(&["a.log", "b.log"], r#", "next": "x y""#));
    scene.server.state().bend("/files?c=x%20y", page(&["c.log"], ""));
    assert_eq!(scene.fetch_well().files.new, 3);
    assert_eq!(scene.live(), scene.shown());
    // The second page fails: nothing is gone, nothing is asked.
    scene.server.state().bend("/files", page(&["a.log"], r#", "next": "z""#));
    scene.server.state().bend("/files?c=z", ok("404 Not Found", "", b""));
    let outcome = scene.fetch();
    assert_eq!((outcome.state, outcome.requests), (Reach::Unreachable, 2));
    assert_eq!(scene.live(), scene.shown());
    // A cursor that leads back.
    scene.server.state().bend("/files", page(&["a.log"], r#", "next": "z""#));
    scene.server.state().bend("/files?c=z", page(&["b.log"], r#", "next": "z""#));
    let cause = scene.fetch().cause.expect("a cause");
    assert_eq!(cause.class, CauseClass::Listing);
    assert!(cause.text.contains("comes round"), "{cause}");
}

#[test]
fn a_long_page_is_read_as_it_arrives() {
    let mut scene = Scene::new();
    for name in ["a.log", "b.log"] {
        scene.server.state().write(name, lines(name, 10));
    }
    scene.rest().paging = Paging::Cursor { pointer: "/next".to_owned(), parameter: Some("c".to_owned()) };
    let long = vec!["a.log"; 2_000];
    scene.server.state().bend("/files", page(&long, r#", "next": "z""#));
    scene.server.state().bend("/files?c=z", page(&["b.log"], ""));
    assert_eq!(scene.fetch_well().files.new, 2);
    assert_eq!(scene.live(), scene.shown());
    // What makes it none is said with how it begins, however far it was read.
    let body = format!(r#"{{"files": [{}]}}}}"#, vec![r#"{"name": "a.log"}"#; 2_000].join(","));
    scene.server.state().bend("/files", ok("200 OK", "", body.as_bytes()));
    let cause = scene.fetch().cause.expect("a cause");
    assert!(cause.text.contains("is no JSON") && cause.text.contains("it begins with: {\"files\""), "{cause}");
}

#[test]
fn pages_by_number_end_with_an_empty_one() {
    let mut scene = Scene::new();
    scene.server.state().write("a.log", lines("a", 10));
    scene.rest().paging = Paging::Page { parameter: "p".to_owned(), first: 1 };
    scene.server.state().bend("/files?p=1", page(&["a.log"], ""));
    scene.server.state().bend("/files?p=2", page(&[], ""));
    assert_eq!(scene.fetch_well().files.new, 1);
    // A server that knows no pages gives the same one for ever.
    for _ in 0..2 {
        scene.server.state().bend("/files?p=1", page(&["a.log"], ""));
        scene.server.state().bend("/files?p=2", page(&["a.log"], ""));
        let outcome = scene.fetch();
        assert_eq!((outcome.cause.expect("a cause").class, outcome.requests), (CauseClass::Listing, 2));
    }
}

#[test]
fn the_next_page_is_never_on_another_host() {
    let mut scene = Scene::new();
    scene.rest().paging = Paging::Link;
    let other = super::server::Server::start();
    let link = format!("Link: <{}/files>; rel=\"next\"\r\n", other.address);
    scene.server.state().bend("/files", ok("200 OK", &link, br#"{"files": []}"#));
    assert_eq!(scene.fetch().cause.expect("a cause").class, CauseClass::Listing);
    assert!(other.state().requests.is_empty());
}

#[test]
fn an_index_of_links_is_a_listing_and_a_login_page_is_none() {
    let mut scene = Scene::new();
    scene.rest().list_kind = ListKind::Html;
    scene.server.state().write("a b.log", lines("a", 5_000));
    let index = b"<html><title>Index of /</title><a href=\"../\">../</a><a href=\"a%20b.log\">a b.log</a>\
        01-Jan-2023 00:00 5000\n<a href=\"..%2fevil.log\">x</a></html>";
    let kind = "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/html\r\n";
    for requests in [2, 1] {
        scene.server.state().bend("/files", ok("200 OK", kind, index));
        let outcome = scene.fetch();
        assert_eq!((outcome.state, outcome.requests), (Reach::Partial, requests));
        assert_eq!(outcome.cause.expect("a cause").class, CauseClass::Name);
        assert_eq!(scene.live(), scene.shown());
    }
    scene.server.state().bend("/files", ok("200 OK", kind, b"<html><title>Log in</title></html>"));
    assert_eq!(scene.fetch().cause.expect("a cause").class, CauseClass::Listing);
    assert_eq!(scene.live(), scene.shown());
}

const PASSWORD: &str = "open sesame~";

/// Each way to say who asks, with the header that it makes.
fn ways(folder: &Folder) -> [(Auth, &'static str, String); 3] {
    let file = folder.0.join("secret.txt");
    std::fs::write(&file, format!("{PASSWORD}\r\n")).expect("a file");
    let secret = || Secret::in_file(file.clone());
    [
        (Auth::Bearer { token: secret() }, "authorization", format!("Bearer {PASSWORD}")),
        (
            Auth::Basic { user: "me".to_owned(), password: secret() },
            "authorization",
            "Basic bWU6b3BlbiBzZXNhbWV+".to_owned(),
        ),
        (Auth::Header { name: "X-Api-Key".to_owned(), value: secret() }, "x-api-key", PASSWORD.to_owned()),
    ]
}

#[test]
fn credentials_go_with_every_request_and_stay_with_the_instance() {
    let folder = Folder::new();
    for (auth, header, value) in ways(&folder) {
        let mut scene = Scene::new();
        scene.server.state().wanted_header = Some((header, value));
        scene.server.state().write("a.log", lines("a", 100));
        assert_eq!(scene.fetch().cause.expect("a cause").class, CauseClass::Status);
        scene.rest().auth = auth;
        assert_eq!(scene.fetch_well().files.new, 1);
        // A redirect to another port: not followed, so nothing is told there.
        let other = super::server::Server::start();
        let location = format!("Location: {}/files\r\n", other.address);
        scene.server.state().bend("/files", ok("302 Found", &location, b""));
        let outcome = scene.fetch();
        assert_eq!(outcome.cause.as_ref().expect("a cause").class, CauseClass::Redirect);
        assert!(other.state().requests.is_empty());
        assert!(!format!("{outcome:?} {:?}", scene.profile).contains(PASSWORD));
        for entry in std::fs::read_dir(&scene.profile.store).expect("the store").map(|entry| entry.expect("an entry")) {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            assert!(!bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()), "{:?}", entry.path());
        }
    }
}

#[test]
fn without_its_secret_nothing_is_asked() {
    let mut scene = Scene::new();
    scene.rest().auth = Auth::Bearer { token: Secret::in_file("no-such-folder/token.txt".into()) };
    let lock = lock(&scene.profile.store);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let failed = runtime.block_on(fetch(&scene.profile, &lock, &(), std::future::pending())).expect_err("no secret");
    assert!(matches!(failed, FetchError::Access(_)), "{failed}");
    assert!(failed.to_string().contains("token.txt cannot be read: it does not exist"), "{failed}");
    assert!(scene.requests().is_empty());
}

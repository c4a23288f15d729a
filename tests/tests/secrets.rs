//! Secrets reach nobody but the server they are for, even where that server repeats them in everything that it says.

mod scene;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use logparser_tests::fleet::profile_text;
use logparser_tests::story::Layout;
use scene::{MAIN, Scene};

const PASSWORD: &str = "p&ss w/rd\"<x>'~1";
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsb2dzIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
const KEY: &str = "k3y-0123456789";
const SECRETS: [&str; 3] = [PASSWORD, TOKEN, KEY];

/// Where a server repeats what it was asked with, each with the class of what comes of it.
const KINDS: [(&str, Option<&str>); 11] = [
    ("names", Some("name")),
    ("logs", None),
    ("page", Some("listing")),
    ("refusal", Some("status")),
    ("away", Some("redirect")),
    ("shape", Some("listing")),
    ("text", Some("listing")),
    ("type", Some("listing")),
    ("size", Some("listing")),
    ("login", Some("answer")),
    ("next", Some("listing")),
];
const AUTHS: [&str; 3] = ["basic", "bearer", "header"];

/// A text as it may come back.
fn forms(text: &str) -> Vec<String> {
    let percent = |hex: fn(u8) -> String| -> String {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        text.bytes().map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { hex(byte) }).collect()
    };
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    vec![
        text.to_owned(),
        STANDARD_NO_PAD.encode(text),
        URL_SAFE_NO_PAD.encode(text),
        percent(|byte| format!("%{byte:02X}")),
        percent(|byte| format!("%{byte:02x}")),
        html.replace('\'', "&#x27;"),
        html.replace('\'', "&#39;"),
        html,
        serde_json::Value::from(text).to_string().trim_matches('"').to_owned(),
    ]
}

/// Serves until the test ends.
fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let own = address.clone();
    let asked = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (own, asked) = (own.clone(), Arc::clone(&asked));
            thread::spawn(move || serve(&stream, &own, &asked));
        }
    });
    address
}

fn serve(stream: &TcpStream, own: &str, inventories: &AtomicUsize) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    loop {
        let first = lines.next()?.ok()?;
        let mut heads = Vec::new();
        for line in lines.by_ref() {
            match line.ok()? {
                line if line.is_empty() => break,
                line => heads.push(line),
            }
        }
        let path = first.split(' ').nth(1)?.to_owned();
        let answer = match path.strip_prefix("/inventory") {
            Some(_) => inventory(own, &repeated(&heads), inventories.fetch_add(1, Ordering::Relaxed)),
            None => instance(&path, &first, &repeated(&heads)),
        };
        { stream }.write_all(answer.as_bytes()).ok()?;
    }
}

/// All that a request says, and every secret of it in every form.
fn repeated(heads: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in heads.iter().filter_map(|line| line.split_once(": ")) {
        if !["authorization", "x-api-key"].contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        let secret = value.rsplit(' ').next().unwrap_or(value);
        let decoded = STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let password =
            decoded.as_deref().and_then(|login| login.split_once(':')).map(|(_, password)| password.to_owned());
        all.push(value.to_owned());
        all.extend(forms(secret));
        all.extend(password.iter().flat_map(|password| forms(password)));
    }
    all
}

fn answer(status: &str, head: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{head}\r\n{body}", body.len())
}

/// All instances, and entries that repeat; after the first time, no inventory any more.
fn inventory(own: &str, repeated: &[String], asked: usize) -> String {
    if asked > 0 {
        return answer("200 OK", "", &serde_json::json!({ "who": repeated }).to_string());
    }
    let mut groups = Vec::new();
    for (kind, _) in KINDS {
        for auth in AUTHS {
            let labels = serde_json::json!({ "instance": format!("{kind}-{auth}"), "auth": auth, "kind": kind });
            groups.push(serde_json::json!({ "targets": [format!("{own}/{kind}/{auth}")], "labels": labels }));
        }
    }
    for said in repeated {
        groups.push(serde_json::json!({ "targets": [said], "labels": { "zone": said } }));
        groups.push(serde_json::json!({ "targets": said, "labels": { said: said } }));
        groups.push(serde_json::json!({ "targets": [], "labels": { said: 1 } }));
    }
    answer("200 OK", "", &serde_json::Value::from(groups).to_string())
}

fn instance(path: &str, first: &str, repeated: &[String]) -> String {
    let kind = path.split('/').nth(1).unwrap_or_default();
    let said = repeated.join(" | ");
    let is_file = path.contains("/files/");
    let page = format!("<html><title>{said}</title>{first} {said}</html>");
    let html = "Content-Type: text/html\r\n";
    let listing = r#"{"files": [{"name": "app.log", "size": null}]}"#;
    match kind {
        "login" if is_file => answer("200 OK", html, &page),
        _ if is_file => {
            // Log lines of the format, with secrets where texts are kept; and lines of no format.
            let records: String = repeated
                .iter()
                .map(|said| {
                    let time = "2026-10-12 05:48:29,658 [1]";
                    format!(
                        "{said}\r\n{time} INFO  App.Session - Session 1 started by {said} version {said}\r\n\
                         {time} ERROR App.Net - refused {said} for {said}\r\n\
                         {time} INFO  Svc.Control - Service restart timed out: {said}\r\n"
                    )
                })
                .collect();
            answer("200 OK", "", &records)
        }
        "names" => {
            let items = repeated.iter().map(|said| serde_json::json!({ "name": format!("{said}.log"), "etag": said }));
            let log = serde_json::json!({ "name": "app.log", "etag": said });
            answer("200 OK", "", &serde_json::json!({ "files": items.chain([log]).collect::<Vec<_>>() }).to_string())
        }
        "page" => answer("200 OK", html, &page),
        "refusal" => answer(&format!("403 {said}"), html, &page),
        "away" => answer("302 Found", &format!("Location: http://127.0.0.2:9/{said}\r\n"), ""),
        "shape" => answer("200 OK", "", &serde_json::json!({ "error": said }).to_string()),
        "text" => answer("200 OK", "", &said),
        "type" => answer("200 OK", &format!("Content-Type: text/{said}\r\n"), "?"),
        "size" => {
            let items: Vec<_> =
                repeated.iter().map(|said| serde_json::json!({ "name": "a.log", "size": said })).collect();
            answer("200 OK", "", &serde_json::json!({ "files": items }).to_string())
        }
        "next" => {
            let next = format!("http://127.0.0.2:9/{said}");
            answer("200 OK", "", &serde_json::json!({ "files": [], "next": next }).to_string())
        }
        _ => answer("200 OK", "", listing),
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

#[test]
fn no_secret_is_where_others_may_read_it() {
    let address = start();
    let scene = Scene::empty();
    fs::write(scene.path("password.txt"), format!("{PASSWORD}\n")).expect("a secret");
    let basic = r#"auth = { kind = "basic", user = "logs", password = { file = "password.txt" } }"#;
    let source = format!(
        "[fleet]\ninventory = {{ url = \"http://{address}/inventory\", {basic} }}\n\
         [api]\nlist = \"{{address}}/files?as={{instance}}\"\nfetch = \"{{address}}/files/{{name}}\"\n\
         items = \"/files\"\nsize = \"/size\"\netag = \"/etag\"\noverride = [\n\
         {{ tags = [\"basic\"], {basic} }},\n\
         {{ tags = [\"bearer\"], auth = {{ kind = \"bearer\", token = {{ env = \"FLEET_TOKEN\" }} }} }},\n\
         {{ tags = [\"header\"], auth = {{ kind = \"header\", header = \"X-Api-Key\", value = {{ env = \"FLEET_KEY\" }} }} }},\n\
         {{ tags = [\"next\"], paging = {{ kind = \"cursor\", cursor = \"/next\" }} }},\n]\n\
         [limits]\ntries = 1\n"
    );
    scene.add_profile(MAIN, &profile_text(&source, Layout::Log4net));
    let run = |arguments: &[&str]| {
        let arguments = [&["--profile", "main.toml", "--verbose"], arguments].concat();
        scene.start(&arguments, &[("FLEET_TOKEN", TOKEN), ("FLEET_KEY", KEY)]).finish()
    };
    let first = run(&["--json", "run"]);
    assert_eq!(first.code, Some(1));
    let report = scene.report(MAIN);
    for (kind, class) in KINDS {
        for auth in AUTHS {
            let name = format!("{kind}-{auth}");
            let seen = report.coverage.instances.iter().find(|seen| seen.name == name).expect("an instance");
            assert_eq!(seen.cause_class.as_deref(), class, "{name}: {:?}", seen.cause);
        }
    }
    assert!(report.coverage.inventory.is_some_and(|amiss| !amiss.refused.is_empty()), "what it repeats is no entry");
    assert!(report.coverage.records > 0 && report.coverage.lines_unparsed > 0, "the logs were read");
    let again = run(&["run"]);
    assert_eq!(again.code, Some(1));
    again.must_say(&["the inventory could not be asked, its last answer is used", "begins with", "(secret)"]);
    for arguments in [&["check"][..], &["report"], &["--json", "report"]] {
        assert!(run(arguments).code.is_some_and(|code| code < 2), "{arguments:?}");
    }

    let mut kept = [false; 3];
    for file in files(&scene.path("")) {
        let bytes = fs::read(&file).expect("a file");
        if file.ends_with("password.txt") {
            continue;
        }
        if file.extension().is_some_and(|extension| extension == "seg") {
            SECRETS.iter().zip(&mut kept).for_each(|(secret, kept)| *kept |= holds(&bytes, secret));
            continue;
        }
        let login = format!("logs:{PASSWORD}");
        for secret in SECRETS.iter().copied().chain([login.as_str()]) {
            for form in forms(secret) {
                assert!(!holds(&bytes, &form), "{} holds {form}", file.display());
            }
        }
    }
    assert_eq!(kept, [true; 3], "the mirror holds the logs as they are");
    let page = scene.published(MAIN).html;
    assert!(holds(&page, "(secret)"), "the report shows where something is hidden");
}

//! A server of fixed answers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The server stops by itself after this long.
const LIFETIME: Duration = Duration::from_secs(60);

/// Answers by their paths, on loopback.
pub struct Server {
    pub address: String,
    answers: Arc<Mutex<BTreeMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

impl Server {
    /// An answer is its status line, headers, an empty line and the body, as in a case.
    pub fn start(answers: BTreeMap<String, String>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        listener.set_nonblocking(true).expect("a socket");
        let over = Arc::new(AtomicBool::new(false));
        let (ending, deadline) = (Arc::clone(&over), Instant::now() + LIFETIME);
        let (answers, asked) = (Arc::new(Mutex::new(answers)), Arc::default());
        let (known, seen) = (Arc::clone(&answers), Arc::clone(&asked));
        thread::spawn(move || {
            while !ending.load(Ordering::Relaxed) && Instant::now() < deadline {
                match listener.accept() {
                    Ok((stream, _)) => answer(stream, &known.lock().expect("answers"), &seen),
                    Err(_) => thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        Server { address, answers, asked, over }
    }

    /// From now on this path is answered so.
    pub fn set(&self, path: &str, answer: &str) {
        self.answers.lock().expect("answers").insert(path.to_owned(), answer.to_owned());
    }

    /// The paths that were asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("requests"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// One request a connection. A part is given where the case says `Accept-Ranges`.
fn answer(mut stream: TcpStream, answers: &BTreeMap<String, String>, asked: &Mutex<Vec<String>>) {
    stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(LIFETIME))).expect("a socket");
    let lines = BufReader::new(stream.try_clone().expect("a socket")).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let Some(path) = head.first().and_then(|line| line.split(' ').nth(1)) else { return };
    asked.lock().expect("requests").push(path.to_owned());
    let missing = "404 Not Found\n\nnothing here".to_owned();
    let (head_lines, body) = answers.get(path).unwrap_or(&missing).split_once("\n\n").expect("a head and a body");
    let (mut status, headers) = head_lines.split_once('\n').unwrap_or((head_lines, ""));
    let mut headers: Vec<String> = headers.lines().map(str::to_owned).collect();
    let mut body = body.as_bytes();
    let range = head.iter().find_map(|line| line.strip_prefix("range: bytes=")?.split_once('-'));
    if let (Some((from, to)), true) = (range, headers.iter().any(|line| line == "Accept-Ranges: bytes")) {
        let (from, to): (usize, usize) = (from.parse().expect("a number"), to.parse().expect("a number"));
        let to = body.len().min(to + 1);
        headers.push(format!("Content-Range: bytes {from}-{}/{}", to - 1, body.len()));
        (status, body) = ("206 Partial Content", &body[from..to]);
    }
    headers.extend([format!("Content-Length: {}", body.len()), "Connection: close".to_owned()]);
    let head = format!("HTTP/1.1 {status}\r\n{}\r\n\r\n", headers.join("\r\n"));
    // Who asked may have seen enough.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

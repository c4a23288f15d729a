//! One instance: its files, its faults, and what it was asked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::StatusCode;

use super::answer::{Answer, Conditions, Target};
use super::fault::Fault;
use super::files::Files;
use super::stats::Request;
use crate::story::Rotation;

/// An instance of the fleet. What changes its files here is seen by the next request.
#[derive(Debug)]
pub struct Instance {
    name: String,
    address: SocketAddr,
    /// The fleet's clock, milliseconds since 1970 UTC.
    clock_ms: Arc<AtomicI64>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    files: Files,
    faults: Vec<Fault>,
    requests: Vec<Asked>,
}

/// A request whose body may still be on its way.
#[derive(Debug)]
struct Asked {
    request: Request,
    sent_bytes: Arc<AtomicU64>,
}

impl Instance {
    pub(super) fn new(name: String, address: SocketAddr, clock_ms: Arc<AtomicI64>, rotation: Rotation) -> Self {
        let state = State { files: Files::new(rotation), faults: Vec::new(), requests: Vec::new() };
        Self { name, address, clock_ms, state: Mutex::new(state) }
    }

    /// The instance's unique name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The fleet's time, milliseconds since 1970 UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.clock_ms.load(Ordering::Relaxed)
    }

    /// Appends to a file, or begins it.
    pub fn append(&self, name: &str, bytes: &[u8]) {
        self.edit(name, |content| content.extend_from_slice(bytes));
    }

    /// Replaces a file's content, or begins it.
    pub fn replace(&self, name: &str, bytes: &[u8]) {
        self.edit(name, |content| {
            content.clear();
            content.extend_from_slice(bytes);
        });
    }

    /// Cuts a file down to nothing.
    pub fn truncate(&self, name: &str) {
        self.edit(name, Vec::clear);
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let now_ms = self.now_ms();
        self.state().files.edit(name, now_ms, change);
    }

    /// Gives a file another name, over what has that name.
    ///
    /// # Panics
    /// There is no such file: the case is wrong.
    pub fn rename(&self, from: &str, to: &str) {
        let found = self.state().files.rename(from, to);
        self.must_have(found, from);
    }

    /// Deletes a file.
    ///
    /// # Panics
    /// There is no such file: the case is wrong.
    pub fn remove(&self, name: &str) {
        let found = self.state().files.remove(name).is_some();
        self.must_have(found, name);
    }

    /// Sets a file's time of modification, milliseconds since 1970 UTC; its content and tag stay.
    ///
    /// # Panics
    /// There is no such file: the case is wrong.
    pub fn set_modified(&self, name: &str, modified_ms: i64) {
        let found = self.state().files.set_modified(name, modified_ms);
        self.must_have(found, name);
    }

    fn must_have(&self, found: bool, file: &str) {
        let names = self.file_names();
        assert!(found, "{} has no file {file}, only {names:?}", self.name);
    }

    /// Names of all files, in order.
    #[must_use]
    pub fn file_names(&self) -> Vec<String> {
        let state = self.state();
        state.files.iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// A file's content.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.state().files.get(name).map(|file| file.bytes.clone())
    }

    /// What was asked since the last reset, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        let state = self.state();
        let asked = state.requests.iter();
        asked
            .map(|asked| Request { body_bytes: asked.sent_bytes.load(Ordering::Relaxed), ..asked.request.clone() })
            .collect()
    }

    pub(super) fn forget_requests(&self) {
        self.state().requests.clear();
    }

    pub(super) fn strike(&self, fault: Fault) {
        let now_ms = self.now_ms();
        let mut state = self.state();
        fault.strike(&mut state.files, now_ms);
        state.faults.push(fault);
    }

    pub(super) fn heal(&self) {
        self.state().faults.clear();
    }

    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Files) -> T) -> T {
        write(&mut self.state().files)
    }

    /// Answers a request, and notes it with a counter for the bytes of its body.
    pub(super) fn answer(
        &self,
        target: &Target,
        mut request: Request,
        mut conditions: Conditions,
    ) -> (Answer, Arc<AtomicU64>) {
        let mut state = self.state();
        for fault in &state.faults {
            fault.mishear(&mut conditions);
        }
        let instead = state.faults.iter_mut().find_map(|fault| fault.instead(target));
        let answer = instead.unwrap_or_else(|| {
            let mut answer = plain(&state.files, target, &request, &conditions);
            for fault in &state.faults {
                fault.bend(target, &mut answer);
            }
            answer
        });
        request.status = answer.status.as_u16();
        let sent_bytes = Arc::new(AtomicU64::new(0));
        state.requests.push(Asked { request, sent_bytes: Arc::clone(&sent_bytes) });
        (answer, sent_bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the state panics")
    }
}

fn plain(files: &Files, target: &Target, request: &Request, conditions: &Conditions) -> Answer {
    if request.method != "GET" {
        return Answer::error(StatusCode::METHOD_NOT_ALLOWED, "only GET is served");
    }
    let missing = || Answer::error(StatusCode::NOT_FOUND, "no such resource");
    match target {
        Target::Listing => Answer::listing(files),
        Target::Unknown => missing(),
        Target::File(name) => files.get(name).map_or_else(missing, |file| Answer::file(file, conditions)),
    }
}

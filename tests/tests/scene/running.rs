//! The program under test as a process of its own.

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{STREAM_SHOWN, Scene, clip};

/// A run takes a second; one that takes this long hangs.
const HANGS_AFTER: Duration = Duration::from_secs(90);
/// Pause between two looks at a process.
const LOOK: Duration = Duration::from_millis(2);

/// A process that runs.
pub struct Running<'s> {
    scene: &'s Scene,
    child: Child,
    told: String,
    streams: [PathBuf; 2],
}

/// A process that has ended.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The command line, and what was added to the environment.
    pub told: String,
    /// None: killed by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl<'s> Running<'s> {
    /// `within` is a command line that the program's own is added to.
    pub(super) fn start(scene: &'s Scene, within: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let streams = scene.path("streams");
        fs::create_dir_all(&streams).expect("a folder for streams");
        // Files, not pipes: nobody has to read while the process runs.
        let number = fs::read_dir(&streams).expect("a folder").count() / 2;
        let streams = ["out", "err"].map(|stream| streams.join(format!("{number}.{stream}")));
        let [out, err] = streams.each_ref().map(|path| Stdio::from(File::create(path).expect("a file for a stream")));
        let line = [within, &[env!("CARGO_BIN_EXE_under-test")], arguments].concat();
        let mut command = Command::new(line[0]);
        command.current_dir(scene.path("")).args(&line[1..]).envs(environment.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().expect("the program starts");
        Self { scene, child, told: format!("{environment:?} logparser {}", arguments.join(" ")), streams }
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(sent.expect("`kill` starts").success(), "{name} was not sent");
    }

    /// What it has said so far on standard output and on standard error.
    pub fn said(&self) -> [String; 2] {
        self.streams.each_ref().map(|path| fs::read_to_string(path).expect("the program speaks UTF-8"))
    }

    /// Waits until something is so.
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < HANGS_AFTER, "{what}: never came");
            assert!(self.goes_on() || is_so(self), "{what}: it ended before");
            thread::sleep(LOOK);
        }
    }

    /// Waits until it has said a text on standard error so many times.
    pub fn until_it_says(&mut self, text: &str, times: usize) {
        self.until(text, |running| running.said()[1].matches(text).count() >= times);
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Ran {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a process to look at") {
                return self.end(status);
            }
            if started.elapsed() > HANGS_AFTER {
                self.kill();
                panic!("the program hangs");
            }
            thread::sleep(LOOK);
        }
    }

    /// Ends the process as `kill -9` does; one that has ended already stays as it ended.
    pub fn kill(mut self) -> Ran {
        self.child.kill().expect("a process of ours");
        let status = self.child.wait().expect("a process to wait for");
        self.end(status)
    }

    /// Whether the process still runs.
    pub fn goes_on(&mut self) -> bool {
        self.child.try_wait().expect("a process to look at").is_none()
    }

    fn end(self, status: ExitStatus) -> Ran {
        let [stdout, stderr] = self.streams.map(|path| {
            let bytes = fs::read(path).expect("a stream");
            String::from_utf8(bytes).expect("the program speaks UTF-8")
        });
        let ran = Ran { told: self.told, code: status.code(), stdout, stderr };
        self.scene.ran.borrow_mut().push(ran.clone());
        ran
    }
}

impl Ran {
    /// The summary of `--json`.
    pub fn summary(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("standard output is JSON and nothing else")
    }

    /// A number of the summary by its JSON pointer.
    pub fn number(&self, pointer: &str) -> u64 {
        let summary = self.summary();
        let value = summary.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in the summary"));
        value.as_u64().unwrap_or_else(|| panic!("{pointer} is {value}"))
    }

    /// Fails unless every text stands in the messages.
    pub fn must_say(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.stderr.contains(text), "the messages do not say `{text}`:\n{}", self.stderr);
        }
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or("killed".to_owned(), |code| format!("exit code {code}"));
        writeln!(f, "{}: {code}", self.told)?;
        for (name, stream) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if !stream.is_empty() {
                writeln!(f, "{name}:\n{}", clip(stream, STREAM_SHOWN))?;
            }
        }
        Ok(())
    }
}

//! Progress: bars on a terminal, plain lines elsewhere, nothing when asked to be quiet.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::How;
use crate::fetch::{InstanceOutcome, Progress};

/// Plain lines that a stage prints at most on its way.
const LINES: usize = 10;

/// Speaks of a command's progress, on standard error. Where nobody can listen, the work goes on in silence.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    quiet: bool,
    verbose: bool,
    terminal: bool,
}

impl Voice {
    /// As the command line wants it.
    pub fn new(how: &How) -> Self {
        Self { quiet: how.quiet, verbose: how.verbose, terminal: io::stderr().is_terminal() }
    }

    /// Says a line.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            complain(text);
        }
    }

    /// Says a line to those who want to know more.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            complain(text);
        }
    }

    /// Begins a stage of so many steps.
    pub fn stage(&self, name: &'static str, steps: usize) -> Stage<'_> {
        let bar = (self.terminal && !self.quiet).then(|| {
            let style = ProgressStyle::with_template("{msg:10} {bar:40} {pos}/{len}  {elapsed}");
            let bar = ProgressBar::new(steps as u64).with_message(name);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Stage { voice: self, name, steps, done: AtomicUsize::new(0), bar }
    }
}

/// Writes a line of what everybody must hear. Where standard error is closed, nobody can.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A stage that goes on step by step, on any thread.
pub struct Stage<'v> {
    voice: &'v Voice,
    name: &'static str,
    steps: usize,
    done: AtomicUsize,
    bar: Option<ProgressBar>,
}

impl Stage<'_> {
    /// One more step is done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if self.steps >= LINES && done.is_multiple_of(self.steps.div_ceil(LINES)) => {
                self.voice.say(&format!("{} {done}/{}", self.name, self.steps));
            }
            None => {}
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Stage<'_> {
    /// A line to those who want to know more, above the bar.
    pub fn detail(&self, line: &str) {
        match &self.bar {
            _ if !self.voice.verbose => {}
            Some(bar) => bar.println(line),
            None => complain(line),
        }
    }
}

impl Progress for Stage<'_> {
    fn instance_done(&self, outcome: &InstanceOutcome) {
        let cause = outcome.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        self.detail(&format!(
            "{} {}, {} new bytes in {} requests{cause}",
            outcome.name,
            outcome.state.as_str(),
            outcome.bytes_new,
            outcome.requests
        ));
        self.step();
    }
}

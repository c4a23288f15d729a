//! Events as log lines, in the two layouts of the samples.

use std::fmt;

use super::random::Random;
use super::template::{Context, HEX_LOWER, Template, push_hex, push_number, push_user, two_digits};
use super::words::{ACTIONS, ERRORS, NOISE, SERVICES, STACK, VERSIONS, Wording};
use super::{Event, Severity, What};
use crate::calendar::{DAY_MS, iso_day};

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layout {
    /// `2026-10-12 05:08:31,905 [39] INFO  App.Session - …`, stack lines below.
    Log4net,
    /// One compact JSON object a line, as Serilog writes it.
    Serilog,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log4net => "log4net",
            Self::Serilog => "serilog",
        })
    }
}

const MINUTE_MS: i64 = 60_000;

/// Writes events in one layout. Keeps what neighbouring records share.
#[derive(Debug, Clone)]
pub struct Renderer {
    layout: Layout,
    actions: Vec<Template>,
    noise: Vec<Template>,
    errors: Vec<Template>,
    stack: Vec<Template>,
    /// Minutes since 1970 of `minute_text`, the date and time up to the seconds.
    minute: i64,
    minute_text: String,
    body: Vec<u8>,
}

impl Renderer {
    /// A renderer of a layout.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let templates = |table: &[Wording]| table.iter().map(|one| Template::new(one.text)).collect();
        Self {
            layout,
            actions: templates(&ACTIONS),
            noise: templates(&NOISE),
            errors: templates(&ERRORS),
            stack: STACK.map(Template::new).to_vec(),
            minute: i64::MIN,
            minute_text: String::new(),
            body: Vec::new(),
        }
    }

    /// Appends the record of an event, its line end and its stack lines included.
    pub fn render(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.turn_minute(event.time_ms);
        match self.layout {
            Layout::Log4net => self.log4net(event, out),
            Layout::Serilog => self.serilog(event, out),
        }
    }

    fn turn_minute(&mut self, time_ms: i64) {
        let minute = time_ms.div_euclid(MINUTE_MS);
        if minute == self.minute {
            return;
        }
        self.minute = minute;
        let day = time_ms.div_euclid(DAY_MS) as i32;
        let of_day = time_ms.rem_euclid(DAY_MS) / MINUTE_MS;
        let between = match self.layout {
            Layout::Log4net => ' ',
            Layout::Serilog => 'T',
        };
        let (hour, minute) = (of_day / 60, of_day % 60);
        self.minute_text = format!("{}{between}{hour:02}:{minute:02}:", iso_day(day));
    }

    fn log4net(&mut self, event: &Event, out: &mut Vec<u8>) {
        let (logger, severity, stack) = head(event.what);
        self.push_time(event.time_ms, b',', out);
        out.extend_from_slice(b" [");
        push_number(out, u32::from(event.thread));
        out.extend_from_slice(match severity {
            Severity::Debug => b"] DEBUG ",
            Severity::Info => b"] INFO  ",
            Severity::Warn => b"] WARN  ",
            Severity::Error => b"] ERROR ",
            Severity::Fatal => b"] FATAL ",
        });
        out.extend_from_slice(logger.as_bytes());
        out.extend_from_slice(b" - ");
        let mut random = Random::new(event.salt);
        self.push_body(event, &mut random, out);
        out.push(b'\n');
        if stack {
            for line in &self.stack {
                line.fill(&mut random, context(event), out);
                out.push(b'\n');
            }
        }
    }

    fn serilog(&mut self, event: &Event, out: &mut Vec<u8>) {
        let (logger, severity, stack) = head(event.what);
        out.extend_from_slice(b"{\"@t\": \"");
        self.push_time(event.time_ms, b'.', out);
        out.extend_from_slice(b"0000Z\", \"@m\": \"");
        let mut random = Random::new(event.salt);
        let mut body = std::mem::take(&mut self.body);
        body.clear();
        self.push_body(event, &mut random, &mut body);
        push_escaped(out, &body);
        out.extend_from_slice(b"\", \"SourceContext\": \"");
        out.extend_from_slice(logger.as_bytes());
        out.extend_from_slice(b"\", \"ThreadId\": ");
        push_number(out, u32::from(event.thread));
        out.extend_from_slice(match severity {
            Severity::Debug => b", \"@l\": \"Debug\"".as_slice(),
            Severity::Info => b"",
            Severity::Warn => b", \"@l\": \"Warning\"",
            Severity::Error => b", \"@l\": \"Error\"",
            Severity::Fatal => b", \"@l\": \"Fatal\"",
        });
        if stack {
            out.extend_from_slice(b", \"@x\": \"");
            for (at, line) in self.stack.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(b"\\n");
                }
                body.clear();
                line.fill(&mut random, context(event), &mut body);
                push_escaped(out, &body);
            }
            out.push(b'"');
        }
        out.extend_from_slice(b"}\n");
        self.body = body;
    }

    fn push_time(&self, time_ms: i64, fraction: u8, out: &mut Vec<u8>) {
        let of_minute = time_ms.rem_euclid(MINUTE_MS) as u32;
        let millis = of_minute % 1000;
        out.extend_from_slice(self.minute_text.as_bytes());
        out.extend_from_slice(&two_digits(of_minute / 1000));
        out.push(fraction);
        out.push(b'0' + (millis / 100) as u8);
        out.extend_from_slice(&two_digits(millis % 100));
    }

    fn push_body(&self, event: &Event, random: &mut Random, out: &mut Vec<u8>) {
        let restart = |out: &mut Vec<u8>, verb: &str, service: u8| {
            out.extend_from_slice(b"Service restart ");
            out.extend_from_slice(verb.as_bytes());
            out.extend_from_slice(SERVICES[usize::from(service)].as_bytes());
        };
        match event.what {
            What::SessionStart { session, version } => {
                push_session(out, session, b" started by ", event.user);
                out.extend_from_slice(b" version ");
                out.extend_from_slice(VERSIONS[usize::from(version)].as_bytes());
            }
            What::SessionEnd { session } => push_session(out, session, b" ended by ", event.user),
            What::Action { wording } => {
                self.actions[usize::from(wording)].fill(random, context(event), out);
            }
            What::Noise { wording, .. } => {
                self.noise[usize::from(wording)].fill(random, context(event), out);
            }
            What::Error { wording } => {
                self.errors[usize::from(wording)].fill(random, context(event), out);
            }
            What::RestartRequested { service } => restart(out, "requested: ", service),
            What::RestartTimedOut { service } => restart(out, "timed out: ", service),
            What::RestartCompleted { service, took_ms } => {
                restart(out, "completed: ", service);
                out.extend_from_slice(b" in ");
                push_number(out, took_ms);
                out.extend_from_slice(b" ms");
            }
        }
    }
}

fn push_session(out: &mut Vec<u8>, session: u32, verb: &[u8], user: u16) {
    out.extend_from_slice(b"Session ");
    push_hex(out, u64::from(session), 8, HEX_LOWER);
    out.extend_from_slice(verb);
    push_user(out, user);
}

fn context(event: &Event) -> Context {
    Context { user: event.user, day_ms: event.time_ms.rem_euclid(DAY_MS) as u32 }
}

/// Logger, severity, and whether a stack follows.
fn head(what: What) -> (&'static str, Severity, bool) {
    let of = |one: &Wording| (one.logger, one.severity, one.stack);
    match what {
        What::SessionStart { .. } | What::SessionEnd { .. } => ("App.Session", Severity::Info, false),
        What::RestartRequested { .. } | What::RestartCompleted { .. } => ("Svc.Control", Severity::Info, false),
        What::RestartTimedOut { .. } => ("Svc.Control", Severity::Warn, false),
        What::Action { wording } => of(&ACTIONS[usize::from(wording)]),
        What::Error { wording } => of(&ERRORS[usize::from(wording)]),
        What::Noise { wording, severity } => (NOISE[usize::from(wording)].logger, severity, false),
    }
}

/// The application's texts hold quotes and backslashes, but no control characters.
fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        if byte == b'"' || byte == b'\\' {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-12 05:08:31.905 UTC.
    const TIME_MS: i64 = 1_791_781_711_905;

    fn line(layout: Layout, what: What) -> String {
        let event = Event { time_ms: TIME_MS, salt: 7, user: 2951, thread: 39, what };
        let mut out = Vec::new();
        Renderer::new(layout).render(&event, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_session_start_reads_as_in_the_samples() {
        let start = What::SessionStart { session: 0x3929_2d22, version: 2 };
        assert_eq!(
            line(Layout::Log4net, start),
            "2026-10-12 05:08:31,905 [39] INFO  App.Session - Session 39292d22 started by u2951 version 4.2.1\n"
        );
        assert_eq!(
            line(Layout::Serilog, start),
            "{\"@t\": \"2026-10-12T05:08:31.9050000Z\", \"@m\": \"Session 39292d22 started by u2951 version 4.2.1\", \"SourceContext\": \"App.Session\", \"ThreadId\": 39}\n"
        );
    }

    #[test]
    fn both_layouts_tell_the_same() {
        for wording in 0..ERRORS.len() as u8 {
            let what = What::Error { wording };
            let text = line(Layout::Log4net, what);
            let json: serde_json::Value = serde_json::from_str(&line(Layout::Serilog, what)).unwrap();
            let (first, stack) = text.trim_end().split_once('\n').unwrap_or((text.trim_end(), ""));
            let body = first.split_once(" - ").unwrap().1;
            assert_eq!(json["@m"], body);
            assert_eq!(json["@x"].as_str().unwrap_or(""), stack);
        }
    }
}

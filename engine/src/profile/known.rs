//! The layouts that go by a name: what well-known loggers write where nobody told them otherwise.
//!
//! This is the one table of them: `kind` takes these names, and whatever recognises a layout looks here.

use std::collections::BTreeMap;

use super::{Fields, ForTags, Format, Layout};

/// A layout with a name.
#[derive(Debug)]
pub struct Known {
    /// The word of `kind`.
    pub name: &'static str,
    /// Who writes it.
    pub description: &'static str,
    /// A line of it.
    pub sample: &'static str,
    written: Written,
    /// Severity words that only this layout has.
    severities: &'static [(&'static str, u8)],
}

/// How the lines are laid out.
#[derive(Debug)]
pub(super) enum Written {
    /// Pattern and timestamp.
    Text(&'static str, &'static str),
    Json(Names),
    Logfmt(Names),
    /// Timestamp of the older form.
    Syslog(&'static str),
}

/// The fields that hold timestamp, severity, logger, body and exception.
type Names = [&'static [&'static str]; 5];

const LOG4: Written = Written::Text("{timestamp} [{thread}] {severity} {logger} - {body}", "%Y-%m-%d %H:%M:%S,%3f");

/// Bunyan's and pino's numbers.
const TENS: &[(&str, u8)] = &[("10", 1), ("20", 5), ("30", 9), ("40", 13), ("50", 17), ("60", 21)];

/// All of them. Of two that fit a line, the first fits it better.
pub const KNOWN: [Known; 19] = [
    Known {
        name: "log4net",
        description: "log4net, PatternLayout %date [%thread] %-5level %logger - %message%newline",
        sample: "2026-10-12 05:48:29,658 [26] INFO  App.Session - Session 511935f9 started",
        written: LOG4,
        severities: &[],
    },
    Known {
        name: "log4j",
        description: "Log4j, PatternLayout %d [%t] %-5p %c - %m%n",
        sample: "2026-10-12 05:48:29,658 [main] INFO  app.session.Start - Session 511935f9 started",
        written: LOG4,
        severities: &[],
    },
    Known {
        name: "logback",
        description: "Logback, %d [%thread] %-5level %logger{36} - %msg%n",
        sample: "2026-10-12 05:48:29,658 [pool-1-thread-2] INFO  a.session.Start - Session 511935f9 started",
        written: LOG4,
        severities: &[],
    },
    Known {
        name: "spring",
        description: "Spring Boot's console and file",
        sample: "2026-10-12T05:48:29.658+02:00  INFO 4711 --- [main] app.session.Start : Session 511935f9 started",
        written: Written::Text("{timestamp} {severity} {process.id} --- [{thread}] {logger} : {body}", "rfc3339"),
        severities: &[],
    },
    Known {
        name: "nlog",
        description: "NLog, ${longdate}|${level:uppercase=true}|${logger}|${message}",
        sample: "2026-10-12 05:48:29.6580|INFO|App.Session|Session 511935f9 started",
        written: Written::Text("{timestamp}|{severity}|{logger}|{body}", "%Y-%m-%d %H:%M:%S%.f"),
        severities: &[],
    },
    Known {
        name: "serilog",
        description: "Serilog's file sink",
        sample: "2026-10-12 05:48:29.658 +02:00 [INF] Session 511935f9 started",
        written: Written::Text("{timestamp} [{severity}] {body}", "%Y-%m-%d %H:%M:%S%.3f %:z"),
        severities: &[],
    },
    Known {
        name: "python",
        description: "Python's logging, %(asctime)s - %(name)s - %(levelname)s - %(message)s",
        sample: "2026-10-12 05:48:29,658 - app.session - INFO - Session 511935f9 started",
        // Fractions of any length, behind a comma or a point, and none: `default_msec_format` is often changed.
        written: Written::Text("{timestamp} - {logger} - {severity} - {body}", "rfc3339"),
        severities: &[],
    },
    Known {
        name: "glog",
        description: "glog and Abseil of C++, klog of Kubernetes",
        sample: "I1012 05:48:29.658000    4711 session.cc:123] Session 511935f9 started",
        written: Written::Text("{severity}{timestamp} {thread} {logger}:{line}] {body}", "%m%d %H:%M:%S%.f"),
        severities: &[],
    },
    Known {
        name: "java-util-logging",
        description: "java.util.logging's SimpleFormatter, two lines a record",
        sample: "Oct 12, 2026 5:48:29 AM app.session.Start run\nINFO: Session 511935f9 started",
        written: Written::Text("{timestamp} {logger} {*}\n{severity}: {body}", "%b %d, %Y %-I:%M:%S %p"),
        severities: &[],
    },
    Known {
        name: "dotnet-console",
        description: "the console of .NET's Microsoft.Extensions.Logging with a `TimestampFormat`, two lines a record",
        sample: "2026-10-12 05:48:29 info: App.Session[0]\n      Session 511935f9 started",
        written: Written::Text("{timestamp} {severity}: {logger}[{*}]\n {body}", "rfc3339"),
        severities: &[("CRIT", 21)],
    },
    Known {
        name: "syslog",
        description: "syslog of RFC 5424 and RFC 3164, with a priority in front or without",
        sample: "<14>1 2026-10-12T05:48:29.658Z ws-0001 app 4711 - - Session 511935f9 started",
        written: Written::Syslog("%b %e %H:%M:%S%.f"),
        severities: &[],
    },
    Known {
        name: "json",
        description: "Serilog's compact JSON; other fields are named in `fields`",
        sample: r#"{"@t":"2026-10-12T05:48:29.658Z","@m":"Session 511935f9 started","SourceContext":"App.Session"}"#,
        written: Written::Json([&["@t"], &["@l"], &["SourceContext"], &["@m", "@mt"], &["@x"]]),
        severities: &[],
    },
    Known {
        name: "serilog-json",
        description: "Serilog's JSON, not compact",
        sample: r#"{"Timestamp":"2026-10-12T05:48:29.658+02:00","Level":"Information","MessageTemplate":"Session {Id} started","RenderedMessage":"Session 511935f9 started","Properties":{"SourceContext":"App.Session"}}"#,
        written: Written::Json([
            &["Timestamp"],
            &["Level"],
            &["Properties.SourceContext"],
            &["RenderedMessage", "MessageTemplate"],
            &["Exception"],
        ]),
        severities: &[],
    },
    Known {
        name: "ecs",
        description: "Elastic Common Schema, as its loggers for .NET, Java and Python write it",
        sample: r#"{"@timestamp":"2026-10-12T05:48:29.658Z","log.level":"INFO","message":"Session 511935f9 started","log":{"logger":"app.session"}}"#,
        written: Written::Json([
            &["@timestamp"],
            &["log.level"],
            &["log.logger"],
            &["message"],
            &["error.stack_trace", "error.message"],
        ]),
        severities: &[],
    },
    Known {
        name: "logstash",
        description: "logstash-logback-encoder, and others that follow Logstash",
        sample: r#"{"@timestamp":"2026-10-12T05:48:29.658+02:00","message":"Session 511935f9 started","logger_name":"app.session","level":"INFO"}"#,
        written: Written::Json([&["@timestamp"], &["level"], &["logger_name"], &["message"], &["stack_trace"]]),
        severities: &[],
    },
    Known {
        name: "bunyan",
        description: "bunyan and pino of Node.js and Electron",
        sample: r#"{"name":"session","pid":4711,"level":30,"msg":"Session 511935f9 started","time":"2026-10-12T05:48:29.658Z","v":0}"#,
        written: Written::Json([&["time"], &["level"], &["name"], &["msg"], &["err.stack", "err.message"]]),
        severities: TENS,
    },
    Known {
        name: "zap",
        description: "zap of Go",
        sample: r#"{"level":"info","ts":1791784109.658,"logger":"session","caller":"a/b.go:7","msg":"Session 511935f9 started"}"#,
        written: Written::Json([&["ts"], &["level"], &["logger"], &["msg"], &["error", "stacktrace"]]),
        severities: &[("DPANIC", 21)],
    },
    Known {
        name: "python-json",
        description: "python-json-logger",
        sample: r#"{"asctime": "2026-10-12 05:48:29,658", "name": "app.session", "levelname": "INFO", "message": "Session 511935f9 started"}"#,
        written: Written::Json([
            &["asctime", "timestamp"],
            &["levelname", "level"],
            &["name"],
            &["message"],
            &["exc_info"],
        ]),
        severities: &[],
    },
    Known {
        name: "logfmt",
        description: "logfmt, pairs of key and value; other keys are named in `fields`",
        sample: r#"ts=2026-10-12T05:48:29.658Z level=info logger=app.session msg="Session 511935f9 started" user=u7346"#,
        written: Written::Logfmt([
            &["ts", "time", "t", "timestamp"],
            &["level", "lvl", "severity"],
            &["logger", "component", "caller"],
            &["msg", "message"],
            &["stack", "stacktrace", "error", "err"],
        ]),
        severities: &[],
    },
];

/// The layout of a name.
pub fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

impl Known {
    /// The format of a profile that names this layout and nothing else.
    pub fn format(&self) -> Format {
        Format {
            name: None,
            tags: ForTags::default(),
            files: None,
            encoding: None,
            layout: self.layout(),
            zone: chrono_tz::UTC,
            severities: self.severities(),
            severity_default: None,
        }
    }

    /// Whether a record's head has two lines.
    pub fn is_of_two_lines(&self) -> bool {
        matches!(self.written, Written::Text(pattern, _) if pattern.contains('\n'))
    }

    /// How the lines are laid out.
    pub(super) fn layout(&self) -> Layout {
        let auto = || "auto".to_owned();
        match &self.written {
            Written::Text(pattern, timestamp) => {
                Layout::Pattern { pattern: (*pattern).to_owned(), timestamp: (*timestamp).to_owned() }
            }
            Written::Json(names) => Layout::Json { fields: fields(names), timestamp: auto() },
            Written::Logfmt(names) => Layout::Logfmt { fields: fields(names), timestamp: auto() },
            Written::Syslog(timestamp) => Layout::Syslog { timestamp: (*timestamp).to_owned() },
        }
    }

    pub(super) fn severities(&self) -> BTreeMap<String, u8> {
        self.severities.iter().map(|(word, number)| ((*word).to_owned(), *number)).collect()
    }
}

fn fields(names: &Names) -> Fields {
    let [timestamp, severity, logger, body, exception] =
        names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    Fields { timestamp, severity, logger, body, exception }
}

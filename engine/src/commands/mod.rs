//! The command line: arguments in, one place that renders errors, exit codes out.
//!
//! Results go to standard output, everything else to standard error.

mod check;
mod columns;
mod dry_run;
mod events_suggest;
mod every;
mod format_detect;
mod format_test;
mod init;
mod inventory;
mod probe;
mod progress;
mod run;
mod sample;
mod signatures;
mod stop;
mod store;

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::iter::successors;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::profile::{self, Faults, Period};

/// Turns the logs of a fleet of desktop installations into what a support team needs to know.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    how: How,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  done, with parts missing (an instance that was not reached, a plugin that failed): the report names them
  2  the profile or the command line is wrong: nothing was done
  3  failed: the store or the report could not be read or written, or someone stopped it";

const STORE_CODES: &str = "\
`verify` ends with exit code 1 when something is wrong, `repair` when something still is.";

/// How a command speaks, and about which profile.
#[derive(Debug, Args)]
struct How {
    /// The profile
    #[arg(short, long, global = true, default_value = "fleet.toml", value_name = "FILE")]
    profile: PathBuf,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: every instance, and what plugins say to their developers
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Give the summary as JSON on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fetch what is new, analyse it, publish the report
    Run {
        #[command(flatten)]
        days: Days,
        /// Go on by itself: a run at once, and then one each time that so much has passed, such as 30min or 1h.
        /// A run that fails says so, and the next one tries again. SIGTERM and Ctrl+C end it with exit code 0
        #[arg(long, value_name = "INTERVAL", value_parser = profile::parse_interval)]
        every: Option<Duration>,
    },
    /// Fetch what is new, and stop there
    Fetch {
        /// List every instance and say what would be fetched, and store nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Analyse what is stored and publish the report, without fetching
    Report(Days),
    /// Show how large the store is; verify it; repair it
    #[command(after_help = STORE_CODES)]
    Store {
        #[command(subcommand)]
        what: Option<store::What>,
    },
    /// Check the profile and say what it would do
    Check,
    /// Ask one instance and show what came back, how it is understood and what would be fetched; nothing is stored
    Probe {
        /// Its name, or an address that is in no list: http://HOST:PORT
        instance: String,
        /// A tag that it has beside its own, to try what `override` makes of it; may be given again
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
    },
    /// Show what errors are counted by: each signature, how often it came, examples, and the rule behind it
    Signatures(signatures::Asked),
    /// Propose a format for log files, or try the profile's on them
    #[command(subcommand)]
    Format(FormatCommand),
    /// Suggest event rules
    #[command(subcommand)]
    Events(EventsCommand),
    /// Write a commented profile to start from
    Init {
        /// The file to write
        #[arg(default_value = "fleet.toml")]
        file: PathBuf,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
enum FormatCommand {
    /// Propose `[format]` for these log files, with the share of lines that it explains; no profile is needed
    Detect {
        /// Log files, or `-` for standard input; of a long one, the first 16 MiB are read
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show what the profile's format and event rules make of the lines of these log files
    Test {
        /// Log files, or `-` for standard input; of a long one, the first 16 MiB are read
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// How many records of each file are shown, and how many lines that are none
        #[arg(long, default_value_t = 20, value_name = "N")]
        lines: usize,
    },
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// List the most frequent messages that no rule names, as rules to paste
    Suggest {
        /// Log files, or `-` for standard input; of a long one, the first 16 MiB are read. None: what is stored
        files: Vec<PathBuf>,
        /// How many rules
        #[arg(long, default_value_t = 20, value_name = "N")]
        most: usize,
    },
}

/// The days that the report covers, where not those of the profile.
#[derive(Debug, Default, Args)]
struct Days {
    /// First day, such as 2026-10-12
    #[arg(long, value_name = "DAY", value_parser = profile::parse_day, requires = "to")]
    from: Option<i32>,
    /// Last day
    #[arg(long, value_name = "DAY", value_parser = profile::parse_day, requires = "from")]
    to: Option<i32>,
    /// A period as in the profile: "7 days", "last month", "all", "2026-10-01..2026-10-31"
    #[arg(long, value_parser = profile::parse_period, conflicts_with_all = ["from", "to"])]
    period: Option<Period>,
}

impl Days {
    fn or(&self, settings: &Period) -> Result<Period, Failed> {
        match (self.from, self.to, &self.period) {
            (Some(from), Some(to), _) if from > to => {
                Err(Failed::usage("`--from` is later than `--to`", "give the earlier day first"))
            }
            (Some(from), Some(to), _) => Ok(Period::Days { from, to: to.saturating_add(1) }),
            (_, _, Some(period)) => Ok(period.clone()),
            _ => Ok(settings.clone()),
        }
    }
}

/// Whether everything is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Whole,
    PartsMissing,
}

/// Why a command could not do its work.
#[derive(Debug)]
enum Failed {
    /// The profile is wrong.
    Profile(Faults),
    /// The command line is wrong.
    Usage { what: String, help: String },
    /// Something else: what, and the way out.
    Other { what: String, help: String },
    /// Someone asked to stop.
    Stopped,
}

impl Failed {
    fn usage(what: impl fmt::Display, help: &str) -> Self {
        Self::Usage { what: what.to_string(), help: help.to_owned() }
    }

    fn other(what: impl fmt::Display, help: &str) -> Self {
        Self::Other { what: what.to_string(), help: help.to_owned() }
    }

    /// Trouble with files in a folder of LogParser's own.
    fn disk(error: &(dyn Error + 'static), folder: &Path) -> Self {
        let causes = successors(Some(error), |error: &&(dyn Error + 'static)| Error::source(*error));
        let kind = causes.filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind).next();
        let folder = folder.display();
        let help = match kind {
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                format!("make room on the disk of {folder}, and run it again; nothing stored was lost")
            }
            Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => {
                format!("let LogParser's user write to {folder}, and run it again; nothing stored was lost")
            }
            _ => format!("check the room and the rights on the disk of {folder}; nothing stored was lost"),
        };
        Self::Other { what: error.to_string(), help }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Profile(_) | Self::Usage { .. } => 2,
            Self::Other { .. } | Self::Stopped => 3,
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(faults) => write!(f, "{faults}"),
            Self::Usage { what, help } | Self::Other { what, help } => write!(f, "error: {what}\nhelp: {help}"),
            Self::Stopped => f.write_str("error: stopped before it was done\nhelp: run it again to go on"),
        }
    }
}

/// Runs the program's command line.
pub fn main() -> ExitCode {
    ExitCode::from(run_args(std::env::args_os()))
}

/// Runs a command line, the program's name first; gives its exit code.
pub fn run_args(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. Nobody reads on: a closed pipe is no failure.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    match dispatch(&cli) {
        Ok(Done::Whole) => 0,
        Ok(Done::PartsMissing) => 1,
        Err(failed) => {
            progress::complain(failed.to_string().trim_end());
            failed.code()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Done, Failed> {
    match &cli.command {
        Command::Init { file } => init::init(file),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "logparser", &mut script);
            out(&String::from_utf8_lossy(&script));
            Ok(Done::Whole)
        }
        Command::Check => check::check(&cli.how),
        Command::Store { what } => store::store(&cli.how, *what),
        Command::Probe { instance, tags } => probe::probe(&cli.how, instance, tags),
        Command::Format(FormatCommand::Detect { files }) => format_detect::format_detect(&cli.how, files),
        Command::Format(FormatCommand::Test { files, lines }) => format_test::format_test(&cli.how, files, *lines),
        Command::Events(EventsCommand::Suggest { files, most }) => {
            events_suggest::events_suggest(&cli.how, files, *most)
        }
        Command::Signatures(asked) => signatures::signatures(&cli.how, asked),
        Command::Run { days, every: Some(interval) } => every::every(&cli.how, days, *interval),
        Command::Run { days, every: None } => run::run(&cli.how, &run::Stages { fetch: true, report: Some(days) }),
        Command::Fetch { dry_run: true } => dry_run::dry_run(&cli.how),
        Command::Fetch { dry_run: false } => run::run(&cli.how, &run::Stages { fetch: true, report: None }),
        Command::Report(days) => run::run(&cli.how, &run::Stages { fetch: false, report: Some(days) }),
    }
}

/// Writes to standard output. Nobody reads on: a closed pipe is no failure.
fn out(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

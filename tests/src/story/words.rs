//! What the target application says: its loggers, texts and severities. Adding a text is adding a row.
//!
//! Variable parts: `{10-99}` a number in that range, `{hex8}` that many upper-case hexadecimal digits, `{guid}`,
//! `{profile}`, `{user}` the session's user, `{clock}` the record's own time of day.

use super::Severity;

/// One text of the application.
#[derive(Debug, Clone, Copy)]
pub struct Wording {
    pub logger: &'static str,
    pub severity: Severity,
    pub text: &'static str,
    /// How often it is chosen among its table.
    pub weight: u32,
    /// Stack lines follow.
    pub stack: bool,
}

const fn info(logger: &'static str, text: &'static str) -> Wording {
    Wording { logger, severity: Severity::Info, text, weight: 1, stack: false }
}

const fn error(logger: &'static str, weight: u32, text: &'static str) -> Wording {
    Wording { logger, severity: Severity::Error, text, weight, stack: false }
}

/// What users do: the interactions of the KPIs.
pub const ACTIONS: [Wording; 7] = [
    info("App.Ui", "Profile selected: {profile}"),
    info("App.Ui", "Logon requested for production host ph{10-99}"),
    info("App.Ui", "Audio device changed to {guid}"),
    info("App.Ui", "Settings dialog opened"),
    info("App.Ui", "Favourite workspace {1-99} activated"),
    info("App.Ui", "Search for '{profile}' gave {0-250} hits"),
    info("App.Ui", "Workspace layout {hex4} saved"),
];

/// Background records, which no KPI counts. Their severity varies: see `plan`.
pub const NOISE: [Wording; 6] = [
    info("Core.Loop", "Heartbeat sent, rtt={10-90} ms"),
    info("Core.Loop", "Cache hit for profile {profile} ({1000-9999} bytes)"),
    info("Core.Loop", "GC pause {10-99} ms, heap {100-250} MB"),
    info("Core.Loop", "Polling config version, etag={hex8}"),
    info("Core.Loop", "Watcher: no change in {100-250} files"),
    info("Core.Loop", "Checked licence seat {1000-9999}"),
];

/// The row of [`ERRORS`] that ends its session.
pub const CRASH: usize = 0;
/// The row of [`ERRORS`] that is fatal without ending the session.
pub const CORRUPT_STORE: usize = 1;
/// The row of [`ERRORS`] that only the newest version writes.
pub const NEWEST_ONLY: usize = 2;

/// Errors and fatals; the text up to the first variable part is unique.
pub const ERRORS: [Wording; 9] = [
    Wording {
        logger: "App.Crash",
        severity: Severity::Fatal,
        text: "Unhandled exception in thread {1-99}: NullReferenceException at ConfigHandler.Shell.Run()",
        weight: 0,
        stack: true,
    },
    Wording {
        logger: "Config.Store",
        severity: Severity::Fatal,
        text: "Configuration store C:\\ProgramData\\CH\\{guid}.db is corrupt at page {1000-9999}",
        weight: 0,
        stack: true,
    },
    Wording {
        logger: "Mixer.Scene",
        severity: Severity::Error,
        text: "Scene {1-400} of mixer mx{10-99} could not be recalled: checksum {hex8} differs",
        weight: 0,
        stack: true,
    },
    error(
        "Net.Http",
        42,
        "Request to https://cfg{10-99}.radio.example/api/v2/profiles/{10000-99999} failed with status 503 after {1000-9999} ms",
    ),
    error(
        "Config.Loader",
        20,
        "Could not load profile '{profile}' from \\\\fs{10-99}\\radio\\profiles: access denied (0x{hex8})",
    ),
    error("Logon.Broker", 12, "Production host 10.{100-250}.{100-250}.{10-99}:{10000-65000} refused logon for {user}"),
    error("Auth.Kerberos", 10, "Ticket for {user}@RADIO.EXAMPLE expired at {clock}; renewal refused"),
    error("Audio.Device", 9, "Sound card {guid} lost while opening stream {100-250}"),
    error("Db.Sqlite", 7, "database is locked (retry {1-5} of 5)"),
];

/// Lines below a record with a stack; the number in `{}` varies.
pub const STACK: [&str; 3] = [
    "   at ConfigHandler.Shell.Run() in C:\\build\\src\\Shell.cs:line {100-250}",
    "   at ConfigHandler.Program.Main(String[] args) in C:\\build\\src\\Program.cs:line {10-99}",
    "--- End of inner exception stack trace ---",
];

/// Names that profiles of the target application have; one is not ASCII, one holds a slash.
pub const PROFILES: [&str; 6] = ["Newsroom-A", "Øst-Drama", "Regional/Nord", "Studio 4", "P3-Live", "Archive"];

/// Released versions, oldest first; the last one is being rolled out.
pub const VERSIONS: [&str; 5] = ["4.1.9", "4.2.0", "4.2.1", "5.0.0-rc1", "5.0.0"];
/// Index of the version that is being rolled out.
pub const NEWEST: usize = 4;

/// Services that users restart.
pub const SERVICES: [&str; 2] = ["PlayoutBridge", "AudioRouter"];
/// Index of the service that the newest version restarts more slowly.
pub const AUDIO_ROUTER: usize = 1;

/// The part of a text before its first variable part: tells texts of one table apart.
#[must_use]
pub fn literal_prefix(text: &str) -> &str {
    text.split('{').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_text_begins_like_another() {
        for (at, one) in ERRORS.iter().enumerate() {
            for other in &ERRORS[at + 1..] {
                let (one, other) = (literal_prefix(one.text), literal_prefix(other.text));
                assert!(!one.starts_with(other) && !other.starts_with(one), "{one} | {other}");
            }
        }
    }
}

//! Web servers that nobody here wrote, over a folder of log files, and `logrotate`, from Debian's packages.
//!
//! Where a program is not installed, a test is skipped with a word on standard error; where `CI` is set, it fails.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const NGINX: &str = include_str!("nginx.conf");
const APACHE: &str = include_str!("apache.conf");

/// A server starts, and a request is in its log, within milliseconds; a machine that is busy may take longer.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(5);

/// Another process may take the port between the look for a free one and the start.
const STARTS_MAX: usize = 5;

/// Whether these programs are there.
pub fn installed(programs: &[&str]) -> bool {
    let folders: Vec<PathBuf> = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from).into();
    let missing: Vec<_> =
        programs.iter().filter(|program| !folders.iter().any(|folder| folder.join(program).exists())).collect();
    if !missing.is_empty() {
        let word = format!("{missing:?} not installed; `apt-get install nginx apache2 logrotate` brings them");
        assert!(env::var_os("CI").is_none(), "{word}");
        eprintln!("skipped: {word}");
    }
    missing.is_empty()
}

/// A web server of a folder, for as long as this is kept.
pub struct WebServer {
    child: Child,
    port: u16,
    folder: PathBuf,
    /// Lines of its log that were read.
    read: usize,
}

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub path: String,
    pub status: u16,
    /// The header `Range`.
    pub range: Option<String>,
    /// Bytes of the body.
    pub bytes: u64,
}

impl WebServer {
    /// nginx over the folder `files`; its own files lie in `folder`.
    pub fn nginx(folder: &Path, files: &Path) -> WebServer {
        Self::start(folder, files, NGINX, |settings| {
            let mut command = Command::new("nginx");
            command.arg("-p").arg(folder).arg("-e").arg(folder.join("error.log")).arg("-c").arg(settings);
            command
        })
    }

    /// Apache httpd.
    pub fn apache(folder: &Path, files: &Path) -> WebServer {
        Self::start(folder, files, APACHE, |settings| {
            let mut command = Command::new("apache2");
            command.arg("-X").arg("-d").arg(folder).arg("-f").arg(settings);
            command
        })
    }

    fn start(folder: &Path, files: &Path, template: &str, program: impl Fn(&Path) -> Command) -> WebServer {
        fs::create_dir_all(folder).expect("a folder");
        open_to_all(folder);
        let settings = folder.join("server.conf");
        for _ in 0..STARTS_MAX {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let filled = template.replace("{folder}", text(folder)).replace("{files}", text(files));
            fs::write(&settings, filled.replace("{port}", &port.to_string())).expect("settings");
            let child = in_the_foreground(&program(&settings)).stdin(Stdio::null()).spawn().expect("a server");
            let mut server = WebServer { child, port, folder: folder.to_owned(), read: 0 };
            if server.answers() {
                return server;
            }
        }
        panic!("the server does not start: {}", fs::read_to_string(folder.join("error.log")).unwrap_or_default());
    }

    /// Waits until the server takes connections; `false` when it has ended.
    fn answers(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < PATIENCE && self.child.try_wait().expect("a process of ours").is_none() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            thread::sleep(LOOK);
        }
        false
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// So many requests, those since the last time that this was asked, in their order. More are a failure; what is under
    /// way is waited for, because a server writes its log after its answer: Apache not always in the order in which
    /// requests began, which its lines tell.
    pub fn asked(&mut self, count: u64) -> Vec<Asked> {
        let started = Instant::now();
        loop {
            let log = fs::read_to_string(self.folder.join("access.log")).unwrap_or_default();
            // A request line without a request is that of `answers`.
            let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            let mut asked: Vec<_> = lines.filter_map(Asked::read).collect();
            let news = asked.len() - self.read;
            if news as u64 >= count || started.elapsed() > PATIENCE {
                assert_eq!(news as u64, count, "requests in the log of the server: {:#?}", &asked[self.read..]);
                let mut news = asked.split_off(self.read);
                self.read += news.len();
                news.sort_by(|(a, _), (b, _)| a.total_cmp(b));
                return news.into_iter().map(|(_, asked)| asked).collect();
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Asked {
    /// A request, and when it was.
    fn read(line: &str) -> Option<(f64, Asked)> {
        let [time, status, range, bytes, request] = line.trim_end().splitn(5, '|').collect::<Vec<_>>()[..] else {
            panic!("a line of the server's log: {line}");
        };
        let path = request.strip_prefix("GET ")?.split(' ').next()?;
        let asked = Asked {
            path: path.to_owned(),
            status: status.parse().expect("a status"),
            range: (range != "-").then(|| range.to_owned()),
            bytes: bytes.parse().expect("a number of bytes"),
        };
        Some((time.parse().expect("a time"), asked))
    }
}

/// The program as a user that may serve files and nothing else, where this process may be anyone; ended by the system
/// when this process ends, however it ends.
fn in_the_foreground(program: &Command) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig").arg("KILL");
    // Only root may write there.
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        command.args(["--reuid", "www-data", "--regid", "www-data", "--clear-groups"]);
    }
    command.arg(program.get_program()).args(program.get_args());
    command
}

/// Rotates the files named in these settings, due or not.
pub fn logrotate(settings: &Path) {
    let output = Command::new("logrotate")
        .arg("--force")
        .arg("--state")
        .arg(settings.with_extension("state"))
        .arg(settings)
        .output()
        .expect("logrotate starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Lets every user see, and write, what is in a folder of this test.
fn open_to_all(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("a folder of ours");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

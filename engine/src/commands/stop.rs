//! Stopping: the first signal asks for a clean end, the second one ends the process at once.

use std::future::pending;
use std::io;
use std::process;
use std::thread;

use tokio::runtime::Builder;
use tokio::sync::watch::{self, Receiver};

use super::progress::Voice;

/// Whether someone asked the program to stop.
#[derive(Debug, Clone)]
pub struct Stop(Receiver<bool>);

impl Stop {
    /// Listens to the system's signals from now on. Where that is not possible, they end the process as they always do:
    /// the store is safe then, too.
    pub fn on_signals(voice: Voice) -> Self {
        let (ask, asked) = watch::channel(false);
        let listen = move || -> io::Result<()> {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut signals = Signals::new()?;
                signals.next().await;
                ask.send_replace(true);
                voice.say("stopping; what was read is kept. Another signal ends at once");
                process::exit(signals.next().await)
            })
        };
        // Without the thread nobody asks.
        let _ = thread::Builder::new().name("signals".to_owned()).spawn(listen);
        Self(asked)
    }

    /// Whether it was asked for.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes when it is asked for.
    pub async fn asked(&self) {
        if self.0.clone().wait_for(|asked| *asked).await.is_err() {
            // Nobody can ask any more.
            pending().await
        }
    }
}

/// The signals that end programs, with the exit code of a program that each of them ended.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => 128 + 15,
            _ = self.interrupt.recv() => 128 + 2,
        }
    }
}

/// Closing the window, logging off and shutting down end the process as they always do.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> i32 {
        match tokio::signal::ctrl_c().await {
            Ok(()) => 130,
            Err(_) => pending().await,
        }
    }
}

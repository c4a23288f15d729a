//! The door of an instance: its listening socket, open or shut, always at the same address.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Connections waiting to be accepted.
const BACKLOG: u32 = 64;
/// How long shutting waits for answers that are under way.
const SHUT_TIMEOUT: Duration = Duration::from_secs(1);

/// A server's socket that can be shut and opened again.
pub struct Door {
    address: SocketAddr,
    state: State,
}

enum State {
    Open {
        /// Dropped: the server stops.
        stop: oneshot::Sender<()>,
        /// Disconnected once it has.
        stopped: mpsc::Receiver<()>,
    },
    /// Holds the port, which an outgoing connection could take otherwise; a socket that does not listen refuses.
    Shut { _reserved: TcpSocket },
}

impl Door {
    /// A bound socket on a port of the system's choice, to be opened by [`Door::open`].
    pub fn new(runtime: &Handle) -> io::Result<Self> {
        let _entered = runtime.enter();
        let reserved = bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: reserved.local_addr()?, state: State::Shut { _reserved: reserved } })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Serves until it is shut, or until `deadline`.
    pub fn open(&mut self, runtime: &Handle, app: Router, deadline: Instant) -> io::Result<()> {
        let _entered = runtime.enter();
        let listener = bind(self.address)?.listen(BACKLOG)?;
        let (stop, stopping) = oneshot::channel();
        let (running, stopped) = mpsc::channel();
        runtime.spawn(async move {
            serve(listener, app, stopping, deadline).await;
            drop(running);
        });
        self.state = State::Open { stop, stopped };
        Ok(())
    }

    /// Refuses new connections and closes those that are idle.
    pub fn shut(&mut self, runtime: &Handle) -> io::Result<()> {
        let _entered = runtime.enter();
        let reserved = bind(self.address)?;
        let shut = State::Shut { _reserved: reserved };
        if let State::Open { stop, stopped } = std::mem::replace(&mut self.state, shut) {
            drop(stop);
            // Ends with an error either way: nothing is ever sent.
            let _ = stopped.recv_timeout(SHUT_TIMEOUT);
        }
        Ok(())
    }
}

async fn serve(listener: TcpListener, app: Router, stopping: oneshot::Receiver<()>, deadline: Instant) {
    // Without it, the last step of a slow body waits for the client's delayed acknowledgement.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    let stop = async move {
        tokio::select! {
            _ = stopping => {}
            () = tokio::time::sleep_until(deadline) => {}
        }
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(stop);
    // Never fails: errors of connections end the connection.
    let _ = server.await;
}

/// A socket that shares its port with the one that takes its place.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

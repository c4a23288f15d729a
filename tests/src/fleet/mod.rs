//! The simulated fleet: real HTTP servers on loopback, one port an instance, over files held in memory.
//!
//! ```text
//! story ──► files ──► answer ──► faults bend it ──► pour ──► connection
//!             ▲          │
//!   tests change them    └──► stats
//! ```
//!
//! The fleet lives in a time of its own, which passes in [`Fleet::advance`] only: file times follow it, the `Date` header
//! is that of the machine. The servers run on threads of their own, so blocking and asynchronous callers do alike; they stop
//! when the fleet is dropped, and by themselves at the end of its lifetime.

mod answer;
mod api;
mod door;
mod fault;
mod files;
mod instance;
mod options;
mod pour;
mod profile;
mod range;
mod stats;

use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

pub use fault::{Fault, RANDOM_FILE};
pub use instance::Instance;
pub use options::FleetOptions;
pub use profile::text as profile_text;
pub use range::Part;
pub use stats::{Request, Stats};

use crate::calendar::HOUR_MS;
use crate::disk::{DiskFault, Named, file_name, sorted_entries};
use crate::story::{Author, Layout, Rotation, Truth, instance_name};
use door::Door;

/// Threads that serve; the work is in the client.
const SERVER_THREADS: usize = 2;

/// A fleet that cannot be simulated.
#[derive(Debug, thiserror::Error)]
pub enum FleetFault {
    #[error(transparent)]
    Disk(#[from] DiskFault),
    #[error("cannot serve instance {instance} on loopback: {source}")]
    Socket { instance: String, source: std::io::Error },
}

/// A fleet of instances that answer.
pub struct Fleet {
    layout: Layout,
    clock_ms: Arc<AtomicI64>,
    members: Vec<Member>,
    deadline: Instant,
    /// Taken on drop only.
    runtime: Option<Runtime>,
}

struct Member {
    instance: Arc<Instance>,
    door: Door,
    /// None: the files were given and grow by hand only.
    author: Option<Author>,
}

impl Fleet {
    /// A fleet whose instances live along their stories.
    ///
    /// # Errors
    /// A socket that cannot be opened, usually for want of file descriptors.
    pub fn start(options: &FleetOptions) -> Result<Self, FleetFault> {
        let mut fleet = Self::empty(options)?;
        for index in 0..options.instances {
            let author = Author::new(&options.story, index, options.layout);
            fleet.admit(instance_name(index), options.rotation, Some(author))?;
        }
        fleet.tell();
        fleet.open_all()?;
        Ok(fleet)
    }

    /// A fleet that serves a copy of `folder/INSTANCE/FILE`, such as the samples' `clients`. All files seem to be
    /// written at the fleet's time, `options.start_ms()`; number of instances, story and rotation do not matter.
    ///
    /// # Errors
    /// A file that cannot be read, a socket that cannot be opened.
    pub fn from_folder(folder: &Path, options: &FleetOptions) -> Result<Self, FleetFault> {
        let mut fleet = Self::empty(options)?;
        for path in sorted_entries(folder)? {
            let instance = fleet.admit(file_name(&path), options.rotation, None)?;
            for file in sorted_entries(&path)? {
                let bytes = fs::read(&file).named("read", &file)?;
                instance.replace(&file_name(&file), &bytes);
            }
        }
        fleet.open_all()?;
        Ok(fleet)
    }

    fn empty(options: &FleetOptions) -> Result<Self, FleetFault> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(SERVER_THREADS)
            .thread_name("fleet")
            .enable_all()
            .build()
            .map_err(|source| socket_fault("(all)", source))?;
        Ok(Self {
            layout: options.layout,
            clock_ms: Arc::new(AtomicI64::new(options.start_ms())),
            members: Vec::new(),
            deadline: Instant::now() + options.lifetime,
            runtime: Some(runtime),
        })
    }

    fn admit(&mut self, name: String, rotation: Rotation, author: Option<Author>) -> Result<Arc<Instance>, FleetFault> {
        let door = Door::new(self.runtime().handle()).map_err(|e| socket_fault(&name, e))?;
        let clock_ms = Arc::clone(&self.clock_ms);
        let instance = Arc::new(Instance::new(name, door.address(), clock_ms, rotation));
        self.members.push(Member { instance: Arc::clone(&instance), door, author });
        Ok(instance)
    }

    fn open_all(&mut self) -> Result<(), FleetFault> {
        (0..self.members.len()).try_for_each(|index| self.set_down(index, false))
    }

    /// Every instance writes what happened up to now.
    fn tell(&mut self) {
        let now_ms = self.now_ms();
        for member in &mut self.members {
            if let Some(author) = &mut member.author {
                let Ok::<(), Infallible>(()) = member.instance.write(|files| author.write_until(now_ms, files));
            }
        }
    }

    /// Time passes: instances write on along their stories, and rotate files that are full. Those that are down
    /// write too; only nobody can ask them.
    pub fn advance(&mut self, hours: u32) {
        self.clock_ms.fetch_add(i64::from(hours) * HOUR_MS, Ordering::Relaxed);
        self.tell();
    }

    /// Sets the fleet's time, milliseconds since 1970 UTC, without anything happening.
    pub fn set_clock(&self, now_ms: i64) {
        self.clock_ms.store(now_ms, Ordering::Relaxed);
    }

    /// The fleet's time, milliseconds since 1970 UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.clock_ms.load(Ordering::Relaxed)
    }

    /// How log lines look.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// All instances, in the order of their names.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = &Arc<Instance>> {
        self.members.iter().map(|member| &member.instance)
    }

    /// An instance by its place in the order of names.
    ///
    /// # Panics
    /// There are fewer instances.
    #[must_use]
    pub fn instance(&self, index: usize) -> &Arc<Instance> {
        &self.members[index].instance
    }

    /// Where the instances listen, in the order of their names.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.instances().map(|one| one.address()).collect()
    }

    /// Refuses connections to an instance, or takes them again at the same port.
    ///
    /// # Errors
    /// A socket that cannot be opened again.
    ///
    /// # Panics
    /// There is no instance of that index.
    pub fn set_down(&mut self, index: usize, down: bool) -> Result<(), FleetFault> {
        let runtime = self.runtime().handle().clone();
        let deadline = self.deadline;
        let member = &mut self.members[index];
        let changed = match (down, member.door.is_open()) {
            (true, true) => member.door.shut(&runtime),
            (false, false) => {
                let app = api::router(Arc::clone(&member.instance));
                member.door.open(&runtime, app, deadline)
            }
            _ => Ok(()),
        };
        changed.map_err(|source| socket_fault(member.instance.name(), source))
    }

    /// Puts a fault on an instance, beside those that it has.
    ///
    /// # Errors
    /// As [`Fleet::set_down`].
    pub fn set_fault(&mut self, index: usize, fault: Fault) -> Result<(), FleetFault> {
        if fault == Fault::Down {
            return self.set_down(index, true);
        }
        self.members[index].instance.strike(fault);
        Ok(())
    }

    /// Takes all faults off an instance. What they did to its files stays.
    ///
    /// # Errors
    /// As [`Fleet::set_down`].
    pub fn clear_faults(&mut self, index: usize) -> Result<(), FleetFault> {
        self.members[index].instance.heal();
        self.set_down(index, false)
    }

    /// What was asked and sent since the last reset.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let instances = self.instances();
        Stats { instances: instances.map(|one| (one.name().to_owned(), one.requests())).collect() }
    }

    /// Begins a new count of requests.
    pub fn reset_stats(&self) {
        self.instances().for_each(|one| one.forget_requests());
    }

    /// The truth about everything that stories have written so far; files changed by hand are not in it.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let members = self.members.iter();
        let told = members.filter_map(|member| {
            let truth = member.author.as_ref()?.truth().clone();
            Some((member.instance.name().to_owned(), truth))
        });
        Truth { instances: told.collect() }
    }

    /// Writes `fleet.toml`, a profile of this fleet, and the `instances.csv` that it names; returns the profile's path.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn write_profile(&self, folder: &Path) -> Result<PathBuf, DiskFault> {
        profile::write(self, folder)
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("taken on drop only")
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would panic inside of another runtime.
            runtime.shutdown_background();
        }
    }
}

fn socket_fault(instance: &str, source: std::io::Error) -> FleetFault {
    FleetFault::Socket { instance: instance.to_owned(), source }
}

#[cfg(test)]
mod tests;

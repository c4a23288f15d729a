//! The one writer of the store during a fetch: a thread that appends bytes, and commits them in groups.
//!
//! A sync costs milliseconds whatever it carries, so the deltas of many instances share one: a group is closed at
//! 32 MiB, when nothing more arrives for 100 ms, or after a second, and is then synced to the mirror and committed
//! to the catalog in one transaction. Orders are carried out as they arrive; an instance whose task is cut short
//! leaves the store in the state after its last order.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::FetchError;
use crate::catalog::{Catalog, Change, Ends, Generation, GenerationId, Group, Hole, InstanceId, PathRow, Why};
use crate::mirror::{Checksum, Chunk, Mirror, MirrorError, MirrorWriter, StoreLock, checksum};

/// A group is closed at this size: a second of a fast disk.
const GROUP_BYTES_MAX: u64 = 32 << 20;

/// A group is closed when nothing more arrives for this long: far above the gap between answers of a busy fleet.
const GROUP_IDLE: Duration = Duration::from_millis(100);

/// A trickle that never pauses is committed this often; a crash costs no more work than that.
const GROUP_AGE_MAX: Duration = Duration::from_secs(1);

/// Bytes that wait to be written, over all instances. The network is slowed down when the disk is slower.
const WAITING_BYTES_MAX: usize = 32 << 20;

/// Longest chunk: neighbouring pieces of a transfer become one chunk up to here.
const CHUNK_BYTES_MAX: u64 = 4 << 20;

/// The committer has stopped; its thread knows why.
#[derive(Debug)]
pub(super) struct StoreGone;

/// What is stored of an instance.
#[derive(Debug)]
pub(super) struct Known {
    pub live: Vec<Generation>,
    pub paths: Vec<PathRow>,
    /// What was damaged, and is to be taken again.
    pub wanted: Vec<(GenerationId, Hole)>,
}

/// Stored bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// They are older than the profile keeps them.
    Dropped,
    Damaged,
}

enum Order {
    Load(InstanceId, oneshot::Sender<Known>),
    Closed(InstanceId, oneshot::Sender<Vec<Generation>>),
    Read { instance: InstanceId, generation: GenerationId, from: u64, to: u64, reply: oneshot::Sender<ReadBack> },
    Append { generation: GenerationId, offset: u64, bytes: Vec<u8>, ends: Ends, _room: OwnedSemaphorePermit },
    Mend { generation: GenerationId, offset: u64, bytes: Vec<u8> },
    Record(Vec<Change>),
}

type ReadBack = Result<Vec<u8>, Unread>;

/// Sends orders to the committer's thread.
pub(super) struct Committer {
    orders: Sender<Order>,
    room: Arc<Semaphore>,
    generation_next: AtomicI64,
}

/// Ends with the thread: what went wrong in the store, if anything did.
pub(super) type Done = oneshot::Receiver<Result<(), FetchError>>;

impl Committer {
    /// Starts the thread. It ends when the last committer is dropped and everything is committed.
    pub fn start(lock: &StoreLock, catalog: Catalog) -> Result<(Committer, Done), FetchError> {
        let writer = MirrorWriter::open(lock, &catalog.segments()?)?;
        let generation_next = AtomicI64::new(catalog.generation_id_next()?.0);
        let (orders, received) = mpsc::channel();
        let (finished, done) = oneshot::channel();
        let desk = Desk { catalog, writer, mirror: Mirror::open(lock.folder()), group: Open::default() };
        thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                // Nobody waits for the result once the fetch was dropped.
                let _ = finished.send(desk.work(&received));
            })
            .map_err(FetchError::Thread)?;
        let room = Arc::new(Semaphore::new(WAITING_BYTES_MAX));
        Ok((Committer { orders, room, generation_next }, done))
    }

    /// A key for a new generation.
    pub fn generation(&self) -> GenerationId {
        GenerationId(self.generation_next.fetch_add(1, Ordering::Relaxed))
    }

    pub async fn load(&self, instance: InstanceId) -> Result<Known, StoreGone> {
        self.ask(|reply| Order::Load(instance, reply)).await
    }

    /// The closed generations of an instance.
    pub async fn closed(&self, instance: InstanceId) -> Result<Vec<Generation>, StoreGone> {
        self.ask(|reply| Order::Closed(instance, reply)).await
    }

    /// Stored bytes of an instance's generation; only for short spans.
    pub async fn read(
        &self,
        instance: InstanceId,
        generation: GenerationId,
        from: u64,
        to: u64,
    ) -> Result<ReadBack, StoreGone> {
        self.ask(|reply| Order::Read { instance, generation, from, to, reply }).await
    }

    /// Fills a hole.
    pub fn mend(&self, generation: GenerationId, offset: u64, bytes: Vec<u8>) -> Result<(), StoreGone> {
        self.send(Order::Mend { generation, offset, bytes })
    }

    /// Adds bytes to a generation; waits while too many bytes are on their way to the disk.
    pub async fn append(
        &self,
        generation: GenerationId,
        offset: u64,
        bytes: Vec<u8>,
        ends: Ends,
    ) -> Result<(), StoreGone> {
        let permits = u32::try_from(bytes.len().min(WAITING_BYTES_MAX)).map_err(|_| StoreGone)?;
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| StoreGone)?;
        self.send(Order::Append { generation, offset, bytes, ends, _room: room })
    }

    /// Changes of the catalog alone; they become visible together.
    pub fn record(&self, changes: Vec<Change>) -> Result<(), StoreGone> {
        self.send(Order::Record(changes))
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, StoreGone> {
        let (reply, answer) = oneshot::channel();
        self.send(order(reply))?;
        answer.await.map_err(|_| StoreGone)
    }

    fn send(&self, order: Order) -> Result<(), StoreGone> {
        self.orders.send(order).map_err(|_| StoreGone)
    }
}

/// The thread's side.
struct Desk {
    catalog: Catalog,
    writer: MirrorWriter,
    mirror: Mirror,
    group: Open,
}

/// The group that is being collected.
#[derive(Default)]
struct Open {
    changes: Vec<Change>,
    /// Of the last chunk.
    checksum: Checksum,
    bytes: u64,
    since: Option<Instant>,
}

impl Desk {
    fn work(mut self, orders: &Receiver<Order>) -> Result<(), FetchError> {
        loop {
            let order = match self.group.since {
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => orders.recv_timeout(GROUP_IDLE),
            };
            match order {
                Ok(order) => self.carry_out(order)?,
                Err(RecvTimeoutError::Timeout) => self.commit()?,
                Err(RecvTimeoutError::Disconnected) => return self.commit(),
            }
            let old = self.group.since.is_some_and(|since| since.elapsed() >= GROUP_AGE_MAX);
            if old || self.group.bytes >= GROUP_BYTES_MAX {
                self.commit()?;
            }
        }
    }

    /// Whoever asked may have gone meanwhile: an answer that nobody takes is dropped.
    fn carry_out(&mut self, order: Order) -> Result<(), FetchError> {
        match order {
            Order::Load(instance, reply) => {
                let live = self.catalog.generations_by_state(instance, true)?;
                let paths = self.catalog.paths(instance)?;
                let holes = self.catalog.holes(instance)?.into_iter();
                let holes = holes.flat_map(|(id, holes)| holes.into_iter().map(move |hole| (id, hole)));
                let wanted = holes.filter(|(_, hole)| hole.why == Why::Wanted).collect();
                let _ = reply.send(Known { live, paths, wanted });
            }
            Order::Closed(instance, reply) => {
                self.commit()?;
                let _ = reply.send(self.catalog.generations_by_state(instance, false)?);
            }
            Order::Read { instance, generation, from, to, reply } => {
                self.commit()?;
                let _ = reply.send(self.read(instance, generation, from, to)?);
            }
            Order::Mend { generation, offset, bytes } => {
                let place = self.writer.append(&bytes)?;
                let chunk = Chunk {
                    offset,
                    bytes: bytes.len() as u64,
                    segment: place.segment,
                    position: place.position,
                    packed: None,
                    checksum: Some(checksum(&bytes)),
                };
                self.group.add(vec![Change::Mend { generation, chunk }]);
            }
            Order::Append { generation, offset, bytes, ends, _room } => {
                let place = self.writer.append(&bytes)?;
                let length = bytes.len() as u64;
                let (segment, position) = (place.segment, place.position);
                let chunk = Chunk { offset, bytes: length, segment, position, packed: None, checksum: None };
                self.group.add_chunk(generation, chunk, ends, &bytes);
            }
            Order::Record(changes) => self.group.add(changes),
        }
        Ok(())
    }

    fn read(&self, instance: InstanceId, generation: GenerationId, from: u64, to: u64) -> Result<ReadBack, FetchError> {
        let holes = self.catalog.holes(instance)?;
        let mut met = holes.get(&generation).into_iter().flatten().filter(|hole| hole.meets(from, to)).peekable();
        if met.peek().is_some() {
            let dropped = met.all(|hole| hole.why == Why::Dropped);
            return Ok(Err(if dropped { Unread::Dropped } else { Unread::Damaged }));
        }
        let chunks = self.catalog.chunks(generation)?;
        let mut reader = self.mirror.reader(&chunks, from, to)?;
        let mut bytes = Vec::new();
        match std::io::Read::read_to_end(&mut reader, &mut bytes).map_err(|error| error.downcast::<MirrorError>()) {
            Ok(_) => Ok(Ok(bytes)),
            Err(Ok(MirrorError::Damaged { .. })) => Ok(Err(Unread::Damaged)),
            Err(Ok(error)) => Err(error.into()),
            Err(Err(error)) => Err(FetchError::Read(error)),
        }
    }

    fn commit(&mut self) -> Result<(), FetchError> {
        let group = std::mem::take(&mut self.group);
        if group.since.is_none() {
            return Ok(());
        }
        let segments = self.writer.sync()?;
        self.catalog.commit(&Group { segments, changes: group.changes, at_us: Utc::now().timestamp_micros() })?;
        Ok(())
    }
}

impl Open {
    fn add(&mut self, changes: Vec<Change>) {
        self.since.get_or_insert_with(Instant::now);
        self.changes.extend(changes);
    }

    /// A piece that continues the one before it, in the file and in the segment, makes it longer.
    fn add_chunk(&mut self, generation: GenerationId, mut chunk: Chunk, ends: Ends, bytes: &[u8]) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes += chunk.bytes;
        if let Some(Change::Append { generation: before, chunk: last, ends: last_ends }) = self.changes.last_mut()
            && *before == generation
            && last.offset + last.bytes == chunk.offset
            && last.segment == chunk.segment
            && last.position + last.bytes == chunk.position
            && last.bytes + chunk.bytes <= CHUNK_BYTES_MAX
        {
            last.bytes += chunk.bytes;
            last.checksum = Some(self.checksum.add(bytes));
            *last_ends = ends;
            return;
        }
        self.checksum = Checksum::default();
        chunk.checksum = Some(self.checksum.add(bytes));
        self.changes.push(Change::Append { generation, chunk, ends });
    }
}

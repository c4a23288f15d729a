//! The stream of an instance: the records of its generations in one order.
//!
//! Within a generation the order is that of the file. Between generations it is that of time: a record's *key* is
//! the greatest time that its generation has shown so far, so that a clock that steps back never reorders a file.
//! Equal keys are ordered by the generations' first records, then by their content: neither names nor the order of
//! arrival decide.

use std::io::{self, Read};
use std::ops::Range;

use crate::catalog::{Digest, GenerationId};
use crate::normalise::{Passed, Record, Records, Shape, Tally, Told};

/// A pause that ends a span of activity, as in the contract.
pub const PAUSE_US: i64 = 60 * crate::calendar::SECOND_US;

/// Generations that are read side by side at most, a buffer each. Files that overlap more often than that are no
/// rotation; they are then taken one after the other in the order of their first records.
const SIDE_BY_SIDE_MAX: usize = 64;
/// Generations of an instance that stay open from the look at where they begin until their turn comes.
const KEPT_OPEN_MAX: usize = 8;
/// What is read of one that does not, to learn where it begins.
const PEEK_BYTES: u64 = 16 << 10;

/// What is to be read of one generation.
#[derive(Debug, Clone)]
pub struct Lane {
    pub generation: GenerationId,
    /// First byte to read: a line's begin.
    pub from: u64,
    /// Up to here it was read before, and faults were counted.
    pub counted: u64,
    /// Byte to stop before.
    pub to: u64,
    /// Nothing will follow: an unterminated last line is a record.
    pub closed: bool,
    /// The greatest time before `from`.
    pub key: Option<i64>,
    /// Time of the generation's first record, where it is known.
    pub first_key: Option<i64>,
    /// Hash of the first bytes.
    pub head: Digest,
    /// When the generation was there first.
    pub seen_us: Option<i64>,
    /// The formats that may be its, and what of it is settled already.
    pub formats: u64,
    pub shape: Shape,
}

/// Order of generations whose keys are equal.
pub type Order = (i64, Digest);

/// Where a record stands in the stream.
type Place = (i64, Order);

/// Sees the records of an instance.
pub trait Visitor<E> {
    /// A record, its key, and the position of its lane.
    fn visit(&mut self, lane: usize, key: i64, record: &Record) -> Result<(), E>;

    /// The times at which records of a lane that nobody wants need not be seen one by one.
    fn quiet(&self, lane: usize) -> Range<i64>;

    /// How often an event occurred among these that plugins count, as bits.
    fn count(&mut self, event: u16, plugins: u64, times: u64);

    /// Such records, none more than [`PAUSE_US`] behind the one before it.
    fn pass(&mut self, passed: Passed);
}

/// Far too large to be moved from list to list.
type Reading<'n, R> = Box<Records<'n, R>>;

/// A lane that is being read.
struct Open<'n, R: Read> {
    lane: usize,
    key: i64,
    place: Place,
    records: Reading<'n, R>,
}

/// Visits all records of the lanes in the order of the stream, and gives each lane's tally.
///
/// `open` starts to read a lane, up to a byte.
///
/// # Errors
/// What reading gave.
pub fn run<'n, R: Read, E: From<io::Error>>(
    lanes: &[Lane],
    mut open: impl FnMut(&Lane, u64) -> Result<Records<'n, R>, E>,
    visitor: &mut impl Visitor<E>,
) -> Result<Vec<Tally>, E> {
    let mut tallies: Vec<Tally> = lanes.iter().map(|_| Tally::default()).collect();
    let mut waiting = Vec::new();
    for (lane, plan) in lanes.iter().enumerate() {
        let (place, records) = begin(plan, lanes.len(), &mut open)?;
        waiting.push((place, lane, records));
    }
    waiting.sort_by_key(|(place, lane, _)| std::cmp::Reverse((*place, *lane)));
    let mut active: Vec<Open<'n, R>> = Vec::new();
    loop {
        while let Some((place, lane, records)) = waiting
            .pop_if(|(place, ..)| active.len() < SIDE_BY_SIDE_MAX && active.iter().all(|other| *place <= other.place))
        {
            let records = match records {
                Some(records) => records,
                None => Box::new(open(&lanes[lane], lanes[lane].to)?),
            };
            active.push(Open { lane, key: lanes[lane].key.unwrap_or(i64::MIN), place, records });
        }
        let Some(first) = (0..active.len()).min_by_key(|&index| active[index].place) else {
            return Ok(tallies);
        };
        let others = active.iter().enumerate().filter(|(index, _)| *index != first).map(|(_, open)| open.place);
        let waits = waiting.last().map(|(place, ..)| *place).filter(|_| active.len() < SIDE_BY_SIDE_MAX);
        let limit = others.chain(waits).min();
        if !read(&mut active[first], limit, visitor)? {
            let done = active.swap_remove(first);
            tallies[done.lane] = done.records.into_tally();
        }
    }
}

/// Reads a lane as long as no other has the lesser place; false at its end.
fn read<R: Read, E: From<io::Error>>(
    open: &mut Open<'_, R>,
    limit: Option<Place>,
    visitor: &mut impl Visitor<E>,
) -> Result<bool, E> {
    let time_end = limit.map_or(i64::MAX, |(time, _)| time);
    loop {
        if let Some(limit) = limit {
            let Some(time) = open.records.peek_time()? else { return Ok(false) };
            open.place.0 = open.key.max(time);
            if open.place > limit {
                return Ok(true);
            }
        }
        let quiet = visitor.quiet(open.lane);
        // A record behind a later one has not its time for its key.
        let quiet = quiet.start.max(open.key)..quiet.end.min(time_end);
        let (lane, mut key, mut seen) = (open.lane, open.key, Ok(()));
        let passed = open.records.pass(quiet, PAUSE_US, |told| {
            match told {
                Told::Idle(passed) => {
                    key = passed.last;
                    visitor.pass(passed);
                }
                Told::Counted { event, plugins, times } => visitor.count(event, plugins, times),
                Told::One(record) => {
                    key = record.time;
                    seen = visitor.visit(lane, key, record);
                }
            }
            seen.is_ok()
        })?;
        seen?;
        if passed {
            open.key = key;
            continue;
        }
        let Some(record) = open.records.next()? else { return Ok(false) };
        open.key = open.key.max(record.time);
        visitor.visit(open.lane, open.key, record)?;
    }
}

/// Where a lane begins; with its records, where it stays open.
fn begin<'n, R: Read, E: From<io::Error>>(
    lane: &Lane,
    lanes: usize,
    open: &mut impl FnMut(&Lane, u64) -> Result<Records<'n, R>, E>,
) -> Result<(Place, Option<Reading<'n, R>>), E> {
    let (mut key, mut kept) = (lane.key.unwrap_or(i64::MIN), None);
    if lanes > 1 {
        let stays = lanes <= KEPT_OPEN_MAX;
        let mut records = Box::new(open(lane, if stays { lane.to } else { lane.to.min(lane.from + PEEK_BYTES) })?);
        key = records.peek_time()?.map_or(key, |time| key.max(time));
        kept = stays.then_some(records);
    }
    Ok(((key, (lane.first_key.unwrap_or(key), lane.head)), kept))
}

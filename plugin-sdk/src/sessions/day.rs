//! What a day's markers and activity leave behind.

use super::spans::Spans;
use super::{MARKERS_MAX, Owner, Reference};
use crate::{Batch, Merge, Save, Symbol, Time};

/// A start that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Save)]
pub(super) struct Begin {
    pub owner: Owner,
    pub user: Option<Symbol>,
    pub time: Time,
    /// Local time minus UTC.
    pub offset_min: i16,
    /// None while the start is the first record of the span.
    pub previous: Option<Time>,
}

/// An end or a crash that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Save)]
pub(super) struct Close {
    pub of: Reference,
    pub crash: bool,
    pub time: Time,
}

/// Something that opens or closes a session.
#[derive(Debug, Clone, PartialEq, Save)]
pub(super) enum Marker {
    Start(Begin),
    Close(Close),
}

/// The state of one local day.
#[derive(Debug, Clone, Default, PartialEq, Save)]
pub(super) struct Day {
    /// In stream order; between two starts without ends and crashes that change nothing.
    pub markers: Vec<Marker>,
    /// Whether there were more than [`MARKERS_MAX`].
    pub overfull: bool,
    /// Whether there was a start or an end.
    pub marked: bool,
    /// All starts, also those beyond [`MARKERS_MAX`].
    pub starts: u64,
    /// All crashes, also those that closed nothing.
    pub crashes: u64,
    /// Activity, as long as the day is not marked: nobody asks for it then.
    pub spans: Spans,
    /// The last record in stream order.
    pub last: Option<Time>,
}

impl Day {
    pub fn start(&mut self, mut begin: Begin) {
        begin.previous = begin.previous.or(self.last);
        self.starts += 1;
        self.mark();
        self.keep(Marker::Start(begin));
    }

    pub fn close(&mut self, close: Close, idle_us: i64) {
        match close.crash {
            true => self.crashes += 1,
            false => self.mark(),
        }
        self.push(close, idle_us);
    }

    pub fn activity(&mut self, batch: &Batch, idle_us: i64) {
        if !self.marked {
            batch.spans().for_each(|span| self.spans.join(span.first, span.last, idle_us));
        }
        self.last = batch.spans().next_back().map(|span| span.last).or(self.last);
    }

    /// Takes in the state of a later stretch of the same day.
    pub fn append(&mut self, later: Self, idle_us: i64) {
        let mut markers = later.markers;
        if let Some(Marker::Start(begin)) = markers.first_mut() {
            begin.previous = begin.previous.or(self.last);
        }
        match self.markers.is_empty() {
            true => self.markers = markers,
            false => markers.into_iter().for_each(|marker| match marker {
                Marker::Close(close) => self.push(close, idle_us),
                start => self.keep(start),
            }),
        }
        self.overfull |= later.overfull;
        self.starts.append(later.starts);
        self.crashes.append(later.crashes);
        if later.marked {
            self.mark();
        }
        if !self.marked {
            later.spans.iter().for_each(|(first, last)| self.spans.join(first, last, idle_us));
        }
        self.last = later.last.or(self.last);
    }

    fn mark(&mut self) {
        self.marked = true;
        self.spans = Spans::default();
    }

    /// Keeps an end or a crash, unless one before it has done all that it could do.
    fn push(&mut self, close: Close, idle_us: i64) {
        let since_start = self.markers.iter().rev().map_while(|marker| match marker {
            Marker::Close(earlier) => Some(earlier),
            Marker::Start(_) => None,
        });
        if !since_start.into_iter().any(|earlier| earlier.covers(&close, idle_us)) {
            self.keep(Marker::Close(close));
        }
    }

    /// The first markers stay. Which those are does not depend on where the stream was split: what an earlier marker
    /// covers is covered in every split in which it is not cut off itself.
    fn keep(&mut self, marker: Marker) {
        if self.markers.len() < MARKERS_MAX {
            self.markers.push(marker);
        } else {
            self.overfull = true;
        }
    }
}

impl Close {
    /// Whether a later one of the same reference changes nothing. A crash is kept once every idle timeout, so that
    /// each session that is cut at pauses can have its own. Covering is transitive, which the merge law needs.
    fn covers(&self, later: &Self, idle_us: i64) -> bool {
        let same_stretch = || self.time.0.div_euclid(idle_us) == later.time.0.div_euclid(idle_us);
        self.of == later.of && (!later.crash || (self.crash && same_stretch()))
    }
}

//! Decoded frames that the next reader may want: one looks where a file begins, another reads on from there.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Frames that are kept: with half a MiB each, 8 MiB. A file is opened for a look and then for reading, and the
/// files of an instance side by side; nothing is read again later.
const FRAMES_MAX: usize = 16;

/// A decoded frame.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Segment and position.
    pub place: (u32, u64),
    pub bytes: Vec<u8>,
}

/// A few frames that nobody reads at the moment. A reader takes one away and puts it back.
#[derive(Debug, Default)]
pub(super) struct Shelf(Mutex<VecDeque<Frame>>);

impl Shelf {
    /// The frame of this place, or room for it: a frame of another one.
    pub fn take(&self, place: (u32, u64)) -> Frame {
        let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = frames.iter().position(|frame| frame.place == place);
        let spare = (frames.len() >= FRAMES_MAX).then_some(0);
        found.or(spare).and_then(|at| frames.remove(at)).unwrap_or_default()
    }

    pub fn put(&self, frame: Frame) {
        let mut frames = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if frames.len() < FRAMES_MAX {
            frames.push_back(frame);
        }
    }
}

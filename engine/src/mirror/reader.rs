//! Streams a span of a generation out of the mirror.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use zstd::bulk::Decompressor;

use super::shelf::Frame;
use super::{Chunk, Mirror, MirrorError, frame, segment_path};

/// Reads straight into the caller's buffer, one positioned read for each stretch of neighbouring chunks: a large
/// buffer means few system calls. Sealed chunks are decoded one by one.
pub struct MirrorReader<'a> {
    mirror: &'a Mirror,
    stretches: VecDeque<Stretch>,
    file: Option<(u32, Arc<File>)>,
    /// The frame that is being read; it is verified.
    frame: Option<Frame>,
    decoder: Option<Decompressor<'static>>,
    packed: Vec<u8>,
    left_bytes: u64,
}

/// Bytes that lie in one piece in a segment.
#[derive(Debug)]
enum Stretch {
    Plain {
        segment: u32,
        position: u64,
        bytes: u64,
    },
    /// A part of a frame.
    Sealed {
        chunk: Chunk,
        from: u64,
        bytes: u64,
    },
}

impl Stretch {
    fn new(chunk: &Chunk, at: u64, bytes: u64) -> Stretch {
        let from = at - chunk.offset;
        match chunk.packed {
            None => Stretch::Plain { segment: chunk.segment, position: chunk.position + from, bytes },
            Some(_) => Stretch::Sealed { chunk: *chunk, from, bytes },
        }
    }

    /// Makes it longer where the other one lies right behind it.
    fn join(&mut self, other: &Stretch) -> bool {
        match (self, other) {
            (
                Stretch::Plain { segment, position, bytes },
                Stretch::Plain { segment: next_segment, position: next, bytes: more },
            ) if segment == next_segment && *position + *bytes == *next => {
                *bytes += more;
                true
            }
            _ => false,
        }
    }
}

impl<'a> MirrorReader<'a> {
    pub(super) fn new(
        mirror: &'a Mirror,
        chunks: &[Chunk],
        from: u64,
        to: u64,
    ) -> Result<MirrorReader<'a>, MirrorError> {
        let mut stretches: VecDeque<Stretch> = VecDeque::new();
        let mut at = from;
        let first = chunks.partition_point(|chunk| chunk.end() <= from);
        for chunk in &chunks[first..] {
            if at >= to || chunk.offset > at {
                break;
            }
            let bytes = chunk.end().min(to) - at;
            let stretch = Stretch::new(chunk, at, bytes);
            at += bytes;
            if !stretches.back_mut().is_some_and(|last| last.join(&stretch)) {
                stretches.push_back(stretch);
            }
        }
        if at < to {
            return Err(MirrorError::Hole { from, to, missing: at });
        }
        let left_bytes = to.saturating_sub(from);
        Ok(MirrorReader { mirror, stretches, file: None, frame: None, decoder: None, packed: Vec::new(), left_bytes })
    }

    /// Bytes that are still to come.
    pub fn left_bytes(&self) -> u64 {
        self.left_bytes
    }

    /// Reads a part of the first stretch; gives how many bytes, and how many are left there.
    fn read_some(&mut self, buffer: &mut [u8]) -> Result<(usize, u64), MirrorError> {
        let MirrorReader { mirror, stretches, file, frame, decoder, packed, .. } = self;
        match stretches.front_mut() {
            None => Ok((0, 0)),
            Some(Stretch::Plain { segment, position, bytes }) => {
                let file = match file {
                    Some((number, file)) if number == segment => file,
                    _ => &file.insert((*segment, mirror.segment(*segment, *position)?)).1,
                };
                let wanted = buffer.len().min(usize::try_from(*bytes).unwrap_or(usize::MAX));
                let got = match read_at(file, &mut buffer[..wanted], *position) {
                    Ok(0) => return Err(mirror.truncated(*segment, *position)),
                    Ok(got) => got,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                    Err(error) => return Err(MirrorError::io("read", &segment_path(&mirror.folder, *segment))(error)),
                };
                *position += got as u64;
                *bytes -= got as u64;
                Ok((got, *bytes))
            }
            Some(Stretch::Sealed { chunk, from, bytes }) => {
                let place = (chunk.segment, chunk.position);
                if frame.as_ref().is_none_or(|frame| frame.place != place) {
                    frame.take().into_iter().for_each(|frame| mirror.shelf.put(frame));
                    *frame = Some(open(mirror, chunk, decoder, packed)?);
                }
                let text = frame.as_ref().map_or(&[][..], |frame| &frame.bytes);
                let part = usize::try_from(*from).ok().and_then(|from| text.get(from..)).unwrap_or_default();
                let got = buffer.len().min(part.len()).min(usize::try_from(*bytes).unwrap_or(usize::MAX));
                buffer[..got].copy_from_slice(&part[..got]);
                *from += got as u64;
                *bytes -= got as u64;
                Ok((got, *bytes))
            }
        }
    }
}

/// The frame of a chunk, decoded and verified.
fn open(
    mirror: &Mirror,
    chunk: &Chunk,
    decoder: &mut Option<Decompressor<'static>>,
    packed: &mut Vec<u8>,
) -> Result<Frame, MirrorError> {
    let place = (chunk.segment, chunk.position);
    let mut found = mirror.shelf.take(place);
    if found.place == place && found.bytes.len() as u64 == chunk.bytes {
        return Ok(found);
    }
    let failed = |error: io::Error| mirror.damaged(chunk, format!("cannot be decoded: {error}"));
    let decoder = match decoder {
        Some(decoder) => decoder,
        empty => empty.insert(Decompressor::new().map_err(failed)?),
    };
    mirror.read_stored(chunk, packed)?;
    frame::unpack(decoder, packed, chunk.bytes, &mut found.bytes).map_err(failed)?;
    mirror.verify(chunk, &found.bytes)?;
    found.place = place;
    Ok(found)
}

impl Read for MirrorReader<'_> {
    /// Fills the buffer across chunks; fewer bytes come only at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() && !self.stretches.is_empty() {
            let (got, left) = self.read_some(&mut buffer[filled..]).map_err(io::Error::other)?;
            filled += got;
            self.left_bytes -= got as u64;
            if left == 0 {
                self.stretches.pop_front();
            }
        }
        Ok(filled)
    }
}

impl Drop for MirrorReader<'_> {
    fn drop(&mut self) {
        self.frame.take().into_iter().for_each(|frame| self.mirror.shelf.put(frame));
    }
}

impl fmt::Debug for MirrorReader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MirrorReader").field("stretches", &self.stretches).finish_non_exhaustive()
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

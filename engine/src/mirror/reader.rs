//! Streams a span of a generation out of the mirror.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use super::{Chunk, Mirror, MirrorError};

/// Reads straight into the caller's buffer, one positioned read for each stretch of neighbouring chunks: a large
/// buffer means few system calls.
#[derive(Debug)]
pub struct MirrorReader<'a> {
    mirror: &'a Mirror,
    stretches: VecDeque<Stretch>,
    file: Option<(u32, Arc<File>)>,
    left_bytes: u64,
}

/// Bytes that lie in one piece in a segment.
#[derive(Debug)]
struct Stretch {
    segment: u32,
    position: u64,
    bytes: u64,
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
        let first = chunks.partition_point(|chunk| chunk.offset + chunk.bytes <= from);
        for chunk in &chunks[first..] {
            if at >= to || chunk.offset > at {
                break;
            }
            let position = chunk.position + (at - chunk.offset);
            let bytes = (chunk.offset + chunk.bytes).min(to) - at;
            at += bytes;
            match stretches.back_mut() {
                Some(last) if last.segment == chunk.segment && last.position + last.bytes == position => {
                    last.bytes += bytes;
                }
                _ => stretches.push_back(Stretch { segment: chunk.segment, position, bytes }),
            }
        }
        if at < to {
            return Err(MirrorError::Hole { from, to, missing: at });
        }
        Ok(MirrorReader { mirror, stretches, file: None, left_bytes: to.saturating_sub(from) })
    }

    /// Bytes that are still to come.
    pub fn left_bytes(&self) -> u64 {
        self.left_bytes
    }
}

impl Read for MirrorReader<'_> {
    /// Fills the buffer across chunks; fewer bytes come only at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len()
            && let Some(stretch) = self.stretches.front_mut()
        {
            let file = match &self.file {
                Some((number, file)) if *number == stretch.segment => file,
                _ => {
                    let file = self.mirror.segment(stretch.segment).map_err(io::Error::other)?;
                    &self.file.insert((stretch.segment, file)).1
                }
            };
            let wanted = (buffer.len() - filled).min(usize::try_from(stretch.bytes).unwrap_or(usize::MAX));
            let got = match read_at(file, &mut buffer[filled..filled + wanted], stretch.position) {
                Ok(0) => return Err(truncated(stretch)),
                Ok(got) => got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            filled += got;
            self.left_bytes -= got as u64;
            stretch.position += got as u64;
            stretch.bytes -= got as u64;
            if stretch.bytes == 0 {
                self.stretches.pop_front();
            }
        }
        Ok(filled)
    }
}

fn truncated(stretch: &Stretch) -> io::Error {
    let text =
        format!("segment {:06} ends at byte {}, {} bytes too early", stretch.segment, stretch.position, stretch.bytes);
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

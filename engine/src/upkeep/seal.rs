//! Seals what rests: plain chunks become frames.
//!
//! Of a generation that is closed or did not grow for a day, everything is sealed; of one that grows, every full
//! frame. What is appended to it later is another plain chunk.

use super::UpkeepError;
use super::bench::Bench;
use crate::catalog::{GenerationId, Move};
use crate::mirror::{Chunk, FRAME_BYTES, Packer, checksum};

/// Seals what can be sealed, as long as there is time.
pub(super) fn seal_all(bench: &mut Bench<'_>, rested_us: i64) -> Result<(), UpkeepError> {
    let mut packer = None;
    for (generation, rests) in bench.catalog.unsealed(FRAME_BYTES, rested_us)? {
        let chunks = bench.catalog.chunks(generation)?;
        for run in chunks.chunk_by(|one, next| is_plain(one) && is_plain(next) && one.end() == next.offset) {
            let bytes: u64 = run.iter().filter(|chunk| is_plain(chunk)).map(|chunk| chunk.bytes).sum();
            let bytes = if rests { bytes } else { bytes - bytes % FRAME_BYTES };
            if bytes > 0 {
                let packer = match &mut packer {
                    Some(packer) => packer,
                    empty => empty.insert(Packer::new().map_err(UpkeepError::Pack)?),
                };
                seal(bench, packer, generation, run, bytes)?;
            }
        }
        if !bench.has_time() {
            break;
        }
    }
    bench.commit()
}

fn is_plain(chunk: &Chunk) -> bool {
    chunk.packed.is_none()
}

/// Seals the first `left` bytes of neighbouring chunks.
fn seal(
    bench: &mut Bench<'_>,
    packer: &mut Packer,
    generation: GenerationId,
    run: &[Chunk],
    mut left: u64,
) -> Result<(), UpkeepError> {
    let mut waiting = run.iter().copied();
    // What is left of the chunk in whose middle the last frame ended, and its text.
    let mut rest: Option<Chunk> = None;
    let mut text: Vec<u8> = Vec::new();
    while left > 0 && bench.has_time() {
        let mut from: Vec<Chunk> = rest.take().into_iter().collect();
        while (text.len() as u64) < left.min(FRAME_BYTES)
            && let Some(chunk) = waiting.next()
        {
            let read = bench.mirror.chunk(&chunk);
            let Some(bytes) = bench.readable(read)? else { return Ok(()) };
            text.extend_from_slice(&bytes);
            from.push(chunk);
        }
        let (Some(first), Some(last)) = (from.first().copied(), from.last().copied()) else { return Ok(()) };
        let mut to = Vec::new();
        let mut done = 0;
        while left > 0 && (text.len() - done) as u64 >= left.min(FRAME_BYTES) {
            let bytes = left.min(FRAME_BYTES);
            let part = &text[done..][..bytes as usize];
            let packed = packer.pack(part).map_err(UpkeepError::Pack)?;
            let place = bench.append(&packed)?;
            to.push(Chunk {
                offset: first.offset + done as u64,
                bytes,
                segment: place.segment,
                position: place.position,
                packed: Some(packed.len() as u64),
                checksum: Some(checksum(part)),
            });
            bench.done.sealed_bytes += bytes;
            bench.done.packed_bytes += packed.len() as u64;
            done += part.len();
            left -= bytes;
        }
        text.drain(..done);
        if !text.is_empty() {
            let (offset, bytes) = (first.offset + done as u64, text.len() as u64);
            let position = last.position + (last.bytes - bytes);
            rest = Some(Chunk { offset, bytes, position, checksum: Some(checksum(&text)), ..last });
            to.extend(rest);
        }
        bench.note(Move { generation, from, to })?;
    }
    Ok(())
}

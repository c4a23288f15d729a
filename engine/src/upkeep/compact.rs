//! Gives the room of dead bytes back: what is needed of a segment that is mostly dead moves to the newest one, and
//! the file goes.

use super::UpkeepError;
use super::bench::Bench;
use crate::catalog::{Move, SegmentUse};
use crate::mirror::{Chunk, checksum};

/// Empties and deletes every segment of which less than half is needed: to move a byte then frees more than one.
pub(super) fn compact(bench: &mut Bench<'_>) -> Result<(), UpkeepError> {
    let segments = bench.catalog.segments_in_use()?;
    for segment in segments.into_iter().filter(is_mostly_dead) {
        if !bench.has_time() {
            break;
        }
        bench.leave(segment.number)?;
        if empty(bench, segment.number)? {
            bench.delete(segment.number, segment.committed_bytes)?;
        }
    }
    Ok(())
}

pub(super) fn is_mostly_dead(segment: &SegmentUse) -> bool {
    segment.live_bytes == 0 || segment.live_bytes < segment.committed_bytes.div_ceil(2)
}

/// Moves everything that is needed of a segment; false where something stays.
fn empty(bench: &mut Bench<'_>, segment: u32) -> Result<bool, UpkeepError> {
    let mut whole = true;
    for (generation, chunk) in bench.catalog.chunks_in(segment)? {
        if !bench.has_time() {
            whole = false;
            break;
        }
        let read = bench.mirror.chunk_as_stored(&chunk);
        let Some(stored) = bench.readable(read)? else {
            whole = false;
            continue;
        };
        let place = bench.append(&stored)?;
        // A chunk of an older program gets its checksum on the way.
        let checksum = chunk.checksum.or_else(|| chunk.packed.is_none().then(|| checksum(&stored)));
        let moved = Chunk { segment: place.segment, position: place.position, checksum, ..chunk };
        bench.note(Move { generation, from: vec![chunk], to: vec![moved] })?;
    }
    bench.commit()?;
    Ok(whole)
}

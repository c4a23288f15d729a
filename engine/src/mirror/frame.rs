//! The sealed form of bytes: a zstd frame of its own for at most half a MiB, so that a read in the middle decodes
//! little, and the checksum by which every byte of the mirror can be verified.

use std::hash::Hasher as _;
use std::io;

use twox_hash::XxHash3_64;
use zstd::bulk::{Compressor, Decompressor};

/// Bytes of a frame before they are packed. Of log text, frames of 1 MiB are only 1 % smaller, and would double what
/// is held by a thread that reads many files side by side.
pub const FRAME_BYTES: u64 = 512 << 10;

/// On log text the first level packs to a sixth or less, at 4 s of CPU a GB; the third is slower and no smaller, the sixth
/// takes a tenth off at a fifth of the speed.
const LEVEL: i32 = 1;

/// XXH3, 64 bits: tells damage, at a cost that a fetch does not notice; it is no proof against a forger, who could
/// write to the catalog as well.
pub fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// A checksum of bytes that come piece by piece.
#[derive(Clone, Default)]
pub struct Checksum(XxHash3_64);

impl Checksum {
    /// Takes in the next piece.
    pub fn add(&mut self, bytes: &[u8]) -> u64 {
        self.0.write(bytes);
        self.0.finish()
    }
}

/// Packs frames.
pub struct Packer(Compressor<'static>);

impl Packer {
    /// # Errors
    /// When there is no memory.
    pub fn new() -> io::Result<Packer> {
        Compressor::new(LEVEL).map(Packer)
    }

    /// # Errors
    /// When there is no memory.
    pub fn pack(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.0.compress(bytes)
    }
}

/// Decodes a frame that holds `bytes` bytes; `into` then holds them, and nothing else.
///
/// # Errors
/// When it is no such frame.
pub(super) fn unpack(
    decoder: &mut Decompressor<'static>,
    packed: &[u8],
    bytes: u64,
    into: &mut Vec<u8>,
) -> io::Result<()> {
    let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
    into.clear();
    into.reserve_exact(bytes);
    decoder.decompress_to_buffer(packed, into)?;
    if into.len() == bytes { Ok(()) } else { Err(io::Error::other("a frame of another length")) }
}

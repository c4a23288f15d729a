//! Decodes a compressed file: gzip of any number of members, zstd of any number of frames.
//!
//! What a file is, its first bytes tell, not its name. A member or frame is verified by its own checksum once it is
//! complete: what a damaged one held does not count, what stands before it does. A file that simply ends too early
//! is one that is still being written: all that decoded counts, and the overlap of the next run verifies it.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};

use flate2::bufread::GzDecoder;

/// Bytes that decode at a time.
const PIECE_BYTES: usize = 64 << 10;

/// No log of a desktop program is that long; it is the bound on a bomb.
pub(super) const DECODED_BYTES_MAX: u64 = 4096 << 20;

/// Logs compress by 10 to 50 times, endless repetitions by a few hundred. What decodes to more is a bomb.
const RATIO_MAX: u64 = 400;

/// Below this the ratio says nothing: a short run of blanks compresses by a thousand.
const RATIO_FREE_BYTES: u64 = 16 << 20;

/// Largest window of a zstd frame, as a power of two: 8 MiB, what all levels but the "ultra" ones use. It is the
/// memory that one decoder takes.
const WINDOW_LOG_MAX: u32 = 23;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How a compressed file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// All of it decoded and verified, or it is not compressed.
    Whole,
    /// Its end is not there (yet).
    Truncated,
    /// From here on it cannot be decoded, and why.
    Damaged(&'static str),
    /// It holds more than any log.
    Excess,
}

/// What decoding came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unpacked {
    /// The file is as it is: no compression that is known.
    Plain,
    /// So many bytes count.
    Decoded(u64, Ending),
}

enum Packing {
    Gzip,
    Zstd,
}

/// What the next bytes begin.
enum Next {
    Part(Packing),
    /// The first bytes of a part, and no more.
    Beginning,
    Nothing,
    Other,
}

/// Decodes a file of so many bytes into another.
///
/// # Errors
/// Trouble with this machine's files; trouble with the content is an [`Ending`].
pub(super) fn unpack(packed: impl Read + Seek, packed_bytes: u64, out: &mut impl Write) -> io::Result<Unpacked> {
    let mut packed = BufReader::with_capacity(PIECE_BYTES, packed);
    let room = packed_bytes.saturating_mul(RATIO_MAX).clamp(RATIO_FREE_BYTES, DECODED_BYTES_MAX);
    let mut verified = 0;
    loop {
        let mut part: Box<dyn Read + '_> = match next(&mut packed)? {
            Next::Part(Packing::Gzip) => Box::new(GzDecoder::new(&mut packed)),
            Next::Part(Packing::Zstd) => {
                let mut frame = zstd::stream::read::Decoder::with_buffer(&mut packed)?.single_frame();
                frame.window_log_max(WINDOW_LOG_MAX)?;
                Box::new(frame)
            }
            Next::Beginning => return Ok(Unpacked::Decoded(verified, Ending::Truncated)),
            Next::Other if packed.stream_position()? == 0 => return Ok(Unpacked::Plain),
            Next::Nothing if packed_bytes == 0 => return Ok(Unpacked::Plain),
            Next::Nothing => return Ok(Unpacked::Decoded(verified, Ending::Whole)),
            Next::Other if pads(&mut packed)? => return Ok(Unpacked::Decoded(verified, Ending::Whole)),
            Next::Other => {
                let why = "something else follows the compressed text";
                return Ok(Unpacked::Decoded(verified, Ending::Damaged(why)));
            }
        };
        match copy(&mut *part, out, room - verified)? {
            (bytes, Ending::Whole) => verified += bytes,
            (bytes, Ending::Truncated) => return Ok(Unpacked::Decoded(verified + bytes, Ending::Truncated)),
            (_, ending) => return Ok(Unpacked::Decoded(verified, ending)),
        }
    }
}

/// What a file with these first bytes is compressed with.
pub(super) fn packing_of(first: &[u8]) -> Option<&'static str> {
    let gzip = first.starts_with(&GZIP).then_some("gzip");
    gzip.or(first.starts_with(&ZSTD).then_some("zstd"))
}

/// Looks at the next bytes without taking them.
fn next(packed: &mut BufReader<impl Read + Seek>) -> io::Result<Next> {
    let mut first = Vec::with_capacity(4);
    packed.by_ref().take(4).read_to_end(&mut first)?;
    packed.seek_relative(-(first.len() as i64))?;
    let skippable = matches!(first[..], [0x50..=0x5f, 0x2a, 0x4d, 0x18]);
    Ok(match &first[..] {
        [] => Next::Nothing,
        first if first.starts_with(&GZIP) => Next::Part(Packing::Gzip),
        first if first == ZSTD || skippable => Next::Part(Packing::Zstd),
        first if GZIP.starts_with(first) || ZSTD.starts_with(first) => Next::Beginning,
        _ => Next::Other,
    })
}

/// Whether nothing but zeros is left, as behind a file that was written into space set aside.
fn pads(packed: &mut BufReader<impl Read + Seek>) -> io::Result<bool> {
    let at = packed.stream_position()?;
    loop {
        let buffer = packed.fill_buf()?;
        if buffer.is_empty() {
            return Ok(true);
        }
        if buffer.iter().any(|byte| *byte != 0) {
            packed.seek(SeekFrom::Start(at))?;
            return Ok(false);
        }
        let length = buffer.len();
        packed.consume(length);
    }
}

/// Decodes one part; bytes beyond `room` are not taken.
fn copy(part: &mut dyn Read, out: &mut impl Write, room: u64) -> io::Result<(u64, Ending)> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut bytes = 0;
    loop {
        match part.read(&mut piece) {
            Ok(0) => return Ok((bytes, Ending::Whole)),
            Ok(read) if read as u64 > room - bytes => return Ok((bytes, Ending::Excess)),
            Ok(read) => {
                out.write_all(&piece[..read])?;
                bytes += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok((bytes, Ending::Truncated)),
            Err(error) if error.raw_os_error().is_some() => return Err(error),
            Err(_) => return Ok((bytes, Ending::Damaged("it is damaged"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::{Ending, Unpacked, unpack};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("a level");
        encoder.include_checksum(true).expect("a setting");
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    fn opened(packed: &[u8]) -> (Vec<u8>, Unpacked) {
        let mut out = Vec::new();
        let unpacked = unpack(Cursor::new(packed), packed.len() as u64, &mut out).expect("memory");
        if let Unpacked::Decoded(bytes, _) = unpacked {
            out.truncate(bytes as usize);
        }
        (out, unpacked)
    }

    #[test]
    fn parts_follow_one_another() {
        let all =
            [gzip(b"one "), zstd(b"two "), vec![0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9], gzip(b"three"), vec![0; 9]];
        assert_eq!(opened(&all.concat()), (b"one two three".to_vec(), Unpacked::Decoded(13, Ending::Whole)));
    }

    #[test]
    fn what_is_not_compressed_is_plain() {
        for plain in [&b""[..], b"a", b"plain text", &[0; 10]] {
            assert_eq!(opened(plain).1, Unpacked::Plain, "{plain:?}");
        }
        for beginning in [&b"\x1f"[..], b"\x28\xb5\x2f"] {
            assert_eq!(opened(beginning).1, Unpacked::Decoded(0, Ending::Truncated));
        }
    }

    #[test]
    fn damage_takes_nothing_of_its_part() {
        for pack in [gzip, zstd] {
            let (good, mut bad) = (pack(b"the first part"), pack(&[b'x'; 300]));
            let last = bad.len() - 1;
            bad[last] ^= 1;
            let (bytes, unpacked) = opened(&[good.clone(), bad].concat());
            assert_eq!(bytes, b"the first part");
            assert!(matches!(unpacked, Unpacked::Decoded(14, Ending::Damaged(_))), "{unpacked:?}");
            let (bytes, unpacked) = opened(&[good, b"rubbish".to_vec()].concat());
            assert_eq!((bytes.len(), matches!(unpacked, Unpacked::Decoded(14, Ending::Damaged(_)))), (14, true));
        }
    }

    #[test]
    fn a_bomb_is_not_decoded() {
        for pack in [gzip, zstd] {
            let bomb = pack(&vec![0; 17 << 20]);
            assert_eq!(opened(&bomb).1, Unpacked::Decoded(0, Ending::Excess));
        }
    }

    #[test]
    fn a_large_window_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("a level");
        encoder.window_log(27).expect("a setting");
        encoder.write_all(b"text").expect("memory");
        let packed = encoder.finish().expect("memory");
        assert!(matches!(opened(&packed).1, Unpacked::Decoded(0, Ending::Damaged(_))));
    }

    proptest! {
        /// Wherever a file is cut, what decodes is a beginning of what it holds, and it is not taken for whole.
        #[test]
        fn a_cut_file_gives_a_beginning(text in proptest::collection::vec(0_u8..4, 0..3_000), cut in 0.0..1.0_f64) {
            for pack in [gzip, zstd] {
                let packed = [pack(&text), pack(b"end")].concat();
                let whole = [&text[..], b"end"].concat();
                prop_assert_eq!(opened(&packed), (whole.clone(), Unpacked::Decoded(whole.len() as u64, Ending::Whole)));
                let first = pack(&text).len();
                let cut = (cut * packed.len() as f64) as usize;
                let (bytes, unpacked) = opened(&packed[..cut]);
                prop_assert!(whole.starts_with(&bytes));
                let complete = cut == 0 || cut == first;
                prop_assert_eq!(!complete, matches!(unpacked, Unpacked::Decoded(_, Ending::Truncated)));
            }
        }
    }
}

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use super::{Chunk, Mirror, MirrorError, MirrorWriter, Segment, StoreLock, checksum};

struct Store(PathBuf);

impl Store {
    fn new(name: &str) -> Store {
        let path = std::env::temp_dir().join(format!("logparser-mirror-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Store(path)
    }

    fn lock(&self) -> StoreLock {
        StoreLock::acquire(&self.0).expect("nobody else uses the store")
    }

    fn segment(&self, number: u32) -> PathBuf {
        self.0.join(format!("mirror/{number:06}.seg"))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(mirror: &Mirror, chunks: &[Chunk], from: u64, to: u64, buffer: usize) -> Vec<u8> {
    let mut reader = mirror.reader(chunks, from, to).expect("no holes");
    let mut bytes = Vec::new();
    let mut part = vec![0; buffer];
    loop {
        let got = reader.read(&mut part).expect("bytes");
        bytes.extend_from_slice(&part[..got]);
        if got < buffer {
            assert_eq!(reader.left_bytes(), 0);
            return bytes;
        }
    }
}

#[test]
fn what_is_appended_is_read_back_across_segments() {
    let store = Store::new("read");
    let lock = store.lock();
    let mut writer = MirrorWriter::with_segment_bytes_max(&lock, &[], 100).expect("a mirror");
    let (mut chunks, mut all) = (Vec::new(), Vec::new());
    for number in 0..60_u8 {
        let bytes = vec![number; usize::from(number % 7) * 5 + 1];
        let place = writer.append(&bytes).expect("room");
        let chunk = Chunk {
            offset: all.len() as u64,
            bytes: bytes.len() as u64,
            segment: place.segment,
            position: place.position,
            packed: None,
            checksum: Some(checksum(&bytes)),
        };
        chunks.push(chunk);
        all.extend(bytes);
        // Bytes of another generation in between.
        if number % 3 == 0 {
            writer.append(b"other").expect("room");
        }
    }
    let segments = writer.sync().expect("synced");
    assert!(segments.len() > 5);
    let mirror = Mirror::open(&store.0);
    for from in (0..all.len()).step_by(13) {
        for to in (from..=all.len()).step_by(17) {
            assert_eq!(read(&mirror, &chunks, from as u64, to as u64, 64), all[from..to]);
        }
    }
    assert_eq!(read(&mirror, &chunks, 0, all.len() as u64, 1 << 20), all);
    let end = all.len() as u64;
    assert!(matches!(mirror.reader(&chunks, 0, end + 1), Err(MirrorError::Hole { missing, .. }) if missing == end));
    assert!(matches!(mirror.reader(&chunks[1..], 0, 9), Err(MirrorError::Hole { missing: 0, .. })));
}

#[test]
fn debris_is_cut_off_and_lost_bytes_are_an_error() {
    let store = Store::new("debris");
    let lock = store.lock();
    let mut writer = MirrorWriter::open(&lock, &[]).expect("a mirror");
    writer.append(b"committed").expect("room");
    let segments = writer.sync().expect("synced");
    assert_eq!(segments, [Segment { number: 1, committed_bytes: 9 }]);
    writer.append(b"debris").expect("room");
    drop(writer);
    fs::write(store.segment(2), "debris of a segment").expect("a file");

    let mut writer = MirrorWriter::with_segment_bytes_max(&lock, &segments, 10).expect("a mirror");
    assert_eq!(fs::read(store.segment(1)).expect("a segment"), b"committed");
    let place = writer.append(b"12").expect("room");
    assert_eq!((place.segment, place.position), (1, 9));
    let place = writer.append(b"34").expect("room");
    assert_eq!((place.segment, place.position), (2, 0));
    writer.sync().expect("synced");
    assert_eq!(fs::read(store.segment(2)).expect("a segment"), b"34");

    // A segment that lost bytes is not written to any more, and what was in it is damaged.
    let short = [Segment { number: 2, committed_bytes: 12 }];
    let mut writer = MirrorWriter::open(&lock, &short).expect("a mirror");
    assert!(!store.segment(1).exists(), "nothing of an older segment is needed");
    assert_eq!(writer.append(b"5").expect("room"), super::Place { segment: 3, position: 0 });
    let lost = Chunk { offset: 0, bytes: 3, segment: 2, position: 1, packed: None, checksum: None };
    let told = |chunk: &Chunk| Mirror::open(&store.0).chunk(chunk).expect_err("damage").to_string();
    assert!(told(&lost).contains("segment 000002 at byte 2: the file ends too early"), "{}", told(&lost));
    let lost = Chunk { segment: 9, ..lost };
    assert!(told(&lost).contains("segment 000009 at byte 1: the file is not there"), "{}", told(&lost));
}

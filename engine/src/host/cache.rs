//! Compiled plugins, kept between runs.
//!
//! One file a plugin: wasmtime's serialised code, then 8 bytes of XXH3 over it. Its name is the digest of
//! the plugin's file and of the engine's compatibility hash, so that another wasmtime or other settings find nothing.
//! A file that does not verify is compiled anew. Files are written by rename, never changed, and mapped: nothing is copied
//! of code that does not run.

use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use twox_hash::XxHash3_64;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes of a checksum.
const SUM_BYTES: usize = 8;
/// What is read of a file at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// The compiled plugin whose file has this digest, where the folder has it.
pub fn find(engine: &Engine, folder: &Path, plugin: &[u8; 32]) -> Option<Component> {
    read(engine, &folder.join(name(engine, plugin)))
}

/// Keeps a compiled plugin. A cache that cannot be written costs time and nothing else.
pub fn keep(engine: &Engine, folder: &Path, plugin: &[u8; 32], compiled: &Component) {
    if let Ok(code) = compiled.serialize() {
        let _ = write(&folder.join(name(engine, plugin)), &code);
    }
}

fn name(engine: &Engine, plugin: &[u8; 32]) -> PathBuf {
    struct Digesting(Sha256);
    impl Hasher for Digesting {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut digest = Digesting(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.update(plugin);
    let hex: String = digest.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    PathBuf::from(hex).with_extension("cwasm")
}

fn read(engine: &Engine, file: &Path) -> Option<Component> {
    if !verifies(file).unwrap_or(false) {
        return None;
    }
    // SAFETY: the code is what this engine serialised: it verified against its checksum, and the store is as private
    // to its owner as the binary itself.
    let mapped = unsafe { Component::deserialize_file(engine, file) };
    // Where nothing may run of a file system, it runs of memory.
    // SAFETY: the same.
    mapped.ok().or_else(|| unsafe { Component::deserialize(engine, fs::read(file).ok()?) }.ok())
}

/// Whether a file is as it was written.
fn verifies(file: &Path) -> io::Result<bool> {
    let mut file = File::open(file)?;
    let (mut digest, mut sum) = (XxHash3_64::new(), [0; SUM_BYTES]);
    let Some(mut rest) = file.metadata()?.len().checked_sub(SUM_BYTES as u64) else { return Ok(false) };
    let mut buffer = vec![0; BUFFER_BYTES];
    while rest > 0 {
        let part = &mut buffer[..BUFFER_BYTES.min(rest as usize)];
        file.read_exact(part)?;
        digest.write(part);
        rest -= part.len() as u64;
    }
    file.read_exact(&mut sum)?;
    Ok(digest.finish().to_le_bytes() == sum)
}

fn write(file: &Path, code: &[u8]) -> io::Result<()> {
    let folder = file.parent().expect("a file in the cache's folder");
    fs::create_dir_all(folder)?;
    // Under a name that nobody else has, for what is mapped is never written again; unless it gets its own, it goes.
    let mut part = NamedTempFile::new_in(folder)?;
    part.write_all(code)?;
    part.write_all(&XxHash3_64::oneshot(code).to_le_bytes())?;
    part.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_damaged_is_not_taken() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (engine, plugin) = (Engine::default(), [7; 32]);
        assert!(find(&engine, folder.path(), &plugin).is_none());
        let nothing = Component::new(&engine, b"\0asm\x0d\0\x01\0").expect("an empty component");
        keep(&engine, folder.path(), &plugin, &nothing);
        assert!(find(&engine, folder.path(), &plugin).is_some());
        assert!(find(&engine, folder.path(), &[8; 32]).is_none());
        let file = folder.path().join(name(&engine, &plugin));
        // SAFETY: as in `read`.
        assert!(unsafe { Component::deserialize_file(&engine, &file) }.is_ok(), "it can be mapped");
        let whole = fs::read(&file).expect("the file");
        for at in [0, 8, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&file, damaged).expect("a file");
            assert!(find(&engine, folder.path(), &plugin).is_none(), "byte {at}");
        }
        fs::write(&file, &whole[..7]).expect("a file");
        assert!(find(&engine, folder.path(), &plugin).is_none());
    }

    #[test]
    fn what_cannot_be_kept_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (engine, plugin) = (Engine::default(), [7; 32]);
        fs::create_dir(folder.path().join(name(&engine, &plugin))).expect("a folder in its place");
        let nothing = Component::new(&engine, b"\0asm\x0d\0\x01\0").expect("an empty component");
        keep(&engine, folder.path(), &plugin, &nothing);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }
}

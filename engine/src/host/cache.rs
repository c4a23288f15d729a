//! Compiled plugins, kept between runs.
//!
//! One file a plugin: 32 bytes of SHA-256 over the rest, then wasmtime's serialised code. Its name is the digest of
//! the plugin's file and of the engine's compatibility hash, so that another wasmtime or other settings find nothing.
//! A file that does not verify is compiled anew. Files are written by rename, and read at once.

use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

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
    let bytes = fs::read(file).ok()?;
    let (sum, code) = bytes.split_at_checked(32)?;
    if Sha256::digest(code).as_slice() != sum {
        return None;
    }
    // SAFETY: the code is what this engine serialised: it verified against its digest, and the store is as private
    // to its owner as the binary itself.
    unsafe { Component::deserialize(engine, code) }.ok()
}

fn write(file: &Path, code: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().expect("a file in the cache's folder");
    fs::create_dir_all(folder)?;
    let part = file.with_extension(format!("{}.part", std::process::id()));
    let mut bytes = Sha256::digest(code).to_vec();
    bytes.extend_from_slice(code);
    fs::write(&part, bytes)?;
    fs::rename(&part, file)
}

//! From bytes to a plugin that can be started.

use std::fs;
use std::path::{Path, PathBuf};

use logparser_sdk::manifest::{CONTRACT, Manifest, ManifestColumn, SECTION};
use sha2::{Digest, Sha256};
use thiserror::Error;
use wasmparser::{Encoding, Parser, Payload};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};

use super::bindings::{Kpi, KpiPre};
use super::native::StartNative;
use super::running::{Running, StoreData};
use super::{MODULE_BYTES_MAX, cache};
use crate::profile::PluginFile;

// `EMBEDDED`: name, file and digest of each plugin inside the binary.
include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Most columns of a plugin: each costs a list in every batch.
const COLUMNS_MAX: usize = 64;
/// Positions that an event column can hold beside its "none".
const EVENTS_MAX: usize = 255;

/// Loads and compiles plugins.
pub struct Host {
    engine: Engine,
    linker: Linker<StoreData>,
    cache: Option<PathBuf>,
}

/// A compiled plugin with its settings.
pub struct Plugin {
    /// The name in `[kpi.NAME]`.
    pub name: String,
    /// What the plugin says of itself.
    pub manifest: Manifest,
    /// SHA-256 of the plugin's file.
    pub digest: [u8; 32],
    /// The settings as a JSON object.
    pub settings: String,
    pub(super) code: Code,
}

/// What a plugin runs as.
pub(super) enum Code {
    /// A component.
    Component(Engine, KpiPre<StoreData>),
    /// Code of this program.
    Native(StartNative),
}

/// A setting that the plugin refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    /// The setting's name; empty when it is about all of them.
    pub key: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// Why a plugin cannot be used.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The binary holds no plugin of this name.
    #[error("there is no plugin `{0}` inside LogParser")]
    NotEmbedded(String),
    /// Larger than any plugin.
    #[error("{bytes} bytes are more than the {MODULE_BYTES_MAX} that a plugin may have")]
    TooLarge {
        /// Size of the file.
        bytes: u64,
    },
    /// No WebAssembly at all.
    #[error("it is no WebAssembly: it begins with {0}")]
    NotWasm(String),
    /// Broken WebAssembly.
    #[error("it is not valid WebAssembly: {0}")]
    Invalid(String),
    /// WebAssembly, but no plugin.
    #[error("it has no manifest (custom section `{SECTION}`), so it is no LogParser plugin")]
    NoManifest,
    /// The manifest does not say what it should.
    #[error("its manifest is wrong: {0}")]
    Manifest(String),
    /// Made for another version of the contract.
    #[error("it speaks version {theirs} of the plugin contract, this LogParser speaks {CONTRACT}")]
    Version {
        /// The plugin's version.
        theirs: String,
        /// Whether the engine is the older one.
        engine_is_older: bool,
    },
    /// It needs something that plugins do not get.
    #[error("it imports `{0}`, which plugins do not get")]
    Import(String),
    /// It does not fit the contract.
    #[error("it does not fit the plugin contract: {0}")]
    Contract(String),
}

impl LoadError {
    /// The way out.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the path; a relative one starts at the profile's folder",
            Self::NotEmbedded(_) => "name the plugin's file: plugin = \"path/to/plugin.wasm\"",
            Self::TooLarge { .. } => "build it in release mode with `strip = \"debuginfo\"`",
            Self::NotWasm(_) | Self::NoManifest => {
                "name the .wasm file of a cdylib that was built on logparser-sdk with \
                 `cargo build --release --target wasm32-unknown-unknown`"
            }
            Self::Version { engine_is_older: true, .. } => "take a newer LogParser",
            Self::Version { .. } => "ask the plugin's developer to build it on a newer logparser-sdk",
            Self::Import(_) => "build it for wasm32-unknown-unknown: a plugin has no files, no clock and no network",
            Self::Invalid(_) | Self::Manifest(_) | Self::Contract(_) => {
                "ask the plugin's developer to build it on this LogParser's logparser-sdk"
            }
        }
    }
}

impl Host {
    /// A host that keeps compiled code in `cache`.
    ///
    /// # Errors
    /// When wasmtime does not run on this machine.
    pub fn new(cache: Option<PathBuf>) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        // Nobody looks into a plugin's frames: a fault is told by the call and the plugin's last words. Only Windows does.
        config.generate_address_map(false).native_unwind_info(cfg!(windows));
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        Kpi::add_to_linker::<_, HasSelf<_>>(&mut linker, |data: &mut StoreData| data)?;
        Ok(Self { engine, linker, cache })
    }

    /// Loads the plugin of a KPI family and settles its settings: a JSON object.
    ///
    /// # Errors
    /// What keeps the plugin from being used.
    pub fn load(&self, name: &str, file: &PluginFile, settings: &str) -> Result<Plugin, LoadError> {
        match file {
            PluginFile::Embedded(name) => {
                let (_, bytes, digest) = EMBEDDED
                    .iter()
                    .find(|(known, ..)| known == name)
                    .ok_or_else(|| LoadError::NotEmbedded(name.clone()))?;
                self.load_digested(name, bytes, *digest, settings)
            }
            PluginFile::Path(path) => self.load_bytes(name, &read(path)?, settings),
        }
    }

    /// Loads a plugin from the bytes of its file: a core module as `cargo build` leaves it, or a component.
    ///
    /// # Errors
    /// What keeps the plugin from being used.
    pub fn load_bytes(&self, name: &str, bytes: &[u8], settings: &str) -> Result<Plugin, LoadError> {
        self.load_digested(name, bytes, Sha256::digest(bytes).into(), settings)
    }

    fn load_digested(&self, name: &str, bytes: &[u8], digest: [u8; 32], settings: &str) -> Result<Plugin, LoadError> {
        let (manifest, encoding) = inspect(bytes)?;
        let component = self.compile(bytes, encoding, &digest)?;
        if let Some((import, _)) =
            component.component_type().imports(&self.engine).find(|(name, _)| !name.starts_with("logparser:plugin/"))
        {
            return Err(LoadError::Import(import.to_owned()));
        }
        let pre = self.linker.instantiate_pre(&component).and_then(KpiPre::new).map_err(contract)?;
        let code = Code::Component(self.engine.clone(), pre);
        Ok(Plugin { name: name.to_owned(), manifest, digest, settings: settings.to_owned(), code })
    }
}

impl Host {
    /// Compiles a plugin, or takes it from the cache.
    fn compile(&self, bytes: &[u8], encoding: Encoding, digest: &[u8; 32]) -> Result<Component, LoadError> {
        let cache = self.cache.as_deref();
        if let Some(ready) = cache.and_then(|folder| cache::find(&self.engine, folder, digest)) {
            return Ok(ready);
        }
        let compiled = match encoding {
            Encoding::Component => Component::new(&self.engine, bytes),
            Encoding::Module => Component::new(&self.engine, encode(bytes)?),
        };
        let compiled = compiled.map_err(contract)?;
        if let Some(folder) = cache {
            cache::keep(&self.engine, folder, digest, &compiled);
        }
        Ok(compiled)
    }
}

fn contract(cause: wasmtime::Error) -> LoadError {
    LoadError::Contract(format!("{cause:#}"))
}

impl Plugin {
    /// The same plugin as code of this program, which `start` provides: what the boundary costs is seen beside it.
    pub fn into_native(self, start: StartNative) -> Self {
        Self { code: Code::Native(start), ..self }
    }

    /// Asks the plugin what it thinks of its settings.
    ///
    /// # Errors
    /// Every setting that it refuses, or what went wrong with the plugin itself.
    pub fn check_settings(&self) -> Result<(), Vec<SettingFault>> {
        let fault = |problem: String| vec![SettingFault { key: String::new(), problem }];
        Running::configure(self).map_err(|error| fault(error.to_string()))?.map(|_| ())
    }

    /// What partials depend on beside the records: the plugin's file and its settings.
    pub fn work_digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.digest);
        digest.update(&self.settings);
        digest.finalize().into()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let error = |cause| LoadError::Read { path: path.to_owned(), cause };
    let bytes = fs::metadata(path).map_err(error)?.len();
    if bytes > MODULE_BYTES_MAX {
        return Err(LoadError::TooLarge { bytes });
    }
    fs::read(path).map_err(error)
}

/// Reads the manifest, and tells a module from a component.
fn inspect(bytes: &[u8]) -> Result<(Manifest, Encoding), LoadError> {
    if !bytes.starts_with(b"\0asm") {
        let head: Vec<String> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        return Err(LoadError::NotWasm(if head.is_empty() { "nothing".to_owned() } else { head.join(" ") }));
    }
    let (mut encoding, mut found) = (None, None);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|cause| LoadError::Invalid(cause.to_string()))? {
            Payload::Version { encoding: this, .. } => encoding = encoding.or(Some(this)),
            Payload::CustomSection(section) if section.name() == SECTION => found = Some(section.data()),
            _ => {}
        }
    }
    let text = found.ok_or(LoadError::NoManifest)?;
    let manifest: Manifest = serde_json::from_slice(text).map_err(|cause| LoadError::Manifest(cause.to_string()))?;
    check_version(&manifest)?;
    check_subscription(&manifest)?;
    Ok((manifest, encoding.unwrap_or(Encoding::Module)))
}

fn check_version(manifest: &Manifest) -> Result<(), LoadError> {
    let version = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let ours = version(CONTRACT).expect("our version has two numbers");
    let theirs = version(&manifest.contract)
        .ok_or_else(|| LoadError::Manifest(format!("`contract` is no version: {:?}", manifest.contract)))?;
    if theirs.0 == ours.0 && theirs.1 <= ours.1 {
        return Ok(());
    }
    Err(LoadError::Version { theirs: manifest.contract.clone(), engine_is_older: theirs > ours })
}

fn check_subscription(manifest: &Manifest) -> Result<(), LoadError> {
    let wrong = |what: String| Err(LoadError::Manifest(what));
    if manifest.columns.len() > COLUMNS_MAX || manifest.events.len().max(manifest.counted.len()) > EVENTS_MAX {
        return wrong(format!("more than {COLUMNS_MAX} columns or {EVENTS_MAX} events"));
    }
    if let Some(twice) = manifest.counted.iter().enumerate().find(|(at, name)| manifest.counted[..*at].contains(name)) {
        return wrong(format!("`{}` is counted twice", twice.1));
    }
    for ManifestColumn { name, attribute, holds } in &manifest.columns {
        let fits = match (attribute, name.as_str()) {
            (true, _) => matches!(holds.as_str(), "symbol" | "key" | "integer"),
            (false, "signature") => holds == "symbol",
            (false, "time" | "previous" | "minute" | "event" | "severity") => holds == name,
            (false, _) => {
                return wrong(format!(
                    "no column `{name}`: columns are time, previous, minute, event, severity, signature, or attributes"
                ));
            }
        };
        if !fits {
            return wrong(format!("column `{name}` does not hold `{holds}`"));
        }
    }
    Ok(())
}

/// Makes a component of a core module.
fn encode(module: &[u8]) -> Result<Vec<u8>, LoadError> {
    let foreign = Parser::new(0).parse_all(module).find_map(|payload| match payload {
        Ok(Payload::ImportSection(imports)) => imports
            .into_imports()
            .flatten()
            .map(|import| import.module.to_owned())
            .find(|name| !name.starts_with("logparser:plugin/") && !name.starts_with("[export]")),
        _ => None,
    });
    if let Some(import) = foreign {
        return Err(LoadError::Import(import));
    }
    let encode = || wit_component::ComponentEncoder::default().validate(true).module(module)?.encode();
    encode().map_err(|cause| LoadError::Contract(format!("{cause:#}")))
}

//! Passwords and tokens: the profile says where they are, never what they are.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::file::in_words;
use super::raw::{At, Key, Table};
use super::text::Span;
use super::{Fault, Faults, Profile, Rest, Source};

const ENV: Key = Key("env", "\"LOGPARSER_TOKEN\"");
const FILE: Key = Key("file", "\"token.txt\"");

/// Ten times the longest token that servers take in a header.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    place: Place,
    span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Env(String),
    File(PathBuf),
}

/// A secret itself. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Revealed(String);

impl Revealed {
    /// The text, for a request.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Revealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Why a secret cannot be had: a sentence, and the way out. It never has the secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct NoSecret {
    problem: String,
    help: &'static str,
}

impl Secret {
    /// A secret that a file holds alone.
    pub fn in_file(path: PathBuf) -> Secret {
        Secret { place: Place::File(path), span: 0..0 }
    }

    /// Reads the secret from where it is.
    ///
    /// # Errors
    /// It is not there, or no header could carry it.
    pub fn read(&self) -> Result<Revealed, NoSecret> {
        let no = |problem: String, help| NoSecret { problem, help };
        let (found, place) = match &self.place {
            Place::Env(name) => {
                let found = std::env::var_os(name).ok_or_else(|| {
                    no(format!("the environment variable {name} is not set"), "set it for the account that runs this")
                })?;
                (found.into_encoded_bytes(), format!("the environment variable {name}"))
            }
            Place::File(path) => {
                let place = format!("the file {}", path.display());
                let mut bytes = Vec::new();
                File::open(path).and_then(|file| file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(
                    |error| {
                        let help = "write the secret into it, readable for the account that runs this alone";
                        no(format!("{place} cannot be read: {}", in_words(&error)), help)
                    },
                )?;
                (bytes, place)
            }
        };
        let help = "it holds the secret alone: visible ASCII characters on one line";
        let length = found.len() as u64;
        let text = String::from_utf8(found).map_err(|_| no(format!("{place} is not UTF-8"), help))?;
        let text = text.trim_end_matches(['\r', '\n']);
        match text {
            _ if length > SECRET_BYTES_MAX => Err(no(format!("{place} is longer than any secret"), help)),
            "" => Err(no(format!("{place} is empty"), help)),
            text if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                Err(no(format!("{place} holds characters that no header may have"), help))
            }
            text => Ok(Revealed(text.to_owned())),
        }
    }
}

/// Reads where a secret is; a text in its place is refused, and not shown.
pub(super) fn take_secret(table: &mut Table<'_>, key: Key, base: &Path) -> Option<Secret> {
    let doc = table.doc();
    table.require(key);
    if let Some(span) = table.text_at(key) {
        let message = format!("`{}` stands in the profile itself", key.0);
        let help = format!("say where it is, such as `{} = {}`: a profile is passed around and shown", key.0, key.1);
        doc.fault(&span, message, help);
        return None;
    }
    let mut from = table.take_table(key)?;
    let (env, file) = (from.take_text(ENV), from.take_text(FILE));
    let span = from.span.clone();
    let secret = match (env, file) {
        (Some(At { value, .. }), None) => Some(Secret { place: Place::Env(value), span }),
        (None, Some(At { value, .. })) => Some(Secret { span, ..Secret::in_file(base.join(value)) }),
        _ => {
            let message = format!("`{}` names no place, or two", key.0);
            doc.fault(&from.span, message, format!("either `{} = {}` or `{} = {}`", ENV.0, ENV.1, FILE.0, FILE.1));
            None
        }
    };
    from.finish();
    secret
}

impl Profile {
    /// Whether everything that has to be known to ask the fleet is there.
    ///
    /// # Errors
    /// Each secret that cannot be read, at its place in the profile.
    pub fn check_secrets(&self) -> Result<(), Faults> {
        let Source::Rest(rest) = &self.source else { return Ok(()) };
        let missing = |secret: &Secret| {
            let NoSecret { problem, help } = secret.read().err()?;
            Some(self.fault_at(Some(&secret.span), problem).with_help(help))
        };
        let changed = (0..rest.overrides.len()).map(|at| rest.with_overrides(&[at]));
        let shapes: Vec<Rest> = changed.chain([rest.as_ref().clone()]).collect();
        let secrets: BTreeMap<usize, &Secret> =
            shapes.iter().filter_map(|shape| shape.auth.secret()).map(|secret| (secret.span.start, secret)).collect();
        let faults: Vec<Fault> = secrets.into_values().filter_map(missing).collect();
        if faults.is_empty() { Ok(()) } else { Err(Faults::from(faults)) }
    }
}

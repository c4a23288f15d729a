//! Passwords and tokens: the profile says where they are, never what they are.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::access::NoAccess;
use super::file::in_words;
use super::raw::{At, Key, Table};
use super::text::Span;

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

impl Secret {
    /// A secret that a file holds alone.
    pub fn in_file(path: PathBuf) -> Secret {
        Secret { place: Place::File(path), span: 0..0 }
    }

    /// Reads the secret from where it is, for a header.
    ///
    /// # Errors
    /// It is not there, or no header could carry it.
    pub fn read(&self) -> Result<Revealed, NoAccess> {
        let Revealed(text) = self.read_text()?;
        let text = text.trim_end_matches(['\r', '\n']);
        if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let help = "it holds the secret alone: visible ASCII characters on one line";
            return Err(self.refuse("holds characters that no header may have", help));
        }
        Ok(Revealed(text.to_owned()))
    }

    /// Reads a text of any number of lines from where it is.
    ///
    /// # Errors
    /// It is not there, or no text.
    pub fn read_text(&self) -> Result<Revealed, NoAccess> {
        let bytes = match &self.place {
            Place::Env(name) => std::env::var_os(name)
                .ok_or_else(|| self.refuse("is not set", "set it for the account that runs this"))?
                .into_encoded_bytes(),
            Place::File(path) => {
                let mut bytes = Vec::new();
                let read = File::open(path).and_then(|file| file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes));
                read.map_err(|error| {
                    let help = "write the secret into it, readable for the account that runs this alone";
                    self.refuse(&format!("cannot be read: {}", in_words(&error)), help)
                })?;
                bytes
            }
        };
        let help = "it holds the secret alone";
        let length = bytes.len() as u64;
        match String::from_utf8(bytes) {
            _ if length > SECRET_BYTES_MAX => Err(self.refuse("is longer than any secret", help)),
            Err(_) => Err(self.refuse("is not UTF-8", help)),
            Ok(text) if text.trim_end_matches(['\r', '\n']).is_empty() => Err(self.refuse("is empty", help)),
            Ok(text) => Ok(Revealed(text)),
        }
    }

    /// What is wrong with it, as the end of a sentence.
    pub fn refuse(&self, problem: &str, help: impl Into<String>) -> NoAccess {
        let place = match &self.place {
            Place::Env(name) => format!("the environment variable {name}"),
            Place::File(path) => format!("the file {}", path.display()),
        };
        NoAccess::at(&self.span, format!("{place} {problem}"), help)
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

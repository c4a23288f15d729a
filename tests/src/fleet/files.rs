//! The log files of one instance, as they lie on its disk.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::story::{LogSink, Rotation};

/// One file: bytes, and what a server tells about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    pub bytes: Vec<u8>,
    /// Milliseconds since 1970 UTC.
    pub modified_ms: i64,
    /// Another one for every content.
    revision: u64,
}

impl LogFile {
    /// The entity tag, quotes included. It follows the content through renames.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("\"{:x}-{:x}\"", self.revision, self.bytes.len())
    }
}

/// Files by name.
#[derive(Debug, Clone)]
pub struct Files {
    by_name: BTreeMap<String, LogFile>,
    rotation: Rotation,
    revisions: u64,
}

impl Files {
    /// No files yet.
    #[must_use]
    pub fn new(rotation: Rotation) -> Self {
        Self { by_name: BTreeMap::new(), rotation, revisions: 0 }
    }

    /// All files, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &LogFile)> {
        self.by_name.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// A file by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&LogFile> {
        self.by_name.get(name)
    }

    /// Changes the content of a file, which comes into being when it is not there.
    pub fn edit(&mut self, name: &str, modified_ms: i64, change: impl FnOnce(&mut Vec<u8>)) {
        self.revisions += 1;
        if !self.by_name.contains_key(name) {
            let fresh = LogFile { bytes: Vec::new(), modified_ms, revision: 0 };
            self.by_name.insert(name.to_owned(), fresh);
        }
        if let Some(file) = self.by_name.get_mut(name) {
            change(&mut file.bytes);
            file.modified_ms = modified_ms;
            file.revision = self.revisions;
        }
    }

    /// Takes a file away.
    pub fn remove(&mut self, name: &str) -> Option<LogFile> {
        self.by_name.remove(name)
    }

    /// Gives a file another name, over what has that name. False: there is no such file.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let file = self.by_name.remove(from);
        let found = file.is_some();
        self.by_name.extend(file.map(|file| (to.to_owned(), file)));
        found
    }

    /// Sets the time of a file without touching its content. False: there is no such file.
    pub fn set_modified(&mut self, name: &str, modified_ms: i64) -> bool {
        let file = self.by_name.get_mut(name);
        file.map(|file| file.modified_ms = modified_ms).is_some()
    }

    fn rotate(&mut self) {
        let ages = (0..).take_while(|age| self.by_name.contains_key(&Rotation::file_name(*age)));
        for age in (0..ages.count()).rev() {
            let from = Rotation::file_name(age);
            if age + 1 >= self.rotation.files_max {
                self.remove(&from);
            } else {
                self.rename(&from, &Rotation::file_name(age + 1));
            }
        }
    }
}

impl LogSink for Files {
    type Error = Infallible;

    fn append(&mut self, record: &[u8], time_ms: i64) -> Result<(), Infallible> {
        let newest = Rotation::file_name(0);
        let held = self.get(&newest).map_or(0, |file| file.bytes.len());
        if self.rotation.is_due(held, record.len()) {
            self.rotate();
        }
        self.edit(&newest, time_ms, |bytes| bytes.extend_from_slice(record));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(files: &Files) -> Vec<(String, Vec<u8>)> {
        let files = files.iter();
        files.map(|(name, file)| (name.to_owned(), file.bytes.clone())).collect()
    }

    #[test]
    fn a_full_file_is_rotated_and_the_eldest_goes() {
        let mut files = Files::new(Rotation { file_bytes_max: 4, files_max: 3 });
        for record in [b"aa", b"bb", b"cc", b"dd", b"ee", b"ff", b"gg"] {
            let Ok(()) = files.append(record, 0);
        }
        let expected = [
            ("app.1.log".to_owned(), b"eeff".to_vec()),
            ("app.2.log".to_owned(), b"ccdd".to_vec()),
            ("app.log".to_owned(), b"gg".to_vec()),
        ];
        assert_eq!(contents(&files), expected);
    }

    #[test]
    fn the_tag_changes_with_the_content_and_not_with_the_name() {
        let mut files = Files::new(Rotation { file_bytes_max: 4, files_max: 3 });
        files.edit("a", 0, |bytes| bytes.extend_from_slice(b"xy"));
        let tag = files.get("a").unwrap().etag();
        assert!(files.rename("a", "b"));
        assert_eq!(files.get("b").unwrap().etag(), tag);
        files.edit("b", 0, |bytes| bytes[0] = b'z');
        assert_ne!(files.get("b").unwrap().etag(), tag);
    }
}

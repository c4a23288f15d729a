//! Faults of a profile: what is wrong, where, and what would be right.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;

use super::text::{Snippet, Span, Text, conceal};

/// More faults than a person reads at once are counted, not shown.
const FAULTS_MAX: usize = 100;

/// One thing that is wrong in a file that the user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the user named it.
    pub file: String,
    /// From 1; 0 where the file as a whole is at fault.
    pub line: usize,
    /// Character in the line, from 1; 0 where the file as a whole is at fault.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    snippet: Option<Snippet>,
}

impl Fault {
    /// A fault of a whole file.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: conceal(&message.into()), help: None, snippet: None }
    }

    /// A fault at a place in a text.
    pub(super) fn at(text: &Text, span: &Span, message: impl Into<String>) -> Self {
        let (line, column) = text.place(span.start);
        Self { line, column, snippet: Some(text.snippet(span)), ..Self::of_file(text.file.clone(), message) }
    }

    /// The same fault with the way out; an empty text is none.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(conceal(&help.into())).filter(|help| !help.is_empty());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        let gutter = if self.line == 0 { 1 } else { self.line.to_string().len() };
        write!(f, "\n{:gutter$}--> {}", "", self.file)?;
        if let Some(snippet) = &self.snippet {
            write!(f, ":{}:{}", self.line, self.column)?;
            write!(f, "\n{:gutter$} |\n{} | {}", "", self.line, snippet.line)?;
            let (at, columns) = (snippet.caret_at, snippet.caret_columns);
            write!(f, "\n{:gutter$} | {:at$}{:^>columns$}", "", "", "")?;
        }
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl Error for Fault {}

/// Everything that is wrong with a profile, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    shown: Vec<Fault>,
    not_shown: usize,
}

impl Faults {
    /// The faults, at most the first hundred that were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.shown.iter()
    }

    /// How many there are, also those beyond the first hundred.
    pub fn count(&self) -> usize {
        self.shown.len() + self.not_shown
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Vec<Fault>> for Faults {
    fn from(mut shown: Vec<Fault>) -> Self {
        let not_shown = shown.len().saturating_sub(FAULTS_MAX);
        shown.truncate(FAULTS_MAX);
        Self { shown, not_shown }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { shown: vec![fault], not_shown: 0 }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.shown {
            write!(f, "{fault}\n\n")?;
        }
        let mut files: Vec<&str> = Vec::new();
        for fault in &self.shown {
            if !files.contains(&fault.file.as_str()) {
                files.push(&fault.file);
            }
        }
        let count = self.count();
        write!(f, "{count} fault{} in {}", if count == 1 { "" } else { "s" }, files.join(" and "))?;
        match self.not_shown {
            0 => Ok(()),
            _ => write!(f, "; {} are shown", self.shown.len()),
        }
    }
}

impl Error for Faults {}

/// Collects faults while a profile is read, in whatever order they are found.
#[derive(Debug, Default)]
pub(super) struct Collector {
    /// File, offset and fault.
    found: RefCell<Vec<(usize, usize, Fault)>>,
    not_kept: Cell<usize>,
}

impl Collector {
    /// Adds a fault at a place in a text.
    pub fn add(&self, text: &Text, span: &Span, message: impl Into<String>, help: impl Into<String>) {
        self.keep(text.rank, span.start, || Fault::at(text, span, message).with_help(help));
    }

    /// Adds a fault of a file as a whole; it is shown before the file's other faults.
    pub fn add_of_file(&self, text: &Text, message: impl Into<String>, help: impl Into<String>) {
        self.keep(text.rank, 0, || Fault::of_file(text.file.clone(), message).with_help(help));
    }

    fn keep(&self, rank: usize, offset: usize, fault: impl FnOnce() -> Fault) {
        let mut found = self.found.borrow_mut();
        if found.len() < FAULTS_MAX {
            found.push((rank, offset, fault()));
        } else {
            self.not_kept.set(self.not_kept.get() + 1);
        }
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All faults in the order of the files.
    pub fn into_faults(self) -> Faults {
        let mut found = self.found.into_inner();
        found.sort_by_key(|&(rank, offset, _)| (rank, offset));
        Faults { shown: found.into_iter().map(|(_, _, fault)| fault).collect(), not_shown: self.not_kept.get() }
    }
}

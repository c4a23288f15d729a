//! Writing a story down, into whatever takes log records.

use std::iter::Peekable;

use super::truth::InstanceTruth;
use super::{Layout, Renderer, Story, StorySettings};

/// When log files are rotated: `app.log` becomes `app.1.log`, that becomes `app.2.log`, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A record that would make the file larger begins a new one.
    pub file_bytes_max: usize,
    /// Files beyond this number are deleted, oldest first.
    pub files_max: usize,
}

impl Rotation {
    /// Whether a file of `held` bytes must be rotated before it takes `coming` more.
    #[must_use]
    pub fn is_due(&self, held: usize, coming: usize) -> bool {
        held > 0 && held + coming > self.file_bytes_max
    }

    /// Name of a file by its age; 0 is the one being written.
    #[must_use]
    pub fn file_name(age: usize) -> String {
        match age {
            0 => "app.log".to_owned(),
            _ => format!("app.{age}.log"),
        }
    }
}

/// Takes the records of one instance and keeps its files.
pub trait LogSink {
    type Error;

    /// Appends one record that was written at `time_ms`, after a rotation where it is due.
    ///
    /// # Errors
    /// As the place does where the files are.
    fn append(&mut self, record: &[u8], time_ms: i64) -> Result<(), Self::Error>;
}

/// The hand that writes one instance's story, and counts the truth on the way.
#[derive(Debug)]
pub struct Author {
    story: Peekable<Story>,
    renderer: Renderer,
    truth: InstanceTruth,
    record: Vec<u8>,
}

impl Author {
    /// The author of instance number `index`.
    #[must_use]
    pub fn new(settings: &StorySettings, index: u32, layout: Layout) -> Self {
        Self {
            story: Story::new(settings, index).peekable(),
            renderer: Renderer::new(layout),
            truth: InstanceTruth::default(),
            record: Vec::new(),
        }
    }

    /// Writes everything that happened before `until_ms` and is not written yet.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn write_until<S: LogSink>(&mut self, until_ms: i64, sink: &mut S) -> Result<(), S::Error> {
        while let Some(event) = self.story.next_if(|event| event.time_ms < until_ms) {
            self.record.clear();
            self.renderer.render(&event, &mut self.record);
            sink.append(&self.record, event.time_ms)?;
            self.truth.observe(&event, self.record.len());
        }
        Ok(())
    }

    /// The truth about what was written so far.
    #[must_use]
    pub fn truth(&self) -> &InstanceTruth {
        &self.truth
    }

    /// Ends the writing.
    #[must_use]
    pub fn into_truth(self) -> InstanceTruth {
        self.truth
    }
}

//! The body of an answer on its way out: counted, slowed down, or broken off.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::Frame;
use tokio::time::{Sleep, sleep};

use super::answer::Answer;

/// How fast a body goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Bytes handed over at a time.
    pub step_bytes: usize,
    /// Pause before each step but the first.
    pub pause: Duration,
}

impl Default for Pace {
    /// As fast as the connection takes it; steps are small enough for an honest count when it breaks.
    fn default() -> Self {
        Self { step_bytes: 64 * 1024, pause: Duration::ZERO }
    }
}

/// A connection that is broken off loses what it still buffers; this long suffices to send it.
const FLUSH: Duration = Duration::from_millis(20);

/// A body that keeps count of what left.
pub struct Pour {
    left: Bytes,
    /// Fewer bytes come than were promised.
    breaks_off: bool,
    pace: Pace,
    pause: Option<Pin<Box<Sleep>>>,
    sent_bytes: Arc<AtomicU64>,
}

impl Pour {
    /// Pours an answer's body and adds what left to `sent_bytes`.
    #[must_use]
    pub fn new(answer: &Answer, sent_bytes: Arc<AtomicU64>) -> Self {
        let left = answer.body.clone();
        Self {
            breaks_off: left.len() < answer.promised_bytes,
            pause: left.is_empty().then(|| Box::pin(sleep(FLUSH))),
            left,
            pace: answer.pace,
            sent_bytes,
        }
    }
}

impl HttpBody for Pour {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left.is_empty() && !self.breaks_off {
            return Poll::Ready(None);
        }
        if let Some(pause) = self.pause.as_mut() {
            ready!(pause.as_mut().poll(context));
        }
        if self.left.is_empty() {
            return Poll::Ready(None);
        }
        let step_bytes = self.pace.step_bytes.clamp(1, self.left.len());
        let step = self.left.split_to(step_bytes);
        let pause = match self.left.is_empty() {
            true if self.breaks_off => FLUSH,
            true => Duration::ZERO,
            false => self.pace.pause,
        };
        self.pause = (!pause.is_zero()).then(|| Box::pin(sleep(pause)));
        self.sent_bytes.fetch_add(step_bytes as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(step))))
    }

    // No size hint: a body that breaks off early must not be found out before it does.
}

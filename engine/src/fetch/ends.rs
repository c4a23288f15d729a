//! The two ends of a file that identify it, computed from bytes as they pass.

use sha2::{Digest as _, Sha256};

use crate::catalog::{Digest, END_BYTES, Ends};

/// [`END_BYTES`], as a length in memory.
pub(super) const END: usize = END_BYTES as usize;

pub(super) fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// Checks, while a body passes, that a file still has what is stored of it: the bytes before the committed length
/// give the tail's hash, and if the body starts at 0, its first bytes the head's.
pub(super) struct Check {
    at: u64,
    committed: u64,
    ends: Ends,
    /// The first bytes, until there are enough of them to tell.
    head: Option<Sha256>,
    head_differs: bool,
    window: Vec<u8>,
}

/// Where a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// More bytes are needed.
    Open,
    /// What is stored is there.
    Same,
    Different,
}

impl Check {
    /// `start` is the offset of the first byte that will come, at most one window before `committed`.
    pub fn new(start: u64, committed: u64, ends: Ends) -> Check {
        let head = (start == 0 && committed > END_BYTES).then(Sha256::new);
        Check { at: start, committed, ends, head, head_differs: false, window: Vec::with_capacity(END) }
    }

    /// Takes the bytes before the committed length out of the front of `bytes`: returns how many those are.
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        let left = self.committed - self.at;
        let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let passed = &bytes[..taken];
        if let Some(head) = &mut self.head
            && self.at < END_BYTES
        {
            let wanted = usize::try_from(END_BYTES - self.at).unwrap_or(END);
            head.update(&passed[..taken.min(wanted)]);
        }
        let window_start = self.committed.saturating_sub(END_BYTES);
        let skipped = usize::try_from(window_start.saturating_sub(self.at)).unwrap_or(usize::MAX);
        self.window.extend_from_slice(&passed[taken.min(skipped)..]);
        self.at += taken as u64;
        if self.at >= END_BYTES
            && let Some(head) = self.head.take()
        {
            self.head_differs = Digest::from(head.finalize()) != self.ends.head;
        }
        taken
    }

    /// Whether the file is the stored one, as far as is known.
    pub fn verdict(&self) -> Verdict {
        if self.head_differs {
            return Verdict::Different;
        }
        if self.at < self.committed {
            return Verdict::Open;
        }
        if self.committed == 0 || digest(&self.window) == self.ends.tail { Verdict::Same } else { Verdict::Different }
    }

    /// The bytes before the committed length, once the verdict is [`Verdict::Same`].
    pub fn into_window(self) -> Vec<u8> {
        self.window
    }
}

/// The ends of a file that grows at its end.
pub(super) struct Growing {
    ends: Ends,
    /// The last bytes so far: all of them while there are at most [`END`].
    window: Vec<u8>,
}

impl Growing {
    pub fn new(ends: Ends, window: Vec<u8>) -> Growing {
        Growing { ends, window }
    }

    /// The ends after these bytes.
    pub fn grow(&mut self, bytes: &[u8]) -> Ends {
        if self.ends.head_bytes < END_BYTES {
            let mut head = self.window.clone();
            head.extend_from_slice(&bytes[..bytes.len().min(END - head.len())]);
            self.ends.head = digest(&head);
            self.ends.head_bytes = head.len() as u64;
        }
        if bytes.len() >= END {
            self.window.clear();
            self.window.extend_from_slice(&bytes[bytes.len() - END..]);
        } else {
            let excess = (self.window.len() + bytes.len()).saturating_sub(END);
            self.window.drain(..excess);
            self.window.extend_from_slice(bytes);
        }
        self.ends.tail = digest(&self.window);
        self.ends
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, END, Ends, Growing, Verdict, digest};

    fn ends_of(bytes: &[u8]) -> Ends {
        let head = &bytes[..bytes.len().min(END)];
        let tail = &bytes[bytes.len().saturating_sub(END)..];
        Ends { head: digest(head), head_bytes: head.len() as u64, tail: digest(tail) }
    }

    #[test]
    fn ends_do_not_depend_on_how_bytes_came() {
        let bytes: Vec<u8> = (0..20_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for piece in [1, 7, 4095, 4096, 4097, 20_000] {
            let mut growing = Growing::new(Ends::default(), Vec::new());
            let mut done = 0;
            for part in bytes.chunks(piece) {
                let ends = growing.grow(part);
                done += part.len();
                if piece > 1 || done % 997 == 0 {
                    assert_eq!(ends, ends_of(&bytes[..done]), "{piece} {done}");
                }
            }
        }
    }

    #[test]
    fn a_check_sees_a_change_at_either_end() {
        let bytes: Vec<u8> = (0..30_000_u32).map(|number| (number / 7) as u8).collect();
        for committed in [0, 1, 4095, 4096, 4097, 9000] {
            let ends = ends_of(&bytes[..committed]);
            for start in [0, committed.saturating_sub(END)] {
                let verdict = |bytes: &[u8]| {
                    let mut check = Check::new(start as u64, committed as u64, ends);
                    let mut taken = 0;
                    for part in bytes[start..].chunks(1000) {
                        taken += check.feed(part);
                    }
                    assert_eq!(taken, committed - start);
                    check.verdict()
                };
                assert_eq!(verdict(&bytes), Verdict::Same);
                if committed > 0 {
                    let mut changed = bytes.clone();
                    changed[committed - 1] ^= 1;
                    assert_eq!(verdict(&changed), Verdict::Different);
                }
                if start == 0 && committed > 0 {
                    let mut changed = bytes.clone();
                    changed[0] ^= 1;
                    assert_eq!(verdict(&changed), Verdict::Different, "{committed}");
                    if committed > END {
                        let mut early = Check::new(0, committed as u64, ends);
                        early.feed(&changed[..END]);
                        assert_eq!([early.verdict(), early.verdict()], [Verdict::Different; 2]);
                    }
                }
            }
        }
    }
}

//! The text of an answer, read while it arrives. What is read is bounded by what may come between two things that are
//! looked at, and not by how long the answer is.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// What may come of a text before the next entry, key or tag: a name of the longest kind, with every character escaped.
const ENTRY_BYTES_MAX: usize = 64 << 10;

/// Tables and lists within each other; deeper ones are made to exhaust whoever reads them.
const DEPTH_MAX: usize = 256;

/// Pieces of an answer, as text: what is no UTF-8 is replaced, so that it costs no more than the name that it is in.
pub(super) struct Incoming<'c> {
    next: Box<dyn FnMut() -> Option<Vec<u8>> + 'c>,
    text: Vec<u8>,
    at: usize,
    /// The first bytes of a character whose others have not come yet.
    cut: Vec<u8>,
    nesting: Option<Nesting>,
    allowance: Allowance,
}

/// How much may be read before something is found again.
#[derive(Clone)]
pub(super) struct Allowance(Rc<Cell<usize>>);

/// How deep in JSON a place is.
#[derive(Default)]
struct Nesting {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl<'c> Incoming<'c> {
    /// Gives the pieces in their order, until there is none.
    pub fn new(next: impl FnMut() -> Option<Vec<u8>> + 'c) -> Incoming<'c> {
        let allowance = Allowance(Rc::new(Cell::new(ENTRY_BYTES_MAX)));
        Incoming { next: Box::new(next), text: Vec::new(), at: 0, cut: Vec::new(), nesting: None, allowance }
    }

    /// An answer that is there as a whole.
    pub fn whole(bytes: &'c [u8]) -> Incoming<'c> {
        let mut once = Some(bytes);
        Incoming::new(move || once.take().map(<[u8]>::to_vec))
    }

    /// The same as JSON, which may not be nested without end.
    pub fn json(self) -> Incoming<'c> {
        Incoming { nesting: Some(Nesting::default()), ..self }
    }

    pub fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    /// Goes on to the next text; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        (self.at, self.text) = (0, Vec::new());
        while self.text.is_empty() {
            match (self.next)() {
                Some(piece) if self.cut.is_empty() => self.text = piece,
                Some(piece) => {
                    self.text = std::mem::take(&mut self.cut);
                    self.text.extend_from_slice(&piece);
                }
                None if self.cut.is_empty() => return Ok(false),
                None => {
                    self.cut.clear();
                    self.text = char::REPLACEMENT_CHARACTER.to_string().into_bytes();
                }
            }
            if str::from_utf8(&self.text).is_err() {
                self.replace();
            }
        }
        if self.nesting.as_mut().is_none_or(|nesting| nesting.pass(&self.text)) {
            return Ok(true);
        }
        Err(io::Error::other(format!("nests more than {DEPTH_MAX} tables and lists")))
    }

    /// Makes text of what is none, and keeps the beginning of a character for the next piece.
    fn replace(&mut self) {
        let bytes = std::mem::take(&mut self.text);
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            self.text.extend_from_slice(chunk.valid().as_bytes());
            at += chunk.valid().len() + chunk.invalid().len();
            let is_begun = || str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
            if at == bytes.len() && is_begun() {
                self.cut = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                self.text.extend_from_slice(char::REPLACEMENT_CHARACTER.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() && !self.advance()? {
            return Ok(0);
        }
        let Allowance(left) = &self.allowance;
        let count = into.len().min(self.text.len() - self.at).min(left.get());
        if count == 0 && !into.is_empty() {
            return Err(io::Error::other(format!("goes on for {ENTRY_BYTES_MAX} bytes without another entry")));
        }
        into[..count].copy_from_slice(&self.text[self.at..][..count]);
        left.set(left.get() - count);
        self.at += count;
        Ok(count)
    }
}

impl Allowance {
    /// Something was found.
    pub fn renew(&self) {
        self.0.set(ENTRY_BYTES_MAX);
    }

    /// What comes is not kept, however long it is.
    pub fn lift(&self) {
        self.0.set(usize::MAX);
    }
}

impl Nesting {
    /// Goes over a text; `false` where it is too deep.
    fn pass(&mut self, text: &[u8]) -> bool {
        for byte in text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.quoted,
                b'"' => self.quoted = !self.quoted,
                b'[' | b'{' if !self.quoted => self.depth += 1,
                b']' | b'}' if !self.quoted => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > DEPTH_MAX {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::{any, proptest};

    use super::{DEPTH_MAX, ENTRY_BYTES_MAX, Incoming};

    proptest! {
        #[test]
        fn pieces_are_the_text_of_the_whole(
            bytes in proptest::collection::vec(proptest::prelude::prop_oneof![any::<u8>(), 0xc0..=0xf4_u8], 0..60),
            length in 1..7_usize,
        ) {
            let mut pieces = bytes.chunks(length).map(<[u8]>::to_vec);
            let mut text = Vec::new();
            Incoming::new(|| pieces.next()).read_to_end(&mut text).expect("a text");
            assert_eq!(text, String::from_utf8_lossy(&bytes).as_bytes());
        }
    }

    #[test]
    fn what_is_read_at_once_is_bounded() {
        let read = |text: String| Incoming::whole(text.as_bytes()).json().read_to_end(&mut Vec::new());
        assert!(read(" ".repeat(ENTRY_BYTES_MAX)).is_ok());
        assert!(read(" ".repeat(ENTRY_BYTES_MAX + 1)).is_err());
        assert!(read("[".repeat(DEPTH_MAX)).is_ok());
        assert!(read("{\"[\":".repeat(DEPTH_MAX + 1)).is_err());
        assert!(read("[\"\\\"[\"]".repeat(DEPTH_MAX + 1)).is_ok());
        let mut endless = Incoming::new(|| Some(vec![b' '; 1000]));
        endless.allowance().lift();
        endless.by_ref().take(1 << 20).read_to_end(&mut Vec::new()).expect("as much as is wanted");
        endless.allowance().renew();
        assert!(endless.read_to_end(&mut Vec::new()).is_err());
    }
}

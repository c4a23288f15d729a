//! How shapes move through a text.

/// Whether a mark joins words to one token, as in `attempt_14-03.2`.
fn is_join(byte: &u8) -> bool {
    matches!(byte, b'-' | b'.' | b'_' | b'~' | b'#' | b'$' | b'+')
}

/// Joins in a row; more are a line of dots.
const JOINS_MAX: usize = 2;

/// The bytes of words. Of all that is asked of a message, this is asked most.
const WORDS: [bool; 256] = {
    let (mut words, mut byte) = ([false; 256], 0);
    while byte < 256 {
        let of = byte as u8;
        words[byte] = of.is_ascii_alphanumeric() || of == b'_' || !of.is_ascii();
        byte += 1;
    }
    words
};

pub fn is_word(byte: &u8) -> bool {
    WORDS[usize::from(*byte)]
}

/// End of the run of bytes from `at`.
pub fn run(text: &[u8], at: usize, belongs: impl Fn(&u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| belongs(byte)).count()
}

pub fn word_end(text: &[u8], at: usize) -> usize {
    run(text, at, is_word)
}

/// End of the words from `at` that joins hold together.
pub fn token_end(text: &[u8], at: usize) -> usize {
    let mut end = word_end(text, at);
    while end > at {
        let next = run(text, end, is_join);
        let more = word_end(text, next);
        if next - end > JOINS_MAX || more == next {
            break;
        }
        end = more;
    }
    end
}

/// End of the letters from `at`, where they stand by themselves: nothing is behind them that a mask goes on with.
pub fn letters(text: &[u8], at: usize) -> Option<usize> {
    let end = run(text, at, u8::is_ascii_alphabetic);
    (end > at && text.get(end).is_none_or(|byte| matches!(byte, b' ' | b',' | b';' | b')'))).then_some(end)
}

/// The end, if no word goes on there.
pub fn bounded(text: &[u8], end: usize) -> Option<usize> {
    (!text.get(end).is_some_and(is_word)).then_some(end)
}

/// The end without these bytes before it, if anything is left behind `start`.
#[inline(always)]
pub fn trimmed(text: &[u8], start: usize, end: usize, marks: &[u8]) -> Option<usize> {
    let is_mark = |byte: &&u8| marks.iter().any(|mark| mark == *byte);
    let marks = text[start..end].iter().rev().take_while(is_mark).count();
    (end - marks > start).then_some(end - marks)
}

/// End of `least` to `most` digits.
pub fn digits(text: &[u8], at: usize, least: usize, most: usize) -> Option<usize> {
    let end = run(text, at, u8::is_ascii_digit);
    (end >= at + least && end - at <= most).then_some(end)
}

/// Position behind one of these bytes.
#[inline(always)]
pub fn one_of(text: &[u8], at: usize, bytes: &[u8]) -> Option<usize> {
    text.get(at).filter(|byte| bytes.iter().any(|other| other == *byte)).map(|_| at + 1)
}

/// Position behind a word that stands there as a whole.
pub fn literal(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let fits = !word.is_empty() && text.get(at..).is_some_and(|rest| rest.starts_with(word));
    fits.then(|| bounded(text, at + word.len())).flatten()
}

/// The word of letters at `at`, if it is one of these, without regard to upper and lower case.
pub fn word_of(text: &[u8], at: usize, words: &[&str]) -> Option<usize> {
    let end = run(text, at, u8::is_ascii_alphabetic);
    let end = bounded(text, end).filter(|end| *end > at)?;
    words.iter().any(|known| text[at..end].eq_ignore_ascii_case(known.as_bytes())).then_some(end)
}

pub fn has_digit(text: &[u8]) -> bool {
    text.iter().any(u8::is_ascii_digit)
}

/// Whether a row of numbers with colons goes on here, as in `0000:00:1d.7`: its parts are no times and no quantities.
pub fn is_in_row(text: &[u8], at: usize) -> bool {
    let before = text[..at].strip_suffix(b":").unwrap_or_default();
    before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).any(u8::is_ascii_digit)
}

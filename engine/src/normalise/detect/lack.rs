//! Why no format explains the lines: what of a record they lack.

use serde_json::Value;

use super::{Sample, stamp};

/// Bytes of `05:48:29`.
const CLOCK_BYTES: usize = 8;

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// There are no lines.
    Lines,
    /// No line has a time.
    Time,
    /// The times have no date; one of them.
    Date(String),
    /// Lines of JSON have a time, but no field with a message.
    Message,
    /// Times are there, but nothing that most lines have in common.
    Pattern,
}

/// What most of the lines lack.
pub fn lack(samples: &[Sample]) -> Lack {
    let lines = || samples.iter().flat_map(Sample::heads);
    let all = lines().count();
    if all == 0 {
        return Lack::Lines;
    }
    let most = |count: usize| count * 2 > all;
    if most(lines().filter(|line| stamp::find(line).is_some()).count()) {
        let objects = lines().filter(|line| matches!(serde_json::from_str(line.trim()), Ok(Value::Object(_)))).count();
        return if most(objects) { Lack::Message } else { Lack::Pattern };
    }
    let clocks: Vec<&str> = lines().filter_map(clock).collect();
    match clocks.first() {
        Some(clock) if most(clocks.len()) => Lack::Date((*clock).to_owned()),
        _ => Lack::Time,
    }
}

/// Whether a date stands anywhere in a line: three numbers with the same sign between them.
fn has_date(line: &str) -> bool {
    let numbers: Vec<&str> = line.split(|c: char| !c.is_ascii_digit() && !"-./".contains(c)).collect();
    numbers.iter().any(|text| {
        ['-', '.', '/'].iter().any(|sign| {
            let parts: Vec<usize> = text.split(*sign).map(str::len).collect();
            matches!(parts[..], [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 2 | 4])
        })
    })
}

/// A time of the day at the begin of a line that has no date, `05:48:29`.
fn clock(line: &str) -> Option<&str> {
    if has_date(line) {
        return None;
    }
    let start = line.find(|c: char| c.is_ascii_digit())?;
    let clock = line.get(start..start + CLOCK_BYTES)?;
    begins_with_clock(clock.as_bytes()).then_some(clock)
}

/// Whether a text begins with a time of the day.
pub fn begins_with_clock(text: &[u8]) -> bool {
    let is_of_clock = |(at, byte): (usize, &u8)| if at % 3 == 2 { *byte == b':' } else { byte.is_ascii_digit() };
    text.get(..CLOCK_BYTES).is_some_and(|clock| clock.iter().enumerate().all(is_of_clock))
}

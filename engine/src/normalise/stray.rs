//! Lines that joined a record, but begin as records of another layout do: an update may have changed how the application
//! logs, within a file.
//!
//! What is asked for is a date and a time of day at the begin of the line, or a JSON object with one in it. Stack traces
//! and wrapped text have none there.

/// Bytes of a JSON line in which its time is looked for.
const JSON_BYTES_MAX: usize = 512;
/// Digits of a time since 1970, in seconds at least.
const EPOCH_DIGITS_MIN: usize = 10;

/// Whether a line begins as a record does.
pub fn is_stray(line: &[u8]) -> bool {
    if line.starts_with(b"{\"") {
        let begin = &line[..line.len().min(JSON_BYTES_MAX)];
        let is_time = |at: usize| {
            let rest = &begin[at..];
            let is_begin = at == 0 || !begin[at - 1].is_ascii_alphanumeric();
            is_begin && (is_date_and_time(rest) || digits(rest) >= EPOCH_DIGITS_MIN)
        };
        return line.trim_ascii_end().ends_with(b"}") && (0..begin.len()).any(is_time);
    }
    is_date_and_time(line)
}

/// Whether a text begins with a date and the hour and minute of it.
fn is_date_and_time(text: &[u8]) -> bool {
    let (first, second) = (digits(text), text.get(digits(text)).copied());
    let Some(separator) = second.filter(|byte| b"-/.".contains(byte)) else { return false };
    let rest = &text[first + 1..];
    let middle = digits(rest);
    let Some(rest) = rest.get(middle..).and_then(|rest| rest.strip_prefix(&[separator])) else { return false };
    let last = digits(rest);
    let is_date = matches!((first, middle, last), (4, 2, 2) | (1..=2, 1..=2, 4));
    let rest = rest[last..].strip_prefix(b",").unwrap_or(&rest[last..]);
    let Some((b' ' | b'T', time)) = rest.split_first() else { return false };
    let hour = digits(time);
    is_date && (1..=2).contains(&hour) && time.get(hour) == Some(&b':') && digits(&time[hour + 1..]) == 2
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::is_stray;

    #[test]
    fn records_of_other_layouts_are_told_from_wrapped_text() {
        for line in [
            "2026-10-12T05:49:00.000Z ERROR A.B new",
            "2026/10/12 05:49:00 new",
            "12.10.2026 05:49 new",
            "10/12/2026, 5:49:00 PM | new",
            "{\"@t\":\"2026-10-12T05:49:00Z\",\"@m\":\"new\"}",
            "{\"level\":30,\"time\":1791781711905,\"msg\":\"new\"}\r",
        ] {
            assert!(is_stray(line.as_bytes()), "{line}");
        }
        for line in [
            "   at A.B() in C:\\b.cs:line 7",
            " 2026-10-12T05:49:00.000Z is when it began",
            "2026-10-12: the day",
            "2026-10-12 is the day",
            "1.2.3 05:49",
            "10.0.0.1 05:49:00 is an address",
            "05:49:00 ERROR",
            "7 tries",
            "{\"status\":500,\"took\":12}",
            "{\"half\":\"2026-10-12T05:49:00Z\"",
            "{",
            "",
        ] {
            assert!(!is_stray(line.as_bytes()), "{line}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(any: Vec<u8>, dates in "[0-9 T:,./{}\"-]{0,40}") {
            is_stray(&any);
            is_stray(dates.as_bytes());
        }
    }
}

//! The `Range` header of RFC 9110, section 14: one range of bytes.

/// What a `Range` header means for a file of a certain size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// No range, or one that a server may ignore: other units, several ranges, nonsense.
    Whole,
    /// Bytes `from..to`, not empty.
    Bytes { from: usize, to: usize },
    /// Nothing of the file is in the range: 416.
    Unsatisfiable,
}

impl Part {
    /// Reads a header.
    #[must_use]
    pub fn of(header: Option<&str>, size: usize) -> Self {
        let Some((first, last)) = header.and_then(split) else {
            return Self::Whole;
        };
        match (first.parse::<usize>(), last.parse::<usize>()) {
            (Ok(from), Ok(last)) if from <= last => Self::within(from, last.saturating_add(1), size),
            (Ok(from), Err(_)) if last.is_empty() => Self::within(from, size, size),
            (Err(_), Ok(count)) if first.is_empty() => Self::within(size - count.min(size), size, size),
            _ => Self::Whole,
        }
    }

    fn within(from: usize, to: usize, size: usize) -> Self {
        let to = to.min(size);
        if from < to { Self::Bytes { from, to } } else { Self::Unsatisfiable }
    }
}

fn split(header: &str) -> Option<(&str, &str)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.trim(), last.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_mean_what_the_rfc_says() {
        let bytes = |from, to| Part::Bytes { from, to };
        let cases = [
            ("bytes=0-", 10, bytes(0, 10)),
            ("bytes=3-", 10, bytes(3, 10)),
            ("bytes=3-4", 10, bytes(3, 5)),
            ("bytes=9-999", 10, bytes(9, 10)),
            ("bytes=-4", 10, bytes(6, 10)),
            ("bytes=-40", 10, bytes(0, 10)),
            ("bytes=10-", 10, Part::Unsatisfiable),
            ("bytes=0-", 0, Part::Unsatisfiable),
            ("bytes=-0", 10, Part::Unsatisfiable),
            ("bytes=5-3", 10, Part::Whole),
            ("bytes=0-1,4-5", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("lines=0-1", 10, Part::Whole),
            ("bytes=0-18446744073709551615", 10, bytes(0, 10)),
        ];
        for (header, size, expected) in cases {
            assert_eq!(Part::of(Some(header), size), expected, "{header} of {size}");
        }
        assert_eq!(Part::of(None, 10), Part::Whole);
    }
}

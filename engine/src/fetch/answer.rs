//! What an HTTP answer to the request for a file's bytes means. Pure: the table of ACQUISITION.md, step 3.

/// The bytes that were asked for: from here on, up to but not including `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ask {
    pub from: u64,
    pub to: Option<u64>,
}

impl Ask {
    /// The whole file.
    pub const WHOLE: Ask = Ask { from: 0, to: None };

    /// The value of the `Range` header. None for the whole file: a plain request has fewer ways to go wrong, and an
    /// empty file has no range at all.
    pub fn range(self) -> Option<String> {
        match self {
            Ask { from: 0, to: None } => None,
            Ask { from, to: None } => Some(format!("bytes={from}-")),
            Ask { from, to: Some(to) } => Some(format!("bytes={from}-{}", to - 1)),
        }
    }
}

/// The part of an answer's head that decides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Head<'a> {
    pub status: u16,
    pub content_range: Option<&'a str>,
    pub content_encoding: Option<&'a str>,
    pub content_type: Option<&'a str>,
    pub content_length: Option<u64>,
}

/// What to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The body holds the file's bytes from `start` on, `start` at or before what was asked.
    Bytes {
        start: u64,
        /// End of the promised bytes, exclusive; `None` when nothing is promised.
        end: Option<u64>,
        /// The file's length, if it is told.
        total: Option<u64>,
    },
    /// The bytes cannot be placed: ask for the whole file, once.
    Reject(&'static str),
    /// The file is not that long, but, if it is told, so long.
    Beyond(Option<u64>),
    /// The file is not there.
    Gone,
    /// Trouble that may pass.
    Again,
    /// A redirect that was not followed.
    Redirect,
    /// Any other status: no.
    Refused,
}

pub(super) fn classify(ask: Ask, head: &Head<'_>) -> Answer {
    match head.status {
        200 | 206 if is_encoded(head) => Answer::Reject("the body is compressed though it was asked for as it is"),
        200 => Answer::Bytes { start: 0, end: head.content_length, total: head.content_length },
        206 => part(ask, head),
        404 | 410 => Answer::Gone,
        416 => Answer::Beyond(head.content_range.and_then(unsatisfied)),
        408 | 429 | 500..=599 => Answer::Again,
        300..=399 => Answer::Redirect,
        _ => Answer::Refused,
    }
}

/// Whether a file of this name is encoded so by itself.
pub(super) fn is_of_name(encoding: &str, name: &str) -> bool {
    let encoding = encoding.trim().to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    [("gzip", ".gz"), ("x-gzip", ".gz"), ("zstd", ".zst")]
        .iter()
        .any(|(known, ending)| encoding == *known && name.ends_with(ending))
}

/// Whether an answer that calls itself HTML may be a page in place of the file of this name.
pub(super) fn may_be_page(content_type: Option<&str>, name: &str) -> bool {
    let is_html = content_type.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
    let name = name.to_ascii_lowercase();
    is_html && !name.ends_with(".html") && !name.ends_with(".htm")
}

/// Whether these first bytes, of which [`PAGE_BYTES`] are enough, begin an HTML page. The type alone proves nothing:
/// some servers give it to every file that they do not know.
pub(super) fn is_page(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|tag| text.get(..tag.len()).is_some_and(|it| it.eq_ignore_ascii_case(tag)))
}

/// A page begins within these, behind at most a few blank lines.
pub(super) const PAGE_BYTES: usize = 64;

fn is_encoded(head: &Head<'_>) -> bool {
    head.content_encoding.is_some_and(|encoding| !encoding.trim().eq_ignore_ascii_case("identity"))
}

fn part(ask: Ask, head: &Head<'_>) -> Answer {
    if head.content_type.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("multipart/")) {
        return Answer::Reject("the answer comes in several parts");
    }
    let Some(text) = head.content_range else {
        return Answer::Reject("a part of the file comes without Content-Range");
    };
    match content_range(text) {
        None => Answer::Reject("Content-Range cannot be understood"),
        Some((start, _, _)) if start > ask.from => Answer::Reject("the part starts later than asked"),
        Some((start, end, total)) => Answer::Bytes { start, end: Some(end), total },
    }
}

/// `bytes 5-9/20` or `bytes 5-9/*`: start, exclusive end, total.
fn content_range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let text = text.trim();
    let (unit, rest) = text.split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (span, total) = rest.trim().split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let first: u64 = first.trim().parse().ok()?;
    let end = last.trim().parse::<u64>().ok()?.checked_add(1)?;
    let total = match total.trim() {
        "*" => None,
        number => Some(number.parse().ok()?),
    };
    let fits = first < end && total.is_none_or(|total| end <= total);
    fits.then_some((first, end, total))
}

/// `bytes */20`: the length of a file that has nothing in the range.
fn unsatisfied(text: &str) -> Option<u64> {
    text.trim().strip_prefix("bytes")?.trim_start().strip_prefix("*/")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Answer, Ask, Head, classify, is_of_name};

    fn part(range: &'static str) -> Answer {
        let head = Head { status: 206, content_range: Some(range), ..Head::default() };
        classify(Ask { from: 100, to: None }, &head)
    }

    #[test]
    fn a_part_is_placed_by_its_content_range() {
        assert_eq!(part("bytes 100-199/200"), Answer::Bytes { start: 100, end: Some(200), total: Some(200) });
        assert_eq!(part("bytes 40-199/*"), Answer::Bytes { start: 40, end: Some(200), total: None });
        for wrong in ["bytes 101-199/200", "bytes 100-99/200", "bytes 100-200/200", "100-199/200", "bytes */200", ""] {
            assert!(matches!(part(wrong), Answer::Reject(_)), "{wrong}");
        }
        assert!(matches!(part("bytes 100-18446744073709551615/*"), Answer::Reject(_)));
        let bare = Head { status: 206, ..Head::default() };
        assert!(matches!(classify(Ask::WHOLE, &bare), Answer::Reject(_)));
        let several = Head { content_type: Some("Multipart/byteranges; boundary=x"), ..bare };
        assert!(matches!(classify(Ask::WHOLE, &several), Answer::Reject(_)));
    }

    #[test]
    fn a_status_decides_what_is_next() {
        let of = |status| classify(Ask { from: 1, to: None }, &Head { status, ..Head::default() });
        assert_eq!(of(200), Answer::Bytes { start: 0, end: None, total: None });
        assert_eq!((of(404), of(410), of(416)), (Answer::Gone, Answer::Gone, Answer::Beyond(None)));
        let beyond = Head { status: 416, content_range: Some("bytes */20"), ..Head::default() };
        assert_eq!(classify(Ask::WHOLE, &beyond), Answer::Beyond(Some(20)));
        assert_eq!((of(408), of(429), of(503)), (Answer::Again, Answer::Again, Answer::Again));
        assert_eq!((of(302), of(401), of(204)), (Answer::Redirect, Answer::Refused, Answer::Refused));
        let packed = Head { status: 200, content_encoding: Some("gzip"), ..Head::default() };
        assert!(matches!(classify(Ask::WHOLE, &packed), Answer::Reject(_)));
    }

    #[test]
    fn a_compressed_file_may_be_sent_with_its_own_encoding() {
        assert!(is_of_name("gzip", "app.log.1.gz") && is_of_name(" X-GZIP", "APP.LOG.GZ"));
        assert!(is_of_name("zstd", "app.log.zst"));
        assert!(!is_of_name("gzip", "app.log") && !is_of_name("gzip", "app.log.zst") && !is_of_name("br", "app.gz"));
    }

    #[test]
    fn a_range_names_its_last_byte() {
        assert_eq!(Ask { from: 5, to: Some(9) }.range().as_deref(), Some("bytes=5-8"));
        assert_eq!(Ask { from: 5, to: None }.range().as_deref(), Some("bytes=5-"));
        assert_eq!(Ask::WHOLE.range(), None);
    }
}

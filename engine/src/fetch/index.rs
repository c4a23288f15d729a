//! What an instance says it has, where a web server answers with a page of links: the index of a folder.
//!
//! A name is what a link leads to directly within the folder; folders below are not followed. Only a page that is
//! plainly an index, and there to its end, is a listing: a login page names no files, and must not say that all are
//! gone.

use chrono::NaiveDateTime;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{IoReader, Span, Tokenizer};
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::cause::CauseClass;
use super::incoming::Incoming;
use super::listing::{Listing, PageSeen};
use super::name;
use crate::catalog::Facts;

/// An index tells times by the minute, in a zone that it does not tell. The latest that a time may mean is in the
/// westernmost zone, at the end of the minute.
const LATEST_US: i64 = (12 * 3600 + 60) * 1_000_000 - 1;

/// What is kept of a heading, and of the row behind a link: its name, time and size.
const ROW_BYTES_MAX: usize = 4 << 10;

/// An index has a title and a heading.
const HEADINGS_MAX: usize = 16;

/// How Apache and nginx write a time.
const TIMES: [&str; 2] = ["%Y-%m-%d %H:%M", "%d-%b-%Y %H:%M"];

/// Reads an index into a listing as it arrives; `date_us` is the server's clock, or the local one.
///
/// # Errors
/// What makes it none, as the end of a sentence.
pub(super) fn read(at: &Url, page: Incoming<'_>, date_us: i64, listing: &mut Listing) -> Result<PageSeen, String> {
    let allowance = page.allowance();
    let mut index = Index {
        page: at,
        date_us,
        listing,
        seen: PageSeen::default(),
        tag: Tag::default(),
        link: None,
        heading: None,
        headings: Vec::new(),
        ended: false,
    };
    let see = |event: CallbackEvent<'_>, _: Span<()>| {
        allowance.renew();
        index.see(&event).err()
    };
    if let Some(unfit) = Tokenizer::new_with_emitter(IoReader::new(page), CallbackEmitter::new(see)).next() {
        return Err(unfit.unwrap_or_else(|error| error.to_string()));
    }
    index.settle()?;
    if !index.headings.iter().any(|heading| is_of_index(at, heading)) {
        return Err("is no index of a folder: neither its title nor its heading says so".to_owned());
    }
    if !index.ended {
        return Err("is cut: the page has no end".to_owned());
    }
    Ok(index.seen)
}

struct Index<'a> {
    page: &'a Url,
    date_us: i64,
    listing: &'a mut Listing,
    seen: PageSeen,
    /// The tag that is being read.
    tag: Tag,
    /// The last link, and the text of its row behind it.
    link: Option<Link>,
    /// The text of the title or heading that is being read.
    heading: Option<String>,
    headings: Vec<String>,
    ended: bool,
}

/// A tag, as far as it matters.
#[derive(Default)]
struct Tag {
    name: Vec<u8>,
    attribute: Vec<u8>,
    href: Option<String>,
    is_password: bool,
}

struct Link {
    href: String,
    row: String,
    /// The text of the link itself is over.
    closed: bool,
}

impl Index<'_> {
    fn see(&mut self, event: &CallbackEvent<'_>) -> Result<(), String> {
        match *event {
            CallbackEvent::OpenStartTag { name } => {
                self.tag = Tag { name: name.to_vec(), ..Tag::default() };
            }
            CallbackEvent::AttributeName { name } => self.tag.attribute = name.to_vec(),
            CallbackEvent::AttributeValue { value } => self.tag.take(value),
            CallbackEvent::CloseStartTag { .. } => return self.open(),
            CallbackEvent::String { value } => self.text(&String::from_utf8_lossy(value)),
            CallbackEvent::EndTag { name } => match name {
                b"title" | b"h1" => {
                    let kept = self.headings.len() < HEADINGS_MAX;
                    self.headings.extend(self.heading.take().filter(|_| kept));
                }
                b"a" => self.link.iter_mut().for_each(|link| link.closed = true),
                b"html" => self.ended = true,
                _ => {}
            },
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        let tag = std::mem::take(&mut self.tag);
        match tag.name.as_slice() {
            b"title" | b"h1" => self.heading = Some(String::new()),
            b"input" if tag.is_password => return Err("is no index of a folder: it asks for a password".to_owned()),
            b"a" => {
                self.settle()?;
                self.link = tag.href.map(|href| Link { href, row: String::new(), closed: false });
            }
            b"br" | b"tr" | b"hr" | b"li" => self.settle()?,
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let link = self.link.as_mut().filter(|link| link.closed).map(|link| &mut link.row);
        for kept in self.heading.as_mut().into_iter().chain(link) {
            if kept.len() < ROW_BYTES_MAX {
                kept.push_str(text);
            }
        }
    }

    /// Takes the last link over, with what its row says.
    fn settle(&mut self) -> Result<(), String> {
        let Some(link) = self.link.take() else { return Ok(()) };
        let Some(found) = name_in(self.page, &link.href) else { return Ok(()) };
        self.listing.count()?;
        match found {
            Ok(name) => {
                self.seen.see(&name);
                let facts = facts(&link.row, self.date_us);
                // Where icons are links too, the second link to a file is the one whose row tells more.
                match facts.modified_us {
                    Some(_) => self.listing.amend(&name, facts),
                    None => self.listing.add(&name, facts),
                }
            }
            Err(shown) => {
                self.seen.see(&shown);
                self.listing.refuse(&shown, CauseClass::Name, "is not UTF-8");
            }
        }
        Ok(())
    }
}

impl Tag {
    /// The value of the attribute that was named last; of several with one name, the first counts.
    fn take(&mut self, value: &[u8]) {
        match std::mem::take(&mut self.attribute).as_slice() {
            b"href" if self.href.is_none() => self.href = Some(String::from_utf8_lossy(value).into_owned()),
            b"type" => self.is_password |= value.eq_ignore_ascii_case(b"password"),
            _ => {}
        }
    }
}

/// Whether a title or heading is that of an index: it says so, or it ends with the folder's name.
fn is_of_index(page: &Url, heading: &str) -> bool {
    let heading = heading.trim();
    let path = percent_decode_str(page.path()).decode_utf8_lossy();
    let folder = path.trim_end_matches('/');
    let own = folder.rsplit('/').next().unwrap_or_default();
    let says = |words: &str| heading.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words));
    let named = heading.trim_end_matches('/');
    says("index of") || says("directory listing") || !own.is_empty() && (named == own || named.ends_with(folder))
}

/// The name that a link means, not yet judged; or, where it is no UTF-8, how to show it. `None`: the link leads
/// elsewhere, to a folder, or to the same page in another order.
fn name_in(page: &Url, href: &str) -> Option<Result<String, String>> {
    let href = href.trim();
    if href.contains(['?', '#']) {
        return None;
    }
    let inside = if href.starts_with('/') || Url::parse(href).is_ok() {
        let target = page.join(href).ok().filter(|target| target.origin() == page.origin())?;
        let folder = format!("{}/", page.path().trim_end_matches('/'));
        target.path().strip_prefix(&folder)?.to_owned()
    } else {
        href.strip_prefix("./").unwrap_or(href).to_owned()
    };
    if inside.ends_with('/') || ["", ".", ".."].contains(&inside.as_str()) {
        return None;
    }
    let Ok(name) = percent_decode_str(&inside).decode_utf8() else {
        return Some(Err(percent_decode_str(&inside).decode_utf8_lossy().into_owned()));
    };
    (name::refusal(&name).is_some() || !inside.contains('/')).then(|| Ok(name.into_owned()))
}

/// Size and time, where the row of a link tells them as Apache and nginx do.
fn facts(row: &str, date_us: i64) -> Facts {
    let mut facts = Facts { date_us: Some(date_us), ..Facts::default() };
    let mut words = row.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().split_whitespace();
    let (Some(day), Some(minute)) = (words.next(), words.next()) else { return facts };
    let time = format!("{day} {minute}");
    let Some(time) = TIMES.iter().find_map(|form| NaiveDateTime::parse_from_str(&time, form).ok()) else {
        return facts;
    };
    let latest_us = time.and_utc().timestamp_micros() + LATEST_US;
    facts.modified_us = Some(latest_us);
    // Not yet long ago, wherever the server is: seen in the moment of the write, so that the file is asked for.
    facts.date_us = Some(if latest_us < date_us { date_us } else { latest_us });
    match words.next() {
        Some(size) if size.bytes().all(|byte| byte.is_ascii_digit()) => {
            facts.size = size.parse().ok().filter(|size| *size <= i64::MAX as u64);
        }
        // Rounded, and so no size; but where it differs, so does the file.
        Some(size) => facts.etag = Some(size.to_owned()),
        None => {}
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::{Incoming, LATEST_US, name_in, read};
    use crate::fetch::listing::Listing;

    const PAGE: &str = "http://h:1/logs/";
    /// 2024-03-01 00:00 UTC.
    const MARCH_US: i64 = 1_709_251_200_000_000;

    fn parse(html: &str) -> Result<Listing, String> {
        let mut listing = Listing::new(None, Default::default());
        let page = Incoming::whole(html.as_bytes());
        read(&PAGE.parse().expect("a URL"), page, MARCH_US, &mut listing).map(|_| listing)
    }

    #[test]
    fn what_servers_write_is_read() {
        let apache = r#"<!DOCTYPE HTML><html><head><title>Index of /logs</title></head><body><h1>Index of /logs</h1>
<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a><hr>
<img src="/icons/back.gif" alt="[PARENTDIR]"> <a href="/">Parent Directory</a>                  -
<img src="/icons/unknown.gif" alt="[   ]"> <a href="a%20b.log">a b.log</a>   2024-01-01 10:20  5.2K
<img src="/icons/unknown.gif" alt="[   ]"> <a href="small.log">small.log</a> 2024-01-01 10:20  972
<img src="/icons/folder.gif" alt="[DIR]"> <a href="old/">old/</a>      2024-01-01 10:20    -
<hr></pre></body></html>"#;
        let table = r#"<html><head><title>Index of /logs</title></head><body><table>
<tr><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="a%20b.log"><img src="x"></a></td><td><a href="a%20b.log">a b.log</a></td><td align="right">2024-01-01 10:20  </td><td align="right">5.2K</td></tr>
<tr><td></td><td><a href="small.log">small.log</a></td><td align="right">2024-01-01 10:20  </td><td>972 </td></tr>
</table></body></html>"#;
        let nginx = r#"<html><head><title>Index of /logs/</title></head><body><h1>Index of /logs/</h1><hr><pre>
<a href="../">../</a>
<a href="old/">old/</a>                          01-Jan-2024 10:20                   -
<a href="a%20b.log">a b.log</a>                  01-Jan-2024 10:20                5324
<a href="small.log">small.log</a>                01-Jan-2024 10:20                 972
</pre><hr></body></html>"#;
        let iis = r#"<html><head><title>h - /logs/</title></head><body><H1>h - /logs/</H1><hr><pre>
<A HREF="/">[To Parent Directory]</A><br><br> 1/1/2024 10:20 AM  5324 <A HREF="/logs/a%20b.log">a b.log</A><br>
 1/1/2024 10:20 AM    972 <A HREF="/logs/small.log">small.log</A><br></pre><hr></body></html>"#;
        let caddy = r#"<!DOCTYPE html><html><head><title>logs</title></head><body><h1><a href="/">/</a>logs</h1>
<input type="search"><tr><td><a href="./a%20b.log"><span>a b.log</span></a></td><td>5.2 KiB</td></tr>
<tr><td><a href="./small.log">small.log</a></td></tr><footer><a href="https://caddyserver.com">Caddy</a></footer></body></html>"#;
        let time = Some(MARCH_US - 60 * 86_400_000_000 + (10 * 60 + 20) * 60_000_000 + LATEST_US);
        for (html, large, small, modified_us) in [
            (apache, None, Some(972), time),
            (table, None, Some(972), time),
            (nginx, Some(5324), Some(972), time),
            (iis, None, None, None),
            (caddy, None, None, None),
        ] {
            let listing = parse(html).expect("a listing");
            assert!(listing.complete && listing.refused.is_empty(), "{html}");
            assert_eq!(listing.files.keys().collect::<Vec<_>>(), ["a b.log", "small.log"], "{html}");
            let [a, b] = ["a b.log", "small.log"].map(|name| &listing.files[name]);
            assert_eq!(
                (a.size, b.size, a.modified_us, b.modified_us),
                (large, small, modified_us, modified_us),
                "{html}"
            );
            assert_eq!(a.date_us, Some(MARCH_US), "{html}");
        }
        assert_eq!(parse(apache).expect("a listing").files["a b.log"].etag.as_deref(), Some("5.2K"));
    }

    #[test]
    fn a_time_that_may_be_now_counts_as_now() {
        let html = "<title>Index of /</title><a href=a.log>a.log</a> 2024-02-29 20:00 7
</html>";
        let facts = &parse(html).expect("a listing").files["a.log"];
        assert_eq!(facts.date_us, facts.modified_us);
        assert!(facts.modified_us > Some(MARCH_US));
    }

    #[test]
    fn a_page_that_is_no_index_lists_nothing() {
        for html in [
            "",
            "<html><title>Please log in</title><a href=help.log>Help</a></html>",
            "<html><title>Index of /logs</title><a href=a.log>a.log</a>",
            "<html><title>logs</title><input name=p type=Password></html>",
            "{}",
        ] {
            assert!(parse(html).is_err(), "{html}");
        }
    }

    #[test]
    fn a_link_is_a_name_or_nothing() {
        let name = |href: &str| name_in(&PAGE.parse().expect("a URL"), href);
        for href in [
            "",
            "/",
            "../",
            "./",
            "sub/",
            "sub/a.log",
            "?C=N",
            "a.log?x=1",
            "#top",
            "/other/a.log",
            "//evil/logs/a.log",
            "mailto:a",
            "http://h:2/logs/a.log",
        ] {
            assert_eq!(name(href), None, "{href}");
        }
        for (href, expected) in [
            ("a.log", "a.log"),
            ("./%C3%A9.log", "é.log"),
            ("/logs/a%2Fb.log", "a/b.log"),
            (PAGE, ""),
            ("http://h:1/logs/x", "x"),
        ] {
            let expected = (!expected.is_empty()).then(|| Ok(expected.to_owned()));
            assert_eq!(name(href), expected, "{href}");
        }
        assert_eq!(name("%E9.log"), Some(Err("\u{fffd}.log".to_owned())));
        let hostile = parse(
            "<title>Index of /</title><a href=../evil.log></a><a href=%2e%2e%2fevil.log></a><a href=a%00.log></a></html>",
        );
        let hostile = hostile.expect("a listing");
        assert_eq!((hostile.files.len(), hostile.refused.len()), (0, 3));
    }
}

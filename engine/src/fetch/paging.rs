//! How a listing goes on: the URL of the page after this one. Pure; it ends, whatever a server says.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use reqwest::Url;
use serde_json::Value;

use super::cause::excerpt;
use super::listing::{Cursor, PageSeen};
use super::name::encoded;
use crate::profile::{Paging, Veil};

/// A million entries on pages of a hundred.
const PAGES_MAX: usize = 10_000;

/// The pages of one listing, as far as they were asked for.
pub(super) struct Pages<'a> {
    paging: &'a Paging,
    veil: &'a Veil,
    first: Url,
    /// Marks of their URLs, and of the names on them.
    asked: BTreeSet<u64>,
    seen: BTreeSet<u64>,
    entries: usize,
}

/// What a page says about the one after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    /// Where it was found, after redirects.
    pub url: &'a Url,
    /// What stands at the pointer of the cursor.
    pub cursor: Option<&'a Cursor>,
    /// The header `Link`.
    pub link: Option<&'a str>,
    pub seen: PageSeen,
}

impl<'a> Pages<'a> {
    pub fn new(paging: &'a Paging, list: Url, veil: &'a Veil) -> Pages<'a> {
        let first = match paging {
            Paging::Page { parameter, first } => with_parameter(&list, parameter, &first.to_string()),
            Paging::Offset { parameter } => with_parameter(&list, parameter, "0"),
            Paging::None | Paging::Cursor { .. } | Paging::Link => list,
        };
        let asked = BTreeSet::from([mark(&first)]);
        Pages { paging, veil, asked, seen: BTreeSet::new(), first, entries: 0 }
    }

    pub fn first(&self) -> Url {
        self.first.clone()
    }

    /// The next page; `None` where the listing is complete.
    ///
    /// # Errors
    /// Why it cannot be complete, as the end of a sentence.
    pub fn after(&mut self, page: Page<'_>) -> Result<Option<Url>, String> {
        self.entries += page.seen.entries;
        let is_old = page.seen.entries > 0 && !self.seen.insert(page.seen.names);
        let Some(next) = self.next(page)? else { return Ok(None) };
        if is_old || !self.asked.insert(mark(&next)) {
            return Err("comes round to a page that was there before".to_owned());
        }
        if self.asked.len() > PAGES_MAX {
            return Err(format!("has more than {PAGES_MAX} pages"));
        }
        Ok(Some(next))
    }

    fn next(&self, page: Page<'_>) -> Result<Option<Url>, String> {
        let number = |parameter: &str, number: usize| {
            (page.seen.entries > 0).then(|| with_parameter(&self.first, parameter, &number.to_string()))
        };
        match self.paging {
            Paging::None => Ok(None),
            Paging::Page { parameter, first } => Ok(number(parameter, *first as usize + self.asked.len())),
            Paging::Offset { parameter } => Ok(number(parameter, self.entries)),
            Paging::Link => page.link.and_then(next_link).map(|target| self.on_host(page.url, target)).transpose(),
            Paging::Cursor { pointer, parameter } => {
                let cursor = match page.cursor {
                    None | Some(Some(Value::Null | Value::Bool(false))) => return Ok(None),
                    Some(Some(Value::String(text))) if text.is_empty() => return Ok(None),
                    Some(Some(Value::String(text))) => text.clone(),
                    Some(Some(Value::Number(number))) => number.to_string(),
                    Some(_) => return Err(format!("has no text or number at the pointer \"{pointer}\"")),
                };
                match parameter {
                    Some(parameter) => Ok(Some(with_parameter(&self.first, parameter, &cursor))),
                    None => self.on_host(page.url, &cursor).map(Some),
                }
            }
        }
    }

    fn on_host(&self, from: &Url, target: &str) -> Result<Url, String> {
        let shown = || excerpt(target, self.veil);
        let next = from.join(target).map_err(|_| format!("names a next page that is no URL: {}", shown()))?;
        if next.origin() != self.first.origin() || next.username() != "" || next.password().is_some() {
            return Err(format!("goes on at another host, which is not followed: {}", shown()));
        }
        Ok(next)
    }
}

/// What is kept of a URL, which may be long.
fn mark(url: &Url) -> u64 {
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    hasher.finish()
}

/// A URL with a parameter of its query set; the others stay as they are written.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let name = encoded(name);
    let others = url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let others = others.filter(|pair| pair.split('=').next() != Some(name.as_str()));
    let own = format!("{name}={}", encoded(value));
    let query: Vec<&str> = others.chain([own.as_str()]).collect();
    let mut url = url.clone();
    url.set_query(Some(&query.join("&")));
    url
}

/// The target of `<page?n=2>; rel="next"` in a header `Link` (RFC 8288).
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, link)) = rest.split_once('<') {
        let (target, behind) = link.split_once('>')?;
        // A comma ends the link, unless it stands in quotes.
        let mut quoted = false;
        let ends = |c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        };
        let (parameters, more) = behind.split_once(ends).unwrap_or((behind, ""));
        let is_next = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.trim());
        }
        rest = more;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Cursor, PAGES_MAX, Page, PageSeen, Pages, next_link};
    use crate::profile::{Paging, Veil};

    const LIST: &str = "http://h:1/logs?limit=2&page=7";

    fn page<'a>(url: &'a super::Url, cursor: Option<&'a Cursor>, link: Option<&'a str>, names: u64) -> Page<'a> {
        Page { url, cursor, link, seen: PageSeen { entries: 2, names } }
    }

    fn next(paging: &Paging, cursor: Option<Cursor>, link: Option<&str>) -> Result<Option<String>, String> {
        let veil = Veil::default();
        let mut pages = Pages::new(paging, LIST.parse().expect("a URL"), &veil);
        let url = pages.first();
        Ok(pages.after(page(&url, cursor.as_ref(), link, 1))?.map(String::from))
    }

    #[test]
    fn each_kind_names_its_next_page() {
        let text = str::to_owned;
        let cursor = |parameter| Paging::Cursor { pointer: text("/next"), parameter };
        let numbered = Paging::Page { parameter: text("page"), first: 1 };
        assert_eq!(
            Pages::new(&numbered, LIST.parse().expect("a URL"), &Veil::default()).first().as_str(),
            "http://h:1/logs?limit=2&page=1"
        );
        assert_eq!(next(&numbered, None, None), Ok(Some(text("http://h:1/logs?limit=2&page=2"))));
        let offset = Paging::Offset { parameter: text("from") };
        assert_eq!(next(&offset, None, None), Ok(Some(text("http://h:1/logs?limit=2&page=7&from=2"))));
        let given = |value: Value| Some((!value.is_array()).then_some(value));
        let expected = Ok(Some(text("http://h:1/logs?limit=2&page=7&c=a%26b%3D")));
        assert_eq!(next(&cursor(Some(text("c"))), given(json!("a&b=")), None), expected);
        assert_eq!(next(&cursor(Some(text("c"))), given(json!(null)), None), Ok(None));
        assert_eq!(next(&cursor(None), given(json!("/logs?p=2")), None), Ok(Some(text("http://h:1/logs?p=2"))));
        assert!(next(&cursor(None), given(json!("http://h:2/logs")), None).is_err());
        assert!(next(&cursor(None), given(json!([])), None).is_err());
        let link = Some("</logs?p=1>; rel=prev, <logs?p=3>; title=\"a, b\"; rel=\"last next\"");
        assert_eq!(next(&Paging::Link, None, link), Ok(Some(text("http://h:1/logs?p=3"))));
        assert_eq!(next(&Paging::Link, None, None), Ok(None));
        assert!(next(&Paging::Link, None, Some("<//evil/logs>; rel=next")).is_err());
        assert_eq!(next_link("<a"), None);
    }

    #[test]
    fn a_loop_and_an_endless_listing_are_found() {
        let veil = Veil::default();
        let paging = Paging::Page { parameter: "page".to_owned(), first: 0 };
        let mut pages = Pages::new(&paging, LIST.parse().expect("a URL"), &veil);
        let url = pages.first();
        assert!(pages.after(page(&url, None, None, 1)).is_ok());
        assert!(pages.after(page(&url, None, None, 1)).expect_err("a loop").contains("round"));
        let asked = (2..).take_while(|names| matches!(pages.after(page(&url, None, None, *names)), Ok(Some(_))));
        assert!(asked.count() < PAGES_MAX);
        let empty = Page { seen: PageSeen::default(), ..page(&url, None, None, 0) };
        assert_eq!(pages.after(empty), Ok(None));
        let mut pages = Pages::new(&Paging::Link, LIST.parse().expect("a URL"), &veil);
        assert!(pages.after(page(&url, None, Some("<?limit=2&page=7>; rel=next"), 1)).is_err());
    }
}

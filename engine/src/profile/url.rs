//! Addresses and URL templates: refused while the profile is read, not at the first request.

use super::pattern::{Unclosed, placeholders};
use super::raw::{At, Document};
use super::suggest::{named, one_of};
use super::text::Span;

const ADDRESS: &str = "{address}";
const SECRET_HELP: &str = "take it out: a profile is passed around and shown, so secrets never stand in it";

/// What is wrong with a URL: which part, what, and what would be right.
pub(super) struct Problem {
    pub part: Span,
    pub problem: &'static str,
    pub help: &'static str,
}

/// Checks the base address of an instance, `http://10.0.0.1:8080` or `https://host/path`.
pub(super) fn check_address(address: &str) -> Result<(), Problem> {
    if let Some(at) = address.find('{') {
        return Err(Problem {
            part: at..address.len(),
            problem: "holds a placeholder",
            help: "placeholders stand in the templates of [api]; an address is the text that replaces {address}",
        });
    }
    check(address)?;
    match address.find('?') {
        Some(at) => Err(Problem {
            part: at..address.len(),
            problem: "has a query",
            help: "the address is what all URLs of the instance begin with; the query belongs into [api]",
        }),
        None => Ok(()),
    }
}

/// Records what is wrong with a URL without placeholders.
pub(super) fn check_url(doc: Document<'_>, key: &str, url: &At<String>) {
    if let Err(Problem { part, problem, help }) = check(&url.value) {
        doc.fault(&doc.part(url, part), format!("`{key}` {problem}"), help);
    }
}

/// Checks an absolute URL by its parts; what is in the path and the query is the server's business.
fn check(url: &str) -> Result<(), Problem> {
    let whole = 0..url.len();
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else {
        let help = "begin with http:// or https://, such as \"http://10.0.0.1:8080\"";
        return Err(Problem { part: whole, problem: "is not a web address", help });
    };
    let start = scheme.len();
    let end = url[start..].find(['/', '?', '#', '\\']).map_or(url.len(), |at| start + at);
    if let Some(at) = secret_end(url, start, end) {
        let problem = "carries a user name or password";
        return Err(Problem { part: start..at + 1, problem, help: SECRET_HELP });
    }
    let no_url = |&(_, c): &(usize, char)| c.is_whitespace() || c.is_control() || c == '\\';
    if let Some((at, c)) = url.char_indices().find(no_url) {
        let help = "a blank stands in a URL as %20, and folders are separated by /";
        return Err(Problem { part: at..at + c.len_utf8(), problem: "holds a character that no URL has", help });
    }
    if let Some(at) = url.find('#') {
        let help = "leave out what begins with `#`: it never reaches the server";
        return Err(Problem { part: at..url.len(), problem: "has a fragment", help });
    }
    check_authority(&url[start..end], start)
}

/// The `@` behind a user name or password; also where a `/` in the password makes it look like a host and a path.
fn secret_end(url: &str, start: usize, end: usize) -> Option<usize> {
    let cut_short = url[start..end].split_once(':').is_some_and(|(_, port)| !is_port(port));
    let end = if cut_short { url.len() } else { end };
    url[start..end].rfind('@').map(|at| start + at)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `host`, `host:port`, `[::1]:port`.
fn check_authority(authority: &str, start: usize) -> Result<(), Problem> {
    let host_end = match authority.strip_prefix('[').and_then(|rest| rest.find(']')) {
        Some(at) => at + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    if host_end == 0 || authority.starts_with("[]") {
        let problem = "names no host";
        return Err(Problem {
            part: 0..start,
            problem,
            help: "such as \"http://10.0.0.1:8080\" or \"http://[::1]:8080\"",
        });
    }
    let port = &authority[host_end..];
    if port.is_empty() || port.strip_prefix(':').is_some_and(is_port) {
        return Ok(());
    }
    let part = start + host_end..start + authority.len();
    Err(Problem {
        part,
        problem: "has no valid port",
        help: "a port is a number from 1 to 65535; an IPv6 address stands in brackets, \"http://[::1]:8080\"",
    })
}

/// Records what is wrong with a URL template; `known` are the placeholders that it may have.
pub(super) fn check_template(doc: Document<'_>, key: &str, template: &At<String>, known: &[&str]) {
    let found = match placeholders(&template.value) {
        Ok(found) => found,
        Err(Unclosed(part)) => {
            let message = format!("`{key}` has a brace without its partner");
            doc.fault(&doc.part(template, part), message, "a placeholder reads `{address}`");
            return;
        }
    };
    let mut url = String::new();
    let mut end = 0;
    let mut right = true;
    for placeholder in &found {
        url.push_str(&template.value[end..placeholder.span.start]);
        end = placeholder.span.end;
        let written = &template.value[placeholder.span.clone()];
        url.push_str(if written == ADDRESS { "http://address" } else { "x" });
        let fault =
            |message: String, help: &str| doc.fault(&doc.part(template, placeholder.span.clone()), message, help);
        let joined =
            template.value[end..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '{'));
        if !known.contains(&written) {
            let message = format!("`{key}` has an unknown placeholder {}", named(written));
            fault(message, &one_of(written, known.iter().copied(), "`"));
        } else if written == ADDRESS && placeholder.span.start > 0 {
            fault(format!("`{ADDRESS}` stands inside `{key}`"), "it is where the URL begins");
        } else if written == ADDRESS && joined {
            fault(format!("`{key}` lacks the `/` behind `{ADDRESS}`"), "an address does not end with `/`");
        } else {
            continue;
        }
        right = false;
    }
    url.push_str(&template.value[end..]);
    if let (true, Err(Problem { problem, help, .. })) = (right, check(&url)) {
        doc.fault(&template.span, format!("`{key}` {problem}"), help);
    }
}

/// Whether a template names a placeholder.
pub(super) fn has_placeholder(template: &str, name: &str) -> bool {
    placeholders(template).is_ok_and(|found| found.iter().any(|placeholder| placeholder.name == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_work() {
        for address in [
            "http://10.0.0.1:8080",
            "https://host",
            "HTTPS://Host.example/base/path/",
            "http://[::1]:8080",
            "http://[fe80::1]",
            "http://münchen.example",
        ] {
            assert!(check_address(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn addresses_that_do_not() {
        for (address, part, problem) in [
            ("10.0.0.1:8080", "10.0.0.1:8080", "is not a web address"),
            ("ftp://host", "ftp://host", "is not a web address"),
            ("http://", "http://", "names no host"),
            ("http://:80", "http://", "names no host"),
            ("http://[]:80", "http://", "names no host"),
            ("http://host:", ":", "has no valid port"),
            ("http://host:0", ":0", "has no valid port"),
            ("http://host:99999/x", ":99999", "has no valid port"),
            ("http://::1", "http://", "names no host"),
            ("http://2001:db8::1", ":db8::1", "has no valid port"),
            ("http://[::1]x", "x", "has no valid port"),
            ("http://host:+80", ":+80", "has no valid port"),
            ("http://me:secret@host", "me:secret@", "carries a user name or password"),
            ("http://me:sec/ret@host", "me:sec/ret@", "carries a user name or password"),
            ("http://ho st", " ", "holds a character that no URL has"),
            ("http://host/a#b", "#b", "has a fragment"),
            ("http://host/a?b=c", "?b=c", "has a query"),
            ("http://{host}", "{host}", "holds a placeholder"),
        ] {
            let found = check_address(address).expect_err(address);
            assert_eq!((&address[found.part], found.problem), (part, problem), "{address}");
        }
    }
}

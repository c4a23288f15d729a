//! Looks closer at records that some plugin may want.

use super::super::Normaliser;
use super::super::body::{Captured, Span};
use super::super::exception;
use super::super::format::Format;
use super::super::head::{Field, Head};
use super::super::record::Detail;
use super::super::rendered;
use super::super::rules::Rule;

impl Normaliser {
    /// The rule that fits a record, if any, of those that look at its logger; and whether some of it was no text. Fills in
    /// the detail. `held` begins with the record, whose head line has so many bytes.
    #[inline(never)]
    pub(in super::super) fn look<'n>(
        &'n self,
        format: &'n Format,
        head: &Head,
        held: &[u8],
        line_bytes: usize,
        mut rules: &'n [u32],
        detail: &mut Detail,
    ) -> (Option<&'n Rule>, bool) {
        detail.begin();
        let texts = format.texts;
        let mut is_lossy = texts.push(head.logger, held, &mut detail.text);
        detail.logger_end = detail.text.len();
        // Some log an error without another message: it says what the record is about.
        let is_message = head.body.is_empty();
        let (body, exception) =
            if is_message { (head.exception, Field::default()) } else { (head.body, head.exception) };
        if !format.layout.has_joins() && rendered::is_template(held, body) {
            detail.template.clear();
            is_lossy |= texts.push(body, held, &mut detail.template);
            is_lossy |= rendered::render(&detail.template, held, texts, &mut detail.text);
        } else {
            is_lossy |= texts.push(body, held, &mut detail.text);
        }
        detail.body_end = detail.text.len();
        if is_message {
            let said = &detail.text[detail.logger_end..];
            let begin = detail.body_end - said.trim_start().len();
            detail.text.drain(detail.logger_end..begin);
            detail.body_end = detail.logger_end + first_line(&detail.text.as_bytes()[detail.logger_end..]).len();
        }

        if head.logger.escaped {
            rules = format.rules.of(&detail.text.as_bytes()[..detail.logger_end]);
        }
        let body = first_line(&detail.text.as_bytes()[detail.logger_end..detail.body_end]);
        let rule = format.rules.first(rules, head.severity, body, &mut detail.captures);
        let severity = rule.and_then(|rule| rule.severity).unwrap_or(head.severity);
        if self.wanted_for(severity) == 0 && rule.is_none_or(|rule| rule.wanted == 0) {
            return (rule, false);
        }
        is_lossy |= texts.push(exception, held, &mut detail.text);
        // Most records have one line.
        let head_end = line_bytes.max(head.second_end as usize);
        if held.len() > head_end + 2 && format.layout.has_joins() {
            is_lossy |= texts.push(Field::plain(head_end, held.len()), held, &mut detail.text);
        }
        detail.exception_end = detail.text.len();
        if let Some(rule) = rule {
            is_lossy |= rule.take_fields(&format.layout, texts, &held[..line_bytes], detail);
        }
        if let Some(wanted) = self.thrown {
            fill(wanted, head, detail);
        }
        (rule, is_lossy)
    }
}

/// Fills in the attributes of an exception that no rule took.
#[cold]
fn fill(wanted: [Option<usize>; 3], head: &Head, detail: &mut Detail) {
    let body = &detail.text[detail.logger_end..detail.body_end];
    let exception = &detail.text[detail.body_end..detail.exception_end];
    let message = || {
        let said = if head.body.is_empty() { body } else { exception };
        let message = exception::message(said).filter(|_| !head.exception.is_empty())?;
        let is_more = head.body.is_empty() || message != body.trim();
        is_more.then(|| [String::new(), message.to_owned(), String::new()])
    };
    let Some(values) = exception::attributes(&exception::chain(body, exception)).or_else(message) else { return };
    for (attribute, value) in wanted.into_iter().zip(values) {
        let is_free = |attribute: &usize| detail.captures[*attribute] == Captured::None && !value.is_empty();
        if let Some(attribute) = attribute.filter(is_free) {
            let start = detail.text.len() - detail.logger_end;
            detail.text.push_str(&value);
            detail.captures[attribute] = Captured::Text(Span::new(start, start + value.len()));
        }
    }
}

/// The first line of a body, which rules look at.
pub fn first_line(body: &[u8]) -> &[u8] {
    let line = &body[..memchr::memchr(b'\n', body).unwrap_or(body.len())];
    line.strip_suffix(b"\r").unwrap_or(line)
}

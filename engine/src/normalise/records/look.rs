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
        if !format.layout.has_joins() && rendered::is_template(held, head.body) {
            detail.template.clear();
            is_lossy |= texts.push(head.body, held, &mut detail.template);
            is_lossy |= rendered::render(&detail.template, held, texts, &mut detail.text);
        } else {
            is_lossy |= texts.push(head.body, held, &mut detail.text);
        }
        let has_body = detail.text.len() > detail.logger_end;
        detail.body_end = detail.text.len();
        if !has_body {
            // Some log an error without another message: it says what the record is about.
            is_lossy |= texts.push(head.exception, held, &mut detail.text);
            let blank = detail.text[detail.logger_end..].len() - detail.text[detail.logger_end..].trim_start().len();
            detail.text.drain(detail.logger_end..detail.logger_end + blank);
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
        if has_body {
            is_lossy |= texts.push(head.exception, held, &mut detail.text);
        }
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
            fill(wanted, head.exception.span != Span::default(), has_body, detail);
        }
        (rule, is_lossy)
    }
}

/// Fills in the attributes of an exception that no rule took. Where it has a field of its own, `has_field`, what stands there in
/// one line is its message, even if no exception is named; without another body, that is the body.
#[cold]
fn fill(wanted: [Option<usize>; 3], has_field: bool, has_body: bool, detail: &mut Detail) {
    let body = &detail.text[detail.logger_end..detail.body_end];
    let exception = detail.text[detail.body_end..detail.exception_end].trim_end().trim_start_matches(['\r', '\n']);
    let chain = exception::chain(body, exception);
    let message = || {
        let text = if has_body { exception } else { body }.trim();
        // Objects, and what stands for no error.
        let says_nothing =
            text.starts_with(['{', '[']) || ["", "false", "true", "<nil>", "nil", "null"].contains(&text);
        let is_more = !has_body || text != body.trim();
        let is_message = has_field && !says_nothing && is_more && !text.contains('\n');
        is_message.then(|| [String::new(), text.to_owned(), String::new()])
    };
    let Some(values) = exception::attributes(&chain).or_else(message) else { return };
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

//! `[[signature]]`: rules that name errors, merge them and split them.

use super::format::{CAPTURE_KINDS, SEVERITY_NAMES, check_placeholders};
use super::pattern::placeholders;
use super::places::Places;
use super::raw::{At, Document, Key, Table};
use super::suggest::{one_of, quoted};
use super::text::Span;
use super::{SIGNATURE_PLACE, SignatureRule};

const SIGNATURE: Key = Key("signature", "[ { name = \"Database locked\", body = \"database is locked{*}\" } ]");
const NAME: Key = Key("name", "\"Request failed: {status}\"");
const LOGGER: Key = Key("logger", "\"App.Net\"");
const MIN_SEVERITY: Key = Key("min_severity", "\"fatal\"");
const CODE: Key = Key("code", "\"E1042\"");
const EXCEPTION: Key = Key("exception", "\"System.IO.IOException\"");
const BODY: Key = Key("body", "\"Request to {*} failed with status {status} after {*}\"");

/// Reads all `[[signature]]` rules, in the order of the file.
pub(super) fn take_signatures(profile: &mut Table<'_>, places: &mut Places) -> Vec<SignatureRule> {
    let mut rules: Vec<SignatureRule> = Vec::new();
    for table in profile.take_tables(SIGNATURE, "`[[signature]]`") {
        let (doc, span) = (table.doc(), table.span.clone());
        let Some((rule, place)) = take_signature(table) else { continue };
        let same = |earlier: &SignatureRule| SignatureRule { name: rule.name.clone(), ..earlier.clone() } == rule;
        if let Some(first) = rules.iter().position(same) {
            let line = doc.text.place(places.signatures[first].start).0;
            let message =
                format!("signature {} is never given: an earlier rule takes the same errors", quoted(&rule.name));
            doc.fault(&span, message, format!("the first rule that fits gives the signature; see line {line}"));
        }
        rules.push(rule);
        places.signatures.push(place);
    }
    rules
}

fn take_signature(mut table: Table<'_>) -> Option<(SignatureRule, Span)> {
    let doc = table.doc();
    let name = table.take_required_text(NAME);
    let whole = ![LOGGER, MIN_SEVERITY, CODE, EXCEPTION, BODY].into_iter().any(|key| table.has(key));
    let logger = table.take_text(LOGGER);
    let severity_min = table.take_one_of(MIN_SEVERITY, &SEVERITY_NAMES);
    let code = table.take_text(CODE);
    let exception = table.take_text(EXCEPTION);
    let body = table.take_text(BODY);
    if let Some(body) = &body {
        check_placeholders(doc, "body", body, &CAPTURE_KINDS);
    }
    let (place, name) = (body.as_ref().map(|body| body.span.clone()), name?);
    if whole {
        let message = format!("signature {} would be that of every error", quoted(&name.value));
        let help = "give it a `body`, a `logger`, an `exception`, a `code` or a `min_severity`";
        doc.fault(&table.span, message, help);
    }
    check_name(doc, &name, body.as_ref());
    let place = place.unwrap_or_else(|| name.span.clone());
    table.finish();
    let rule = SignatureRule {
        name: name.value,
        logger: logger.map(|logger| logger.value),
        severity_min: severity_min.map(|severity| severity.value),
        code: code.map(|code| code.value),
        exception: exception.map(|exception| exception.value),
        body: body.map(|body| body.value),
    };
    Some((rule, place))
}

/// Checks that a name is a line to read, and names in braces only what the body captures.
fn check_name(doc: Document<'_>, name: &At<String>, body: Option<&At<String>>) {
    if name.value.trim().is_empty() || name.value.contains(char::is_control) {
        doc.fault(&name.span, "`name` must be a line of text", format!("such as `name = {}`", NAME.1));
        return;
    }
    let Some(found) = check_placeholders(doc, "name", name, &[]) else { return };
    let captured: Vec<&str> = body
        .and_then(|body| placeholders(&body.value).ok())
        .map(|places| places.iter().map(|place| place.name).filter(|name| *name != "*").collect())
        .unwrap_or_default();
    for place in found {
        if place.name == SIGNATURE_PLACE || captured.contains(&place.name) {
            continue;
        }
        let message = format!("`name` names {}, which `body` does not capture", quoted(&format!("{{{}}}", place.name)));
        let known = captured.iter().copied().chain([SIGNATURE_PLACE]);
        doc.fault(&doc.part(name, place.span.clone()), message, one_of(place.name, known, "`"));
    }
}

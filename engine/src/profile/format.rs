//! `[format]` and `[[event]]`: checked as far as the text alone tells; `normalise` compiles them.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use toml::de::DeValue;

use super::fleet::globs;
use super::known::{KNOWN, Known};
use super::pattern::{Placeholder, Unclosed, is_name, placeholders};
use super::places::{FormatPlaces, Places};
use super::raw::{At, Document, Key, Table, kind as kind_of};
use super::suggest::{nearest, one_of, quoted};
use super::text::Span;
use super::{EventRule, Fields, ForTags, Format, Globs, Layout};

const FORMAT: Key = Key("format", "{ kind = \"json\" }");
const KIND: Key = Key("kind", "\"pattern\"");
const PATTERN: Key = Key("pattern", "\"{timestamp} [{thread}] {severity} {logger} - {body}\"");
const TIMESTAMP: Key = Key("timestamp", "\"%Y-%m-%d %H:%M:%S,%3f\"");
const FIELDS: Key = Key("fields", "{ timestamp = \"@t\", body = \"@m\" }");
const ZONE: Key = Key("zone", "\"Europe/Berlin\"");
const DEFAULT_SEVERITY: Key = Key("default_severity", "\"info\"");
const TAGS: Key = Key("tags", "[\"old\"]");
const FILES: Key = Key("files", "[\"service*.log*\"]");
const ENCODING: Key = Key("encoding", "\"windows-1252\"");
const SEVERITIES: Key = Key("severities", "{ HINWEIS = \"info\" }");

const OF_FORMAT: Key = Key("format", "\"service\"");
const EVENT: Key = Key("event", "[ { name = \"app.crash\", logger = \"App.Crash\" } ]");
const NAME: Key = Key("name", "\"session.start\"");
const LOGGER: Key = Key("logger", "\"App.Session\"");
const BODY: Key = Key("body", "\"Session {session.id} started by {user.id}\"");
const SEVERITY: Key = Key("severity", "\"fatal\"");
const MIN_SEVERITY: Key = Key("min_severity", "\"error\"");

/// OpenTelemetry severity numbers by the names that a profile uses.
pub(super) const SEVERITY_NAMES: [(&str, u8); 6] =
    [("trace", 1), ("debug", 5), ("info", 9), ("warn", 13), ("error", 17), ("fatal", 21)];

/// Parts of a record, with a sample of the field that holds it.
const PARTS: [(&str, &str); 5] = [
    ("timestamp", "\"time\""),
    ("severity", "\"level\""),
    ("logger", "\"logger\""),
    ("body", "\"message\""),
    ("exception", "\"exception\""),
];

/// How an event's capture is read: whole number, milliseconds, seconds. Without a type it is text.
pub(super) const CAPTURE_KINDS: [&str; 3] = ["int", "ms", "s"];

/// The word of `encoding` for what the first bytes of a file tell.
const AUTO: &str = "auto";

/// The word of `kind` for a pattern of one's own; the others are those of [`KNOWN`].
const OWN_PATTERN: &str = "pattern";

const BRACES_HELP: &str = "a placeholder reads `{name}`; a brace that stands in the log is doubled, `{{`";

/// Reads `[format]`, or every `[[format]]`; `None` where one is missing or too wrong to go on with.
pub(super) fn take_formats(profile: &mut Table<'_>, places: &mut Places) -> Option<Vec<Format>> {
    let doc = profile.doc();
    if !profile.has(FORMAT) {
        doc.faults.add_of_file(
            doc.text,
            "the profile lacks `[format]`, how a line becomes a record",
            "add `[format]` with `kind = \"pattern\"` or `kind = \"json\"`",
        );
    }
    let tables = match profile.list_at(FORMAT) {
        Some((place, length)) => {
            let tables = profile.take_tables(FORMAT, "`[[format]]`");
            if length == 0 {
                doc.fault(&place, "`format` holds no format", "add `[[format]]` with its `kind`");
            }
            tables
        }
        None => profile.take_table(FORMAT).into_iter().collect(),
    };
    let mut formats: Vec<Format> = Vec::new();
    let mut whole = !tables.is_empty();
    for table in tables {
        let (format, name, place) = take_format(table);
        places.formats.push(place);
        if let Some(name) = name.filter(|name| formats.iter().any(|other| other.name.as_ref() == Some(&name.value))) {
            let help = "names are unique: event rules call formats by them";
            doc.fault(&name.span, format!("two formats have the name {}", quoted(&name.value)), help);
        }
        match format {
            Some(format) => formats.push(format),
            None => whole = false,
        }
    }
    whole.then_some(formats)
}

fn take_format(mut table: Table<'_>) -> (Option<Format>, Option<At<String>>, FormatPlaces) {
    let mut places = FormatPlaces { layout: table.span.clone(), timestamp: None };
    table.require(KIND);
    let known = KNOWN.iter().map(|known| (known.name, Some(known)));
    let kinds: Vec<(&str, Option<&Known>)> = [(OWN_PATTERN, None)].into_iter().chain(known).collect();
    let kind = table.take_one_of(KIND, &kinds);
    let mut severities = BTreeMap::new();
    let layout = match kind {
        Some(At { value: None, .. }) => take_pattern(&mut table, &mut places),
        Some(At { value: Some(known), span }) => {
            places.layout = span;
            severities = known.severities();
            Some(take_known(&mut table, known, &mut places))
        }
        None => {
            // Which keys belong depends on the kind: none of them is called unknown.
            let _ = (table.take_text(PATTERN), table.take_text(TIMESTAMP), table.take_table(FIELDS));
            None
        }
    };
    let name = table.take_text(NAME);
    let tags = table.take_texts(TAGS).map(|tags| tags.value).unwrap_or_default();
    let files = table.take_texts(FILES).map(|files| {
        let texts = files.value.iter().map(|file| file.value.clone()).collect();
        Globs { texts, set: globs(table.doc(), "files", &files.value) }
    });
    let encoding = table.take_text(ENCODING).and_then(|text| encoding(table.doc(), &text));
    let zone = table.take_zone(ZONE).unwrap_or_default();
    let severity_default = table.take_one_of(DEFAULT_SEVERITY, &SEVERITY_NAMES).map(|severity| severity.value);
    severities.extend(table.take_table(SEVERITIES).map(take_severities).unwrap_or_default());
    table.finish();
    let format = layout.map(|layout| Format {
        name: name.as_ref().map(|name| name.value.clone()),
        tags: ForTags(tags.into_iter().map(|tag| tag.value).collect()),
        files,
        encoding,
        layout,
        zone,
        severities,
        severity_default,
    });
    (format, name, places)
}

/// An encoding by one of its names; none for `auto`.
fn encoding(doc: Document<'_>, text: &At<String>) -> Option<&'static Encoding> {
    if text.value == AUTO {
        return None;
    }
    let found = Encoding::for_label_no_replacement(text.value.as_bytes());
    if found.is_none() {
        let message = format!("`encoding` is none that is known: {}", quoted(&text.value));
        let help = "\"auto\", \"utf-8\", \"utf-16le\", \"windows-1252\", \"iso-8859-2\", \"shift_jis\" and the like";
        doc.fault(&text.span, message, help);
    }
    found
}

fn take_pattern(table: &mut Table<'_>, places: &mut FormatPlaces) -> Option<Layout> {
    table.refuse(FIELDS, "belongs to `kind = \"json\"`", "a pattern names its fields in braces");
    let pattern = table.take_required_text(PATTERN);
    table.require(TIMESTAMP);
    let timestamp = take_timestamp(table, places);
    if let Some(pattern) = &pattern {
        places.layout = pattern.span.clone();
        check_pattern(table.doc(), pattern);
    }
    Some(Layout::Pattern { pattern: pattern?.value, timestamp: timestamp? })
}

/// A layout that goes by a name; its timestamp may be another, and where it has named fields, these may be, too.
fn take_known(table: &mut Table<'_>, known: &Known, places: &mut FormatPlaces) -> Layout {
    table.refuse(PATTERN, "belongs to `kind = \"pattern\"`", "a layout with a name has its own pattern");
    let mut layout = known.layout();
    let (timestamp, fields) = match &mut layout {
        Layout::Pattern { timestamp, .. } | Layout::Syslog { timestamp } => (timestamp, None),
        Layout::Json { fields, timestamp } | Layout::Logfmt { fields, timestamp } => (timestamp, Some(fields)),
    };
    match fields {
        Some(fields) => take_fields(table, fields),
        None => table.refuse(FIELDS, "belongs to JSON and logfmt", "a layout with a name has its own fields"),
    }
    if let Some(own) = take_timestamp(table, places) {
        *timestamp = own;
    }
    layout
}

/// The format of times; `normalise` compiles it.
fn take_timestamp(table: &mut Table<'_>, places: &mut FormatPlaces) -> Option<String> {
    let own = table.take_text(TIMESTAMP)?;
    places.timestamp = Some(own.span);
    Some(own.value)
}

/// Puts the names that the profile gives in the place of the usual ones.
fn take_fields(table: &mut Table<'_>, fields: &mut Fields) {
    let Some(mut own) = table.take_table(FIELDS) else { return };
    let Fields { timestamp, severity, logger, body, exception } = fields;
    for (part, (name, sample)) in [timestamp, severity, logger, body, exception].into_iter().zip(PARTS) {
        let names = own.take_text_or_texts(Key(name, sample));
        if let Some(names) = names.filter(|names| !names.is_empty()) {
            *part = names.into_iter().map(|name| name.value).collect();
        }
    }
    own.finish();
}

fn take_severities(mut table: Table<'_>) -> BTreeMap<String, u8> {
    let doc = table.doc();
    let mut severities = BTreeMap::new();
    for (word, value) in table.take_rest() {
        let DeValue::String(name) = value.get_ref() else {
            let message =
                format!("{} must be the name of a severity, not {}", quoted(word.value), kind_of(value.get_ref()));
            doc.fault(&value.span(), message, "such as `HINWEIS = \"info\"`");
            continue;
        };
        let Some((_, number)) = SEVERITY_NAMES.iter().find(|(known, _)| known == name) else {
            let help = one_of(name, SEVERITY_NAMES.map(|(name, _)| name), "\"");
            doc.fault(&value.span(), format!("{} is no severity", quoted(name)), help);
            continue;
        };
        if severities.insert(word.value.trim().to_uppercase(), *number).is_some() {
            let help = "words are compared without regard to upper and lower case: keep one of them";
            doc.fault(&word.span, format!("the severity word {} is given twice", quoted(word.value)), help);
        }
    }
    severities
}

/// Checks the pattern of a line: what it must name, and how its fields are written.
fn check_pattern(doc: Document<'_>, pattern: &At<String>) {
    let Some(found) = check_placeholders(doc, "pattern", pattern, &[]) else { return };
    for needed in ["timestamp", "body"] {
        if found.iter().any(|placeholder| placeholder.name == needed) {
            continue;
        }
        let near = nearest(needed, found.iter().map(|placeholder| placeholder.name));
        let help = match near {
            Some(near) => format!("did you mean `{{{needed}}}` where it says `{{{near}}}`?"),
            None => format!("such as `pattern = {}`", PATTERN.1),
        };
        doc.fault(&pattern.span, format!("`pattern` lacks `{{{needed}}}`"), help);
    }
}

/// Checks every placeholder of a pattern; `kinds` are those that may stand behind its colon.
pub(super) fn check_placeholders<'p>(
    doc: Document<'_>,
    key: &str,
    pattern: &'p At<String>,
    kinds: &[&'static str],
) -> Option<Vec<Placeholder<'p>>> {
    let found = match placeholders(&pattern.value) {
        Ok(found) => found,
        Err(Unclosed(part)) => {
            doc.fault(&doc.part(pattern, part), format!("`{key}` has a brace without its partner"), BRACES_HELP);
            return None;
        }
    };
    for (index, placeholder) in found.iter().enumerate() {
        if let Some((problem, help)) = problem_of(placeholder, &found[..index], kinds) {
            doc.fault(&doc.part(pattern, placeholder.span.clone()), format!("`{key}`: {problem}"), help);
        }
    }
    Some(found)
}

/// What is wrong with a placeholder that stands behind those of `before`, and what would be right.
fn problem_of(
    placeholder: &Placeholder<'_>,
    before: &[Placeholder<'_>],
    kinds: &[&'static str],
) -> Option<(String, String)> {
    let Placeholder { span, name, kind } = placeholder;
    if *name != "*" && !is_name(name) {
        let help = "letters, digits, `_` and `.`, beginning with a letter; `{*}` is what needs no name";
        return Some((format!("{} is no name", quoted(name)), help.to_owned()));
    }
    if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
        let problem = format!("unknown type {} of `{name}`", quoted(kind));
        let help = match kinds {
            [] => format!("fields of a line carry no type: `{{{name}}}`"),
            kinds => format!("{}; text needs none", one_of(kind, kinds.iter().copied(), "`")),
        };
        return Some((problem, help));
    }
    if *name != "*" && before.iter().any(|earlier| earlier.name == *name) {
        return Some((format!("`{name}` stands twice"), "give one of them another name, or `{*}`".to_owned()));
    }
    // Of a line, the time ends the letters of a severity; a body that has both is refused where it is compiled.
    let ends = |earlier: &&Placeholder<'_>| (earlier.name, *name) == ("severity", "timestamp");
    if before.last().filter(|earlier| !ends(earlier)).is_some_and(|earlier| earlier.span.end == span.start) {
        let help = "put the text between them that stands in the log, or make them one";
        return Some((format!("nothing stands before `{name}` to tell where it begins"), help.to_owned()));
    }
    None
}

/// Reads all `[[event]]` rules, in the order of the file.
pub(super) fn take_events(profile: &mut Table<'_>, formats: Option<&[Format]>, places: &mut Places) -> Vec<EventRule> {
    let mut events: Vec<EventRule> = Vec::new();
    for table in profile.take_tables(EVENT, "`[[event]]`") {
        let (doc, span) = (table.doc(), table.span.clone());
        let Some((event, place)) = take_event(table, formats) else { continue };
        let same = |earlier: &EventRule| {
            (&earlier.logger, &earlier.body, earlier.severity_min, &earlier.formats)
                == (&event.logger, &event.body, event.severity_min, &event.formats)
        };
        if let Some(first) = events.iter().position(same) {
            let line = doc.text.place(places.events[first].start).0;
            let message =
                format!("event `{}` never occurs: `{}` takes the same records", event.name, events[first].name);
            doc.fault(&span, message, format!("the first rule that matches names the record; see line {line}"));
        }
        events.push(event);
        places.events.push(place);
    }
    events
}

fn take_event(mut table: Table<'_>, formats: Option<&[Format]>) -> Option<(EventRule, Span)> {
    let doc = table.doc();
    let name = table.take_required_text(NAME);
    if let Some(name) = name.as_ref().filter(|name| !is_name(&name.value)) {
        let help = "letters, digits and `_`, in parts with `.` between them, such as `session.start`";
        doc.fault(&name.span, format!("{} cannot be the name of an event", quoted(&name.value)), help);
    }
    let whole = !(table.has(LOGGER) || table.has(BODY) || table.has(MIN_SEVERITY));
    let logger = table.take_text(LOGGER);
    let body = table.take_text(BODY);
    if let Some(body) = &body {
        check_placeholders(doc, "body", body, &CAPTURE_KINDS);
    }
    let of_formats = table.take_text_or_texts(OF_FORMAT).unwrap_or_default();
    for format in &of_formats {
        let mut names = formats.into_iter().flatten().filter_map(|format| format.name.as_deref());
        if formats.is_some() && !names.clone().any(|name| name == format.value) {
            let help = match names.next() {
                Some(_) => {
                    let names = formats.into_iter().flatten().filter_map(|format| format.name.as_deref());
                    one_of(&format.value, names, "\"")
                }
                None => "give the format a `name`, or leave this out".to_owned(),
            };
            doc.fault(&format.span, format!("no format has the name {}", quoted(&format.value)), help);
        }
    }
    let fields = table.take_table(FIELDS).map(|fields| take_attributes(fields, body.as_ref())).unwrap_or_default();
    let severity_min = table.take_one_of(MIN_SEVERITY, &SEVERITY_NAMES);
    let severity = table.take_one_of(SEVERITY, &SEVERITY_NAMES);
    let (place, name) = (body.as_ref().map(|body| body.span.clone()), name?);
    if whole {
        let message = format!("event `{}` would take every record", name.value);
        doc.fault(&table.span, message, "give it a `logger`, a `body` or a `min_severity`");
    }
    let place = place.unwrap_or_else(|| name.span.clone());
    table.finish();
    let event = EventRule {
        name: name.value,
        logger: logger.map(|logger| logger.value),
        severity_min: severity_min.map(|severity| severity.value),
        body: body.map(|body| body.value),
        severity: severity.map(|severity| severity.value),
        formats: of_formats.into_iter().map(|format| format.value).collect(),
        fields,
    };
    Some((event, place))
}

/// Attributes that stand in other fields of a line.
fn take_attributes(mut table: Table<'_>, body: Option<&At<String>>) -> BTreeMap<String, String> {
    let doc = table.doc();
    let captured = body.and_then(|body| placeholders(&body.value).ok()).unwrap_or_default();
    let mut attributes = BTreeMap::new();
    for (attribute, value) in table.take_rest() {
        let (name, kind) = match attribute.value.split_once(':') {
            Some((name, kind)) => (name, Some(kind)),
            None => (attribute.value, None),
        };
        let place = Placeholder { span: attribute.span.clone(), name, kind };
        if let Some((problem, help)) = problem_of(&place, &[], &CAPTURE_KINDS) {
            doc.fault(&attribute.span, format!("`fields`: {problem}"), help);
        }
        if captured.iter().any(|placeholder| placeholder.name == name) {
            let help = "take the attribute out of one of them";
            doc.fault(&attribute.span, format!("`{name}` stands in `body` and in `fields`"), help);
        }
        match value.get_ref() {
            DeValue::String(field) if !field.trim().is_empty() => {
                attributes.insert(attribute.value.to_owned(), field.clone().into_owned());
            }
            other => {
                let found = if other.is_str() { "an empty text" } else { kind_of(other) };
                let message = format!("`fields` needs the name of a field for `{name}`, not {found}");
                doc.fault(&value.span(), message, "such as `fields = { \"user.id\" = \"User\" }`");
            }
        }
    }
    attributes
}

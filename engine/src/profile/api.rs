//! `[api]`: the shape of the target application's API, and what differs for instances with certain tags.

use std::path::Path;

use super::auth::take_auth;
use super::limits::{Patience, take_own_limits};
use super::paging::take_paging;
use super::raw::{At, Document, Key, Table};
use super::suggest::quoted;
use super::tls::take_tls;
use super::url::{check_template, has_placeholder};
use super::{Auth, FetchKind, Limits, ListKind, Paging, Rest, Tls};

const API: Key = Key("api", "{ list = \"{address}/api/logs\", fetch = \"{address}/api/logs/{name}\" }");
const LIST: Key = Key("list", "\"{address}/api/logs\"");
const LIST_KIND: Key = Key("list_kind", "\"json\"");
const ITEMS: Key = Key("items", "\"/files\"");
const NAME: Key = Key("name", "\"/name\"");
const SIZE: Key = Key("size", "\"/size\"");
const MODIFIED: Key = Key("modified", "\"/modified\"");
const ETAG: Key = Key("etag", "\"/etag\"");
const FETCH: Key = Key("fetch", "\"{address}/api/logs/{name}\"");
const FETCH_KIND: Key = Key("fetch_kind", "\"range\"");
const OVERRIDE: Key = Key("override", "[ { tags = [\"old\"], fetch_kind = \"full\" } ]");
const TAGS: Key = Key("tags", "[\"old\"]");

const LIST_KINDS: [(&str, ListKind); 4] =
    [("json", ListKind::Json), ("nginx", ListKind::Nginx), ("caddy", ListKind::Caddy), ("html", ListKind::Html)];
const FETCH_KINDS: [(&str, FetchKind); 3] =
    [("range", FetchKind::Range), ("offset", FetchKind::Offset), ("full", FetchKind::Full)];

/// What a table says of the API's shape; what it leaves out stays as it is.
#[derive(Debug, Clone)]
pub struct Change {
    list_url: Option<String>,
    list_kind: Option<ListKind>,
    items: Option<String>,
    name: Option<String>,
    size: Option<String>,
    modified: Option<String>,
    etag: Option<String>,
    paging: Option<Paging>,
    fetch_url: Option<String>,
    fetch_kind: Option<FetchKind>,
    auth: Option<Auth>,
    tls: Option<Tls>,
    patience: Patience,
}

/// What differs for the instances that have one of these tags.
#[derive(Debug, Clone)]
pub struct Override {
    pub tags: Vec<String>,
    change: Change,
}

impl Change {
    fn apply(&self, rest: &mut Rest) {
        fn set<T: Clone>(setting: &mut T, own: &Option<T>) {
            if let Some(own) = own {
                setting.clone_from(own);
            }
        }
        set(&mut rest.list_url, &self.list_url);
        set(&mut rest.list_kind, &self.list_kind);
        set(&mut rest.items, &self.items);
        set(&mut rest.name, &self.name);
        for (setting, own) in
            [(&mut rest.size, &self.size), (&mut rest.modified, &self.modified), (&mut rest.etag, &self.etag)]
        {
            *setting = own.clone().or(setting.take());
        }
        set(&mut rest.paging, &self.paging);
        set(&mut rest.fetch_url, &self.fetch_url);
        set(&mut rest.fetch_kind, &self.fetch_kind);
        set(&mut rest.auth, &self.auth);
        set(&mut rest.tls, &self.tls);
        self.patience.apply(&mut rest.limits);
    }
}

impl Rest {
    /// The overrides that hold for an instance, by their places in the list.
    pub fn overrides_of(&self, tags: &[String]) -> Vec<usize> {
        let holds = |own: &Override| own.tags.iter().any(|tag| tags.contains(tag));
        (0..self.overrides.len()).filter(|&at| holds(&self.overrides[at])).collect()
    }

    /// The shape with these overrides; later ones win.
    pub fn with_overrides(&self, overrides: &[usize]) -> Rest {
        let mut rest = self.clone();
        overrides.iter().for_each(|&at| self.overrides[at].change.apply(&mut rest));
        rest
    }
}

/// Passes `[api]` over.
pub(super) fn pass_api(profile: &mut Table<'_>) -> Option<Rest> {
    profile.take_table(API);
    None
}

/// Reads `[api]`; `None` where it is missing or lacks something. Only `needed` makes its absence a fault.
pub(super) fn take_api(profile: &mut Table<'_>, limits: Limits, needed: bool, base: &Path) -> Option<Rest> {
    let doc = profile.doc();
    if needed && !profile.has(API) {
        let message = "the profile lacks `[api]`, how instances are asked for their log files";
        doc.faults.add_of_file(
            doc.text,
            message,
            format!("add `[api]` with `list = {}` and `fetch = {}`", LIST.1, FETCH.1),
        );
    }
    let mut table = profile.take_table(API)?;
    table.require(LIST);
    table.require(FETCH);
    let shape = take_shape(&mut table, base);
    let fetch_at = shape.fetch.clone();
    let mut overrides = Vec::new();
    let mut fetches = Vec::new();
    for mut item in table.take_tables(OVERRIDE, "the override") {
        item.require(TAGS);
        let tags = item.take_texts(TAGS).map(|tags| tags.value).unwrap_or_default();
        let mut own = take_shape(&mut item, base);
        own.change.patience = take_own_limits(&mut item);
        let changes = own.change.fetch_url.is_some() || own.change.fetch_kind.is_some();
        fetches.push(changes.then(|| own.fetch.or_else(|| fetch_at.clone())).flatten());
        item.finish();
        let tags = tags.into_iter().map(|tag| tag.value.trim().to_owned()).collect();
        overrides.push(Override { tags, change: own.change });
    }
    table.finish();
    let mut rest = Rest {
        list_url: shape.change.list_url.clone()?,
        list_kind: ListKind::Json,
        items: String::new(),
        name: "/name".to_owned(),
        size: None,
        modified: None,
        etag: None,
        paging: Paging::None,
        fetch_url: shape.change.fetch_url.clone()?,
        fetch_kind: FetchKind::Range,
        auth: Auth::None,
        tls: Tls::default(),
        limits,
        overrides,
    };
    shape.change.apply(&mut rest);
    check_offset(doc, &rest, fetch_at.as_ref());
    for (at, fetch) in fetches.iter().enumerate() {
        check_offset(doc, &rest.with_overrides(&[at]), fetch.as_ref());
    }
    Some(rest)
}

/// A change, and where the URL of a file stands.
struct Shape {
    change: Change,
    fetch: Option<At<String>>,
}

fn take_shape(table: &mut Table<'_>, base: &Path) -> Shape {
    let doc = table.doc();
    let list = table.take_text(LIST);
    if let Some(list) = &list {
        check_template(doc, "list", list, &["{address}", "{instance}"]);
    }
    let list_kind = table.take_one_of(LIST_KIND, &LIST_KINDS).map(|kind| kind.value);
    let fetch = table.take_text(FETCH);
    if let Some(fetch) = &fetch {
        check_template(doc, "fetch", fetch, &["{address}", "{instance}", "{name}", "{offset}"]);
        if !has_placeholder(&fetch.value, "name") {
            let message = "`fetch` lacks `{name}`: every file would have the same URL";
            doc.fault(&fetch.span, message, format!("such as `fetch = {}`", FETCH.1));
        }
    }
    let fetch_kind = table.take_one_of(FETCH_KIND, &FETCH_KINDS).map(|kind| kind.value);
    if list_kind.is_some_and(|kind| kind != ListKind::Json) {
        for key in [ITEMS, NAME, SIZE, MODIFIED, ETAG] {
            table.refuse(key, "stands beside a `list_kind` whose shape is known", "leave it out");
        }
    }
    let mut pointer = |key| {
        let pointer = table.take_pointer(key)?;
        check_pointer(doc, key, &pointer);
        Some(pointer.value)
    };
    let items = pointer(ITEMS);
    let (name, size, modified, etag) = (pointer(NAME), pointer(SIZE), pointer(MODIFIED), pointer(ETAG));
    let change = Change {
        list_url: list.map(|list| list.value),
        list_kind,
        items,
        name,
        size,
        modified,
        etag,
        paging: take_paging(table, list_kind.unwrap_or(ListKind::Json)),
        fetch_url: fetch.as_ref().map(|fetch| fetch.value.clone()),
        fetch_kind,
        auth: take_auth(table, base),
        tls: take_tls(table, base),
        patience: Patience::default(),
    };
    Shape { change, fetch }
}

/// An offset in the URL is asked for by its kind, and only then.
fn check_offset(doc: Document<'_>, rest: &Rest, fetch: Option<&At<String>>) {
    let Some(fetch) = fetch else { return };
    match (rest.fetch_kind, has_placeholder(&rest.fetch_url, "offset")) {
        (FetchKind::Offset, false) => {
            let help = "such as `fetch = \"{address}/api/logs/{name}?offset={offset}\"`";
            doc.fault(&fetch.span, "`fetch` lacks `{offset}`, which `fetch_kind = \"offset\"` fills in", help);
        }
        (FetchKind::Range | FetchKind::Full, true) => {
            let help = "add `fetch_kind = \"offset\"`, or take `{offset}` out";
            doc.fault(&fetch.span, "`fetch` has `{offset}`, which nothing fills in", help);
        }
        _ => {}
    }
}

/// A JSON pointer (RFC 6901): empty, or every step behind a slash, with `~` only as `~0` and `~1`.
pub(super) fn check_pointer(doc: Document<'_>, key: Key, pointer: &At<String>) {
    let text = &pointer.value;
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if !(text.is_empty() || text.starts_with('/')) || !escaped {
        let message = format!("`{}` is not a JSON pointer: {}", key.0, quoted(text));
        let help = format!("a path into the answer, every step behind a slash, such as `{} = {}`", key.0, key.1);
        doc.fault(&pointer.span, message, help);
    }
}

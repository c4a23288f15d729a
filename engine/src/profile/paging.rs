//! `paging` of `[api]`: how a listing goes on behind its first page.

use std::ops::RangeInclusive;

use super::api::check_pointer;
use super::raw::{Key, Table};
use super::{ListKind, Paging};

const PAGING: Key = Key("paging", "{ kind = \"cursor\", cursor = \"/next\", parameter = \"cursor\" }");
const KIND: Key = Key("kind", "\"cursor\"");
const CURSOR: Key = Key("cursor", "\"/next\"");
const PARAMETER: Key = Key("parameter", "\"page\"");
const FIRST: Key = Key("first", "1");

/// APIs count pages from 0 or 1.
const FIRST_RANGE: RangeInclusive<i64> = 0..=1;

#[derive(Clone, Copy)]
enum Kind {
    None,
    Cursor,
    Page,
    Offset,
    Link,
}

const KINDS: [(&str, Kind); 5] = [
    ("none", Kind::None),
    ("cursor", Kind::Cursor),
    ("page", Kind::Page),
    ("offset", Kind::Offset),
    ("link", Kind::Link),
];

pub(super) fn take_paging(table: &mut Table<'_>, list_kind: ListKind) -> Option<Paging> {
    if list_kind != ListKind::Json {
        let help = "leave it out: web servers list a folder on one page";
        table.refuse(PAGING, "stands beside a `list_kind` other than \"json\"", help);
    }
    let mut paging = table.take_table(PAGING)?;
    paging.require(KIND);
    let kind = paging.take_one_of(KIND, &KINDS)?;
    let taken = match kind.value {
        Kind::None => Some(Paging::None),
        Kind::Link => Some(Paging::Link),
        Kind::Cursor => {
            paging.require(CURSOR);
            let parameter = paging.take_text(PARAMETER).map(|parameter| parameter.value);
            paging.take_pointer(CURSOR).map(|pointer| {
                check_pointer(paging.doc(), CURSOR, &pointer);
                Paging::Cursor { pointer: pointer.value, parameter }
            })
        }
        Kind::Page => {
            let first = paging.take_int(FIRST, FIRST_RANGE).and_then(|first| first.try_into().ok()).unwrap_or(1);
            paging.take_required_text(PARAMETER).map(|parameter| Paging::Page { parameter: parameter.value, first })
        }
        Kind::Offset => {
            paging.take_required_text(PARAMETER).map(|parameter| Paging::Offset { parameter: parameter.value })
        }
    };
    paging.finish();
    taken
}

//! Pointers lead where they lead in a tree.

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Incoming, at, each, search};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c\"\\\\/~é]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        let key = prop_oneof!["[a-c]", "[/~]{1,2}", "0"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn read(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).expect("JSON")
}

const POINTER: &str = "(/([a-c]|0|1|01|~0|~1|~1~0)?){0,4}";

proptest! {
    #[test]
    fn a_pointer_leads_where_it_leads_in_the_tree(value in value(), pointer in POINTER, other in POINTER) {
        let text = serde_json::to_string_pretty(&value).expect("JSON");
        let raw: &RawValue = serde_json::from_str(&text).expect("JSON");
        assert_eq!(at(raw, &pointer).expect("JSON").map(read).as_ref(), value.pointer(&pointer), "{text} {pointer}");

        let mut entries = Vec::new();
        let mut take = |entry: &RawValue| {
            entries.push(read(entry));
            Ok(())
        };
        let found = search(Incoming::whole(text.as_bytes()), &pointer, Some(&other), &mut take).expect("JSON");
        let list = value.pointer(&pointer);
        let mut within = Vec::new();
        if let Some(found) = at(raw, &pointer).expect("JSON") {
            let read = each(found, |key, value| {
                within.push((key, read(value)));
                Ok::<_, ()>(())
            });
            read.expect("all is taken");
        }
        let elements = list.and_then(Value::as_array).into_iter().flatten().map(|value| (None, value));
        let members = list.and_then(Value::as_object).into_iter().flatten();
        let due = elements.chain(members.map(|(key, value)| (Some(key.clone()), value)));
        assert_eq!(within, due.map(|(key, value)| (key, value.clone())).collect::<Vec<_>>(), "{text} {pointer}");
        assert_eq!(found.is_list, list.map(Value::is_array), "{text} {pointer}");
        assert_eq!(entries, list.and_then(Value::as_array).cloned().unwrap_or_default(), "{text} {pointer}");
        if !other.starts_with(&pointer) {
            let plain_of = |value: &Value| (!value.is_array() && !value.is_object()).then(|| value.clone());
            let due = value.pointer(&other).map(plain_of);
            assert_eq!(found.other, due, "{text} {pointer} {other}");
        }
    }
}

#[test]
fn what_is_no_json_is_told() {
    let search = |text: &str| search(Incoming::whole(text.as_bytes()), "/a", None, &mut |_| Ok(()));
    for text in ["", "{", "[1,]", "{\"a\": [1]} x", "{\"a\": 1, b}", "{\"a\": [\"\u{1}\"]}", "{\"a\": [1 2]}"] {
        assert!(search(text).expect_err("no JSON").starts_with("is no JSON: "), "{text}");
    }
    let long = format!("{{\"{}\": 1, \"a\": []}}", "n".repeat(70_000));
    assert!(search(&long).expect_err("a long key").starts_with("goes on for "));
    // What nobody points at may be long, and no text.
    let long = format!("{{\"b\": [\"{}\", \"\\ud800\"], \"\\ud800\": 1, \"a\": []}}", "n".repeat(70_000));
    assert_eq!(search(&long).expect("JSON").is_list, Some(true));
    let deep = format!("{{\"b\": {}", "[".repeat(1000));
    assert!(search(&deep).expect_err("a deep one").starts_with("nests more than "));
}

//! JSON, looked into by pointers (RFC 6901) without a tree of it: what nobody points at is read over. A tree takes up to
//! seventy bytes for each byte of text, and a server decides how long that text is.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::incoming::{Allowance, Incoming};

/// What was found in a document.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Whether the list is one; `None` where nothing is at its place.
    pub is_list: Option<bool>,
    /// The other value that was looked for, as far as it is [`plain`].
    pub other: Option<Option<Value>>,
}

/// Reads a document as it arrives: gives each entry of the list at one pointer, as it is written, and keeps what stands
/// at another. Where an object has a key twice, both count.
///
/// # Errors
/// As the end of a sentence: it is no JSON, or what `take` says.
pub(super) fn search(
    incoming: Incoming<'_>,
    list: &str,
    other: Option<&str>,
    take: &mut dyn FnMut(&RawValue) -> Result<(), String>,
) -> Result<Found, String> {
    let (list, other) = (steps(list), other.map(steps));
    let mut search = Search { take, allowance: incoming.allowance(), found: Found::default(), failed: None };
    let mut json = serde_json::Deserializer::from_reader(incoming.json());
    let walk = Walk { list: Some(&list), other: other.as_deref(), search: &mut search };
    let read = walk.deserialize(&mut json);
    search.allowance.lift();
    match (search.failed, read.and_then(|()| json.end())) {
        (Some(failed), _) => Err(failed),
        (None, Ok(())) => Ok(search.found),
        // What the text itself exceeds, in its own words.
        (None, Err(error)) if error.is_io() => Err(error.to_string()),
        (None, Err(error)) => Err(format!("is no JSON: {error}")),
    }
}

/// The value at a pointer, as it is written. Where an object has a key twice, the last one counts.
///
/// # Errors
/// The text is no JSON.
pub(super) fn at<'t>(text: &'t RawValue, pointer: &str) -> serde_json::Result<Option<&'t RawValue>> {
    let mut here = text;
    for step in steps(pointer) {
        let mut json = serde_json::Deserializer::from_str(here.get());
        let next = match here.get().as_bytes().first() {
            Some(b'{') => json.deserialize_map(Member(&step))?,
            Some(b'[') => json.deserialize_seq(Element(&step))?,
            _ => None,
        };
        match next {
            Some(next) => here = next,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

/// Gives what is in an array, or, each with its key, in an object; nothing is in other values.
///
/// # Errors
/// What `take` says; it is given nothing more then.
pub(super) fn each<E>(value: &RawValue, take: impl FnMut(Option<String>, &RawValue) -> Result<(), E>) -> Result<(), E> {
    let mut failed = None;
    if value.get().starts_with(['{', '[']) {
        // What is written is known to be JSON, so that no other error is there than that of `take`.
        let _ = serde_json::Deserializer::from_str(value.get()).deserialize_any(Each { take, failed: &mut failed });
    }
    failed.map_or(Ok(()), Err)
}

/// A value that is neither an object nor an array. A text that is none, as half of an escaped character is, has
/// replacement characters in it.
pub(super) fn plain(value: &RawValue) -> Option<Value> {
    if value.get().starts_with(['{', '[']) {
        return None;
    }
    let lossy = || serde_json::Deserializer::from_str(value.get()).deserialize_bytes(Lossy).ok().map(Value::String);
    serde_json::from_str(value.get()).ok().or_else(lossy)
}

/// The steps of a pointer.
fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

/// The index that a step means, as it is written: `01` and `+1` lead nowhere.
fn index(step: &str) -> Option<usize> {
    step.parse::<usize>().ok().filter(|index| index.to_string() == step)
}

struct Search<'s> {
    take: &'s mut dyn FnMut(&RawValue) -> Result<(), String>,
    allowance: Allowance,
    found: Found,
    /// Why `take` wants no more.
    failed: Option<String>,
}

/// A value on the way: what is still to go to the list, and to the other value; `None` where the way is another.
struct Walk<'w, 's, 'p> {
    list: Option<&'p [String]>,
    other: Option<&'p [String]>,
    search: &'w mut Search<'s>,
}

impl<'s, 'p> Walk<'_, 's, 'p> {
    /// Whether the list should be this value.
    fn is_list(&self) -> bool {
        self.list.is_some_and(<[_]>::is_empty)
    }

    /// The first steps of what is still to go.
    fn firsts(&self) -> [Option<&'p str>; 2] {
        [self.list, self.other].map(|way| way.and_then(|way| way.first()).map(String::as_str))
    }

    /// The value behind a step, which may be the first one to the list, or to the other value.
    fn step(&mut self, [to_list, to_other]: [bool; 2]) -> Walk<'_, 's, 'p> {
        let rest = |way: Option<&'p [String]>, goes: bool| way.filter(|_| goes).and_then(|way| way.get(1..));
        Walk { list: rest(self.list, to_list), other: rest(self.other, to_other), search: self.search }
    }

    /// This value is no list; `None`: it is not plain either.
    fn settle(&mut self, plain: Option<Value>) {
        if self.is_list() {
            self.search.found.is_list = Some(false);
        }
        if self.other.is_some_and(<[_]>::is_empty) {
            self.search.found.other = Some(plain);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.search.allowance.renew();
        match (self.list, self.other) {
            (None, None) => {
                self.search.allowance.lift();
                value.deserialize_ignored_any(IgnoredAny).map(drop)
            }
            (None, Some([])) => {
                let found: Box<RawValue> = serde::Deserialize::deserialize(value)?;
                self.search.found.other = Some(plain(&found));
                Ok(())
            }
            _ => value.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        self.settle(None);
        let firsts = self.firsts();
        self.search.allowance.renew();
        while let Some(goes) = object.next_key_seed(Key(firsts))? {
            object.next_value_seed(self.step(goes))?;
            self.search.allowance.renew();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<(), A::Error> {
        if self.is_list() {
            let search = self.search;
            search.found.is_list = Some(true);
            search.allowance.renew();
            while let Some(entry) = array.next_element::<Box<RawValue>>()? {
                if let Err(why) = (search.take)(&entry) {
                    search.failed = Some(why);
                    return Err(A::Error::custom("no more is wanted"));
                }
                search.allowance.renew();
            }
            return Ok(());
        }
        self.settle(None);
        let firsts = self.firsts().map(|first| first.and_then(index));
        let mut here = 0;
        while array.next_element_seed(self.step(firsts.map(|first| first == Some(here))))?.is_some() {
            here += 1;
        }
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        self.settle(Some(value.into()));
        Ok(())
    }

    fn visit_bool<E>(mut self, value: bool) -> Result<(), E> {
        self.settle(Some(value.into()));
        Ok(())
    }

    fn visit_i64<E>(mut self, value: i64) -> Result<(), E> {
        self.settle(Some(value.into()));
        Ok(())
    }

    fn visit_u64<E>(mut self, value: u64) -> Result<(), E> {
        self.settle(Some(value.into()));
        Ok(())
    }

    fn visit_f64<E>(mut self, value: f64) -> Result<(), E> {
        self.settle(Some(value.into()));
        Ok(())
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.settle(Some(Value::Null));
        Ok(())
    }
}

/// Whether a key is each of these steps.
struct Key<'p, const N: usize>([Option<&'p str>; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Key<'_, N> {
    type Value = [bool; N];

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<[bool; N], D::Error> {
        // As bytes: one that is no text is a key all the same.
        key.deserialize_bytes(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Key<'_, N> {
    type Value = [bool; N];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<[bool; N], E> {
        Ok(self.0.map(|step| step.is_some_and(|step| step.as_bytes() == key)))
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<[bool; N], E> {
        self.visit_bytes(key.as_bytes())
    }
}

/// Looks for a member of an object.
struct Member<'p>(&'p str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some([is_it]) = object.next_key_seed(Key([Some(self.0)]))? {
            match is_it {
                true => found = Some(object.next_value()?),
                false => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Looks for an element of an array.
struct Element<'p>(&'p str);

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let wanted = index(self.0);
        let (mut found, mut here) = (None, 0);
        while let Some(element) = array.next_element()? {
            if Some(here) == wanted {
                found = Some(element);
            }
            here += 1;
        }
        Ok(found)
    }
}

struct Each<'f, E, F> {
    take: F,
    failed: &'f mut Option<E>,
}

impl<E, F: FnMut(Option<String>, &RawValue) -> Result<(), E>> Each<'_, E, F> {
    fn give<A: serde::de::Error>(&mut self, key: Option<String>, value: &RawValue) -> Result<(), A> {
        (self.take)(key, value).map_err(|why| {
            *self.failed = Some(why);
            A::custom("no more is wanted")
        })
    }
}

impl<'de, E, F: FnMut(Option<String>, &RawValue) -> Result<(), E>> Visitor<'de> for Each<'_, E, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array or an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        while let Some(key) = object.next_key_seed(Lossy)? {
            let member: &RawValue = object.next_value()?;
            self.give(Some(key), member)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<(), A::Error> {
        while let Some(element) = array.next_element::<&RawValue>()? {
            self.give(None, element)?;
        }
        Ok(())
    }
}

/// A text, whatever its bytes are.
struct Lossy;

impl<'de> DeserializeSeed<'de> for Lossy {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<String, D::Error> {
        text.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_bytes<E>(self, text: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests;

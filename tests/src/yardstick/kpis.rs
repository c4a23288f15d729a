//! What the yardstick finds, and how it is held against the truth.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::story::Summary;
use crate::story::words::literal_prefix;

/// Two computations of one mean may differ in the last digits.
const FLOAT_TOLERANCE: f64 = 1e-9;

/// The KPIs of a fleet. `summary.errors_by_template` is empty: a reader knows signatures, not templates.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpis {
    pub summary: Summary,
    /// By logger and masked text, `Net.Http - Request to …`.
    pub errors: BTreeMap<String, SignatureCount>,
}

/// How often and how widely an error occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct SignatureCount {
    pub count: u64,
    /// Distinct instances.
    #[serde(default)]
    pub instances: u64,
}

impl Kpis {
    /// Every number that is not the truth's, `name: found, truth expected`; empty when all agree.
    #[must_use]
    pub fn differences(&self, truth: &Summary) -> Vec<String> {
        let mut found = self.summary.clone();
        found.errors_by_template = self.by_template(truth.errors_by_template.keys());
        if truth.more.is_none() {
            found.more = None;
        }
        let mut differences = Vec::new();
        compare("", &tree(&found), &tree(truth), &mut differences);
        differences
    }

    /// Errors by the texts that they were made from; what fits none of them stays under its signature.
    fn by_template<'a>(&self, texts: impl Iterator<Item = &'a String>) -> BTreeMap<String, u64> {
        let templates: Vec<(&str, &String)> = texts.map(|text| (literal_prefix(text), text)).collect();
        let mut counts = BTreeMap::new();
        for (signature, one) in &self.errors {
            let body = signature.split_once(" - ").map_or("", |(_, body)| body);
            let fits = |(prefix, _): &&(&str, &String)| body.starts_with(masked_start(prefix));
            let name = templates.iter().find(fits).map_or(signature, |(_, text)| text);
            *counts.entry(name.clone()).or_default() += one.count;
        }
        counts
    }
}

/// A prefix without its last word, which may be masked: `Request to https://cfg` stands before digits.
fn masked_start(prefix: &str) -> &str {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let start = prefix.trim_end_matches(in_word);
    // `Production host 10.` holds a number of its own.
    let digit = start.find(|c: char| c.is_ascii_digit());
    digit.map_or(start, |at| &start[..at])
}

fn tree(summary: &Summary) -> Value {
    serde_json::to_value(summary).expect("a summary has text keys only")
}

fn compare(name: &str, found: &Value, truth: &Value, differences: &mut Vec<String>) {
    match (found, truth) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                let of = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or(Value::Null);
                compare(&name, &of(left), &of(right), differences);
            }
        }
        _ if found == truth || nearly(found, truth) => {}
        _ => differences.push(format!("{name}: {found}, truth {truth}")),
    }
}

fn nearly(found: &Value, truth: &Value) -> bool {
    match (found.as_f64(), truth.as_f64()) {
        (Some(left), Some(right)) if found.is_f64() || truth.is_f64() => {
            (left - right).abs() <= FLOAT_TOLERANCE * right.abs()
        }
        _ => false,
    }
}

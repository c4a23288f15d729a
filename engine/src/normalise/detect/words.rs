//! Words for severities in other languages: which there are, how grave they are, and how a profile holds them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::severity::{self, Severities};
use super::naming::WORDS_MAX;

/// What loggers write that speak the language of their users, in capitals.
const ABROAD: [(&str, &[&str]); 6] = [
    (
        "fatal",
        &[
            "KRITISCH",
            "KRITISCHER FEHLER",
            "SCHWERER FEHLER",
            "FATALER FEHLER",
            "FATAL ERROR",
            "CRITICAL ERROR",
            "CRITIQUE",
            "CRÍTICO",
            "CRITICO",
            "KRITISK",
            "KRITIEK",
            "KRI",
            "PNC",
        ],
    ),
    (
        "error",
        &[
            "FEHLER",
            "FEH",
            "AUSNAHME",
            "ERREUR",
            "ERRORE",
            "ERRO",
            "FOUT",
            "FEL",
            "FEJL",
            "FEIL",
            "VIRHE",
            "BŁĄD",
            "BLAD",
            "CHYBA",
            "GRAVE",
            "SCHWERWIEGEND",
        ],
    ),
    (
        "warn",
        &[
            "WARNUNG",
            "ACHTUNG",
            "AVERTISSEMENT",
            "ADVERTENCIA",
            "AVISO",
            "AVVISO",
            "ATTENZIONE",
            "WAARSCHUWING",
            "VARNING",
            "ADVARSEL",
            "VAROITUS",
            "OSTRZEŻENIE",
            "OSTRZEZENIE",
            "VAROVÁNÍ",
            "VAROVANI",
        ],
    ),
    (
        "info",
        &[
            "HINWEIS",
            "INFOS",
            "INFORMACIÓN",
            "INFORMACION",
            "INFORMAZIONI",
            "INFORMAÇÃO",
            "INFORMATIE",
            "MELDUNG",
            "ERFOLG",
        ],
    ),
    ("debug", &["DIAGNOSE", "DÉBOGAGE", "DEPURACIÓN", "FEIN", "KONFIGURATION", "PRÉCIS"]),
    ("trace", &["FEINER", "AM FEINSTEN", "PLUS PRÉCIS", "LE PLUS PRÉCIS"]),
];

/// Whether a word means a severity, in any language that is known. A number says it only where a field is made for it.
pub fn is_severity(word: &str, severities: &Severities) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    !is_number && (severities.knows(word) || abroad(word).is_some())
}

/// Whether a word means an error or worse, in any language; short ones only in capitals.
pub fn is_alarm(word: &str) -> bool {
    let is_long = word.chars().count() > 3;
    let upper = if is_long { word.to_uppercase() } else { word.to_owned() };
    severity::is_alarm(upper.as_bytes()) || is_long && matches!(abroad(word), Some("error" | "fatal"))
}

fn abroad(word: &str) -> Option<&'static str> {
    let word = word.to_uppercase();
    ABROAD.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(gravity, _)| *gravity)
}

/// How grave a word is, by how it begins where it is none of those; nothing where that tells nothing.
fn gravity(word: &str) -> Option<&'static str> {
    let upper = word.to_uppercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| upper.starts_with(start));
    abroad(word).or_else(|| match () {
        () if begins(&["FATAL", "KRIT", "CRIT", "SCHWER", "PANI", "EMERG", "CR\u{cd}T"]) => Some("fatal"),
        () if begins(&["FEHL", "FEJL", "FEL", "FEIL", "ERR", "VIRHE", "BLAD", "AUSN", "EXC", "FAIL"]) => Some("error"),
        () if begins(&["WARN", "VARN", "ADVAR", "AVERT", "ADVERT", "ATTENZ", "AVVIS", "ACHT"]) => Some("warn"),
        () if begins(&["INF", "HINW"]) => Some("info"),
        () if begins(&["DEB", "DIAG"]) => Some("debug"),
        () if begins(&["TRAC", "FEINST"]) => Some("trace"),
        () => None,
    })
}

/// Words that begin a line and end with a colon, as severities do where a head has two lines and the second says how
/// grave it is: those of other languages, and, beside any that is known, capitals that nobody knows.
pub fn of_second_lines<'l>(lines: impl IntoIterator<Item = &'l str>, severities: &Severities) -> BTreeSet<String> {
    let begins = lines.into_iter().filter_map(|line| line.split_once(": ")).map(|(word, _)| word);
    let is_shouted = |word: &str| word.chars().all(|c| c.is_uppercase() || c == ' ') && word.len() > 2;
    let words: BTreeSet<&str> = begins.filter(|word| is_severity(word, severities) || is_shouted(word)).collect();
    let is_sure = words.len() <= WORDS_MAX && words.iter().any(|word| is_severity(word, severities));
    unknown(words.into_iter().filter(|word| is_sure || abroad(word).is_some()), severities)
}

/// Those of the words that have no number of their own yet; words are the same in any case.
pub fn unknown<'w>(words: impl IntoIterator<Item = &'w str>, severities: &Severities) -> BTreeSet<String> {
    let is_said = |word: &str| word.chars().all(|c| c.is_alphabetic() || c == ' ');
    let unknown = words.into_iter().filter(|word| !severities.knows(word) && is_said(word));
    let by_word: BTreeMap<String, &str> = unknown.map(|word| (word.to_uppercase(), word)).collect();
    by_word.into_values().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The line of a profile that says what words mean, with a remark on those that nobody knows; nothing where there are
/// none.
pub fn line(words: &BTreeSet<String>) -> String {
    let is_bare = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let key = |word: &str| {
        if is_bare(word) { word.to_owned() } else { toml::Value::String(word.to_owned()).to_string() }
    };
    let meant = |word: &String| format!("{} = \"{}\"", key(word), gravity(word).unwrap_or("info"));
    let unknown: Vec<&str> = words.iter().filter(|word| gravity(word).is_none()).map(String::as_str).collect();
    let remark = match &unknown[..] {
        [] => String::new(),
        [word] => format!(" # {word}: not known, say what it means"),
        words => format!(" # {}: not known, say what they mean", words.join(", ")),
    };
    let words: Vec<String> = words.iter().map(meant).collect();
    if words.is_empty() { String::new() } else { format!("severities = {{ {} }}{remark}\n", words.join(", ")) }
}

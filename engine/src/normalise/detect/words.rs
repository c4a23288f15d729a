//! Words for severities in other languages: which there are, how grave they are, and how a profile holds them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::severity::Severities;

/// What loggers write that speak the language of their users, in capitals.
const ABROAD: [(&str, &[&str]); 6] = [
    ("fatal", &["KRITISCH", "CRITIQUE", "CRÍTICO", "CRITICO", "KRITISK", "KRITIEK"]),
    (
        "error",
        &[
            "FEHLER",
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
        &["HINWEIS", "INFOS", "INFORMACIÓN", "INFORMACION", "INFORMAZIONI", "INFORMAÇÃO", "INFORMATIE", "MELDUNG"],
    ),
    ("debug", &["DIAGNOSE", "DÉBOGAGE", "DEPURACIÓN", "FEIN", "KONFIGURATION"]),
    ("trace", &["FEINER"]),
];

/// Whether a word means a severity, in any language that is known. A number says it only where a field is made for it.
pub fn is_severity(word: &str, severities: &Severities) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    !is_number && (severities.knows(word) || abroad(word).is_some())
}

fn abroad(word: &str) -> Option<&'static str> {
    let word = word.to_uppercase();
    ABROAD.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(gravity, _)| *gravity)
}

/// How grave a word is, by how it begins where it is none of those.
fn gravity(word: &str) -> &'static str {
    let upper = word.to_uppercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| upper.starts_with(start));
    abroad(word).unwrap_or_else(|| match () {
        () if begins(&["FATAL", "KRIT", "CRIT", "SCHWER", "CR\u{cd}T"]) => "fatal",
        () if begins(&["FEHL", "FEJL", "FEL", "FEIL", "ERR", "VIRHE", "BLAD"]) => "error",
        () if begins(&["WARN", "VARN", "ADVAR", "AVERT", "ADVERT", "ATTENZ", "AVVIS"]) => "warn",
        () if begins(&["DEB", "DIAG"]) => "debug",
        () if begins(&["TRAC", "FEINST"]) => "trace",
        () => "info",
    })
}

/// Words of other languages that begin a line and end with a colon: where a head has two lines, the second says so how
/// grave it is.
pub fn of_second_lines<'l>(lines: impl IntoIterator<Item = &'l str>, severities: &Severities) -> BTreeSet<String> {
    let begins = lines.into_iter().filter_map(|line| line.split_once(':')).map(|(word, _)| word);
    unknown(begins.filter(|word| abroad(word).is_some()), severities)
}

/// Those of the words that have no number of their own yet; words are the same in any case.
pub fn unknown<'w>(words: impl IntoIterator<Item = &'w str>, severities: &Severities) -> BTreeSet<String> {
    let unknown = words.into_iter().filter(|word| !severities.knows(word) && word.chars().all(char::is_alphabetic));
    let by_word: BTreeMap<String, &str> = unknown.map(|word| (word.to_uppercase(), word)).collect();
    by_word.into_values().filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The line of a profile that says what words mean; nothing where there are none.
pub fn line(words: &BTreeSet<String>) -> String {
    let key = |word: &str| {
        if word.is_ascii() { word.to_owned() } else { toml::Value::String(word.to_owned()).to_string() }
    };
    let words: Vec<String> = words.iter().map(|word| format!("{} = \"{}\"", key(word), gravity(word))).collect();
    if words.is_empty() { String::new() } else { format!("severities = {{ {} }}\n", words.join(", ")) }
}

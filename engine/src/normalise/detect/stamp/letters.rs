//! The letters that stand for the parts of a time.

/// A number of two digits, or of one where it has no leading zero.
pub fn padded(letter: char, digits: usize) -> &'static str {
    match (letter, digits) {
        ('d', 1) => "%-d",
        ('d', _) => "%d",
        ('m', 1) => "%-m",
        ('m', _) => "%m",
        ('I', 1) => "%-I",
        ('I', _) => "%I",
        (_, 1) => "%-H",
        _ => "%H",
    }
}

pub fn month(name: &str) -> &'static str {
    if is_short(name) { "%b" } else { "%B" }
}

pub fn is_short(name: &str) -> bool {
    name.ends_with('.') || name.chars().count() <= 3
}

pub fn year_of(digits: usize) -> Option<&'static str> {
    match digits {
        4 => Some("%Y"),
        2 => Some("%y"),
        _ => None,
    }
}

//! Finds the time in a line whose format nobody told, and the formats that would read it.

use super::super::names;

mod letters;

use letters::{is_short, month, padded, year_of};

/// A time begins within these bytes of a line: behind a host, a thread or a word at most.
const BEGIN_BYTES_MAX: usize = 96;

/// Names of zones that mean several; any other word of capitals may be a severity.
const AMBIGUOUS: [&str; 5] = ["CST", "CDT", "MST", "BST", "IST"];

/// A time in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub start: usize,
    pub end: usize,
    /// Formats that read it, the likeliest first.
    pub forms: Vec<String>,
    /// It tells its offset from UTC.
    pub has_offset: bool,
}

/// The first time of a line.
pub fn find(line: &str) -> Option<Stamp> {
    let bytes = line.as_bytes();
    let begins = |at: &usize| {
        let is_free = || *at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        bytes[*at].is_ascii_alphanumeric() && (is_free() || is_glued(bytes, *at))
    };
    (0..bytes.len().min(BEGIN_BYTES_MAX)).filter(begins).find_map(|at| read(line, at))
}

/// What was read so far: the formats that fit, and up to where.
struct Reading<'l> {
    line: &'l str,
    at: usize,
    forms: Vec<String>,
}

fn read(line: &str, start: usize) -> Option<Stamp> {
    let fresh = || Reading { line, at: start, forms: vec![String::new()] };
    // Digits behind a letter are rather a number of their own.
    let epoch = if is_glued(line.as_bytes(), start) { None } else { fresh().epoch(start) };
    // What names a weekday in one language names a month in another: `Mar` is also a Tuesday.
    epoch.or_else(|| fresh().written(start, true)).or_else(|| fresh().written(start, false))
}

/// Whether digits stand directly behind a capital that begins the line: a severity, as glog writes it.
fn is_glued(line: &[u8], at: usize) -> bool {
    at == 1 && line[0].is_ascii_uppercase() && line[at].is_ascii_digit()
}

impl<'l> Reading<'l> {
    fn rest(&self) -> &'l [u8] {
        self.line.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// What stands so many bytes on.
    fn ahead(&self, bytes: usize) -> Reading<'l> {
        Reading { line: self.line, at: self.at + bytes, forms: Vec::new() }
    }

    /// Begins to read so many bytes on.
    fn anew(&self, bytes: usize) -> Reading<'l> {
        Reading { forms: vec![String::new()], ..self.ahead(bytes) }
    }

    fn add(&mut self, form: &str, bytes: usize) {
        self.forms.iter_mut().for_each(|own| own.push_str(form));
        self.at += bytes;
    }

    /// Goes on in several ways.
    fn fork(&mut self, forms: &[String], bytes: usize) {
        let before = std::mem::take(&mut self.forms);
        self.forms = forms.iter().flat_map(|form| before.iter().map(move |own| own.clone() + form)).collect();
        self.at += bytes;
    }

    fn digits(&self) -> usize {
        self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn number(&self, digits: usize) -> u32 {
        self.line.get(self.at..self.at + digits).and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.rest().get(ahead).copied().unwrap_or(0)
    }

    /// One or two digits of a number in this range: their count.
    fn short(&self, least: u32, most: u32) -> Option<usize> {
        let digits = self.digits();
        ((1..=2).contains(&digits) && (least..=most).contains(&self.number(digits))).then_some(digits)
    }

    /// The name of a weekday.
    fn weekday(&self) -> Option<&'l str> {
        names::weekday(self.rest(), 0).and_then(|end| self.line.get(self.at..self.at + end))
    }

    /// The name of a month.
    fn month(&self) -> Option<&'l str> {
        names::month(self.rest(), 0).and_then(|(_, end)| self.line.get(self.at..self.at + end))
    }

    fn stamp(self, start: usize, has_offset: bool) -> Stamp {
        Stamp { start, end: self.at, forms: self.forms, has_offset }
    }

    /// A number since 1970, of this century's first decades.
    fn epoch(mut self, start: usize) -> Option<Stamp> {
        let digits = self.digits();
        let unit = match digits {
            10 => "epoch s",
            13 => "epoch ms",
            16 => "epoch us",
            19 => "epoch ns",
            _ => return None,
        };
        let plausible = self.byte(0) == b'1';
        self.add(unit, digits);
        let fraction = self.ahead(1).digits();
        if self.byte(0) == b'.' && fraction > 0 {
            self.at += 1 + fraction;
        }
        let ends = !self.byte(0).is_ascii_alphanumeric() && !b"-:".contains(&self.byte(0));
        (plausible && ends).then(|| self.stamp(start, true))
    }

    fn written(mut self, start: usize, with_weekday: bool) -> Option<Stamp> {
        if let Some(stamp) = self.time_first(start) {
            return Some(stamp);
        }
        if let Some(name) = self.weekday().filter(|_| with_weekday) {
            let comma = usize::from(self.byte(name.len()) == b',');
            if self.byte(name.len() + comma) == b' ' {
                let form = if is_short(name) { "%a" } else { "%A" };
                self.add(&format!("{form}{} ", &","[..comma]), name.len() + comma + 1);
            }
        }
        let is_glued = is_glued(self.line.as_bytes(), start);
        let has_year = if is_glued && self.digits() == 4 { self.month_and_day()? } else { self.date()? };
        if self.forms[0] != "%Y%m%d" || self.digits() != 6 {
            self.between()?;
        }
        self.time()?;
        let has_offset = self.zone();
        if !has_year && !is_glued && self.byte(0) == b' ' && self.ahead(1).digits() == 4 {
            self.add(" %Y", 5);
        }
        if self.rest().starts_with(b" Uhr") && !self.byte(4).is_ascii_alphanumeric() {
            self.add(" Uhr", 4);
        }
        if self.byte(0).is_ascii_alphanumeric() {
            return None;
        }
        let is_rfc3339 = self.forms[0].starts_with("%Y-%m-%dT%H:%M:%S");
        if is_rfc3339 {
            self.forms.insert(0, "rfc3339".to_owned());
        } else if self.forms[0].starts_with("%Y-%m-%d %H:%M:%S") && !self.forms[0].contains(" %z") {
            // It reads fractions of every kind, and none.
            self.forms.push("rfc3339".to_owned());
        }
        Some(self.stamp(start, has_offset))
    }

    /// A time of day with its date behind it: `05:48:29.658 12.10.2026`
    fn time_first(&self, start: usize) -> Option<Stamp> {
        (self.byte(self.digits()) == b':').then_some(())?;
        let mut all = self.anew(0);
        all.time()?;
        let comma = usize::from(all.byte(0) == b',');
        (all.byte(comma) == b' ').then_some(())?;
        all.between()?;
        all.date()?.then_some(())?;
        let mut behind = all.anew(0);
        let belongs_behind = behind.between().is_some() && behind.time().is_some();
        (!belongs_behind && !all.byte(0).is_ascii_alphanumeric()).then(|| all.stamp(start, false))
    }

    /// Reads a date; whether it has a year.
    fn date(&mut self) -> Option<bool> {
        match self.digits() {
            // As Chromium writes: `1012/054829.658123`.
            4 if self.byte(4) == b'/' && self.ahead(5).digits() == 6 && self.byte(11) == b'.' => self.month_and_day(),
            4 if b"-/.".contains(&self.byte(4)) => self.year_first(),
            4 if self.byte(4) == b' ' && (1970..2100).contains(&self.number(4)) => {
                self.add("%Y ", 5);
                self.month_name_first()?;
                Some(true)
            }
            8 | 14 if (1970..2100).contains(&(self.number(8) / 10_000)) => {
                self.add("%Y%m%d", 8);
                Some(true)
            }
            6 if self.byte(6) == b' ' && self.ahead(7).digits() == 6 => {
                self.add("%y%m%d", 6);
                Some(true)
            }
            1 | 2 => self.day_or_month_first(),
            0 => self.month_name_first(),
            _ => None,
        }
    }

    /// Reads month and day as one number; they have no year.
    fn month_and_day(&mut self) -> Option<bool> {
        let number = self.number(4);
        ((1..=12).contains(&(number / 100)) && (1..=31).contains(&(number % 100))).then_some(())?;
        self.add("%m%d", 4);
        Some(false)
    }

    fn year_first(&mut self) -> Option<bool> {
        let separator = self.byte(4);
        self.add(&format!("%Y{}", char::from(separator)), 5);
        let month = self.short(1, 12)?;
        (self.byte(month) == separator).then_some(())?;
        self.add(&format!("{}{}", padded('m', month), char::from(separator)), month + 1);
        let day = self.short(1, 31)?;
        self.add(padded('d', day), day);
        Some(true)
    }

    fn day_or_month_first(&mut self) -> Option<bool> {
        let first = self.short(1, 99)?;
        let separator = self.byte(first);
        b"./- ".contains(&separator).then_some(())?;
        let (sign, first_number) = (char::from(separator), self.number(first));
        let is_ordinal = separator == b'.' && self.byte(first + 1) == b' ';
        let mut behind = self.ahead(first + 1 + usize::from(is_ordinal));
        if let Some(name) = behind.month() {
            let (blank, separator) = if is_ordinal { (" ", b' ') } else { ("", separator) };
            let bytes = first + 1 + blank.len();
            self.add(&format!("{}{sign}{blank}{}", padded('d', first), month(name)), bytes + name.len());
            (first_number <= 31).then_some(())?;
            let sign = char::from(separator);
            if separator == b'.' && name.ends_with('.') {
                // The dot parts, and belongs to the name.
                let year = self.digits();
                self.add(&format!("{sign}{}", year_of(year)?), year);
                return Some(true);
            }
            if self.byte(0) != separator || self.is_clock_behind(separator) {
                return Some(false);
            }
            let year = self.ahead(1).digits();
            self.add(&format!("{sign}{}", year_of(year)?), 1 + year);
            return Some(true);
        }
        let second = behind.short(1, 31)?;
        let second_number = behind.number(second);
        behind.at += second;
        if separator == b'.' && behind.rest().starts_with(b". ") && first_number <= 31 && second_number <= 12 {
            self.add(&format!("{}.{}.", padded('d', first), padded('m', second)), first + second + 2);
            return Some(false);
        }
        if behind.byte(0) != separator || behind.is_clock_behind(separator) {
            // Month and day alone, as Android writes.
            (first_number <= 31).then_some(())?;
            (b"-./".contains(&separator) && first == 2 && second == 2).then_some(())?;
            let month_first = (first_number <= 12).then(|| format!("%m{sign}%d"));
            let day_first = (second_number <= 12).then(|| format!("%d{sign}%m"));
            let forms: Vec<String> = month_first.into_iter().chain(day_first).collect();
            (!forms.is_empty()).then_some(())?;
            self.fork(&forms, 5);
            return Some(false);
        }
        behind.at += 1;
        let year = behind.digits();
        let (a, b) = ((first, first_number), (second, second_number));
        let day_first = (b.1 <= 12).then(|| format!("{}{sign}{}{sign}", padded('d', a.0), padded('m', b.0)));
        let month_first = (a.1 <= 12).then(|| format!("{}{sign}{}{sign}", padded('m', a.0), padded('d', b.0)));
        let day_first = day_first.filter(|_| a.1 <= 31);
        // All of two digits: what comes first may be the year, and last the day.
        let is_day = year == 2 && (1..=31).contains(&behind.number(2));
        let year_first = (is_day && first == 2 && b == (2, b.1.min(12))).then(|| format!("%y{sign}%m{sign}%d"));
        let year_form = year_of(year)?;
        // Where both may be meant: a slash is rather American, a hyphen is not, and a dot never.
        let order = match separator {
            b'/' => [month_first, day_first],
            b'.' => [day_first, None],
            _ => [day_first, month_first],
        };
        let forms: Vec<String> = order.into_iter().flatten().map(|form| form + year_form).chain(year_first).collect();
        (!forms.is_empty() && separator != b' ').then_some(())?;
        self.fork(&forms, first + second + 2 + year);
        Some(true)
    }

    /// Whether a time of day follows where a year might stand: `08:15:31`, but not `08:15:31:00`, which has a year.
    fn is_clock_behind(&self, separator: u8) -> bool {
        let mut clock = self.anew(1);
        b" -".contains(&separator) && clock.time().is_some() && clock.byte(0) != b':'
    }

    fn month_name_first(&mut self) -> Option<bool> {
        let name = self.month()?;
        let letters = name.len();
        (self.byte(letters) == b' ').then_some(())?;
        let padding = usize::from(self.byte(letters + 1) == b' ');
        let day_at = self.at + letters + 1 + padding;
        let day = Reading { at: day_at, ..self.ahead(0) }.short(1, 31)?;
        self.add(&format!("{} {}", month(name), if padding == 1 { "%e" } else { padded('d', day) }), 0);
        self.at = day_at + day;
        let comma = usize::from(self.byte(0) == b',');
        let year = self.ahead(comma + 1);
        if self.byte(comma) == b' ' && year.digits() == 4 && year.byte(4) != b':' {
            self.add(&format!("{} %Y", &","[..comma]), comma + 5);
            return Some(true);
        }
        if padding == 0 {
            // A day of one digit will stand behind two spaces.
            self.forms.iter_mut().for_each(|form| *form = form.replace("%-d", "%e").replace("%d", "%e"));
        }
        Some(false)
    }

    fn between(&mut self) -> Option<()> {
        let comma = usize::from(self.byte(0) == b',');
        match self.byte(comma) {
            b' ' => {
                let spaces = self.rest()[comma..].iter().take_while(|byte| **byte == b' ').count();
                self.add(&format!("{} ", &","[..comma]), comma + spaces);
            }
            sign @ (b'T' | b'_' | b':' | b'-' | b'/' | b'\t' | b';' | b'|' | b',') if comma == 0 => {
                self.add(&char::from(sign).to_string(), 1);
            }
            // A column of its own.
            b']' if self.rest().starts_with(b"][") => self.add("][", 2),
            _ => return None,
        }
        Some(())
    }

    fn time(&mut self) -> Option<()> {
        if self.digits() == 6 && self.number(6) < 240_000 {
            self.add("%H%M%S", 6);
        } else {
            let hour = self.short(0, 23)?;
            let at = self.at;
            self.at += hour;
            let sign = if self.byte(0) == b'.' { '.' } else { ':' };
            let minutes = self.two(sign)?;
            let seconds = self.two(sign);
            // A minute of one digit is one only where seconds follow, and what dots part is a time only in whole.
            (minutes == 2 && (sign == ':' || seconds == Some(2)) || sign == ':' && seconds.is_some()).then_some(())?;
            let half = self.half_of_day(seconds.is_some());
            let letter = if half.is_some() { 'I' } else { 'H' };
            self.at = at;
            self.add(padded(letter, hour), hour);
            self.add(&format!("{sign}{}", if minutes == 1 { "%-M" } else { "%M" }), 1 + minutes);
            if let Some(seconds) = seconds {
                self.add(&format!("{sign}{}", if seconds == 1 { "%-S" } else { "%S" }), 1 + seconds);
            }
        }
        let sign = self.byte(0);
        let behind = self.ahead(1);
        let digits = behind.digits();
        let is_fraction = b".,".contains(&sign) && (1..=9).contains(&digits) || sign == b':' && digits == 3;
        if is_fraction {
            let sign = char::from(sign);
            let any = if sign == '.' { "%.f".to_owned() } else { format!("{sign}%f") };
            let forms = if digits == 3 && sign == ',' { vec![format!("{sign}%3f"), any] } else { vec![any] };
            self.fork(&forms, 1 + digits);
        }
        let blank = self.blank(0);
        if let Some(bytes) = self.half_at(blank) {
            self.add(if blank > 0 { " %p" } else { "%p" }, blank + bytes);
        }
        Some(())
    }

    /// A colon or dot and up to two digits, passed over: how many digits.
    fn two(&mut self, sign: char) -> Option<usize> {
        let behind = self.ahead(1);
        let digits = behind.short(0, 59).filter(|_| char::from(self.byte(0)) == sign)?;
        self.at += 1 + digits;
        Some(digits)
    }

    /// Whether AM or PM stands behind the time, and perhaps a fraction.
    fn half_of_day(&self, has_seconds: bool) -> Option<()> {
        let mut ahead = 0;
        if has_seconds && b".,".contains(&self.byte(0)) {
            ahead = 1 + self.rest()[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        }
        self.half_at(ahead + self.blank(ahead)).map(|_| ())
    }

    /// Bytes of a blank: Java writes a narrow one before AM and PM.
    fn blank(&self, ahead: usize) -> usize {
        let rest = self.rest().get(ahead..).unwrap_or_default();
        [" ", "\u{202f}", "\u{a0}"].into_iter().find(|blank| rest.starts_with(blank.as_bytes())).map_or(0, str::len)
    }

    /// Bytes of AM or PM, however it is written.
    fn half_at(&self, ahead: usize) -> Option<usize> {
        let rest = self.rest().get(ahead..)?;
        let (_, end) = names::half_day(rest, 0)?;
        // In German it is the word before a day or a place.
        let is_german = || self.forms.iter().any(|form| form.contains("d.%"));
        if &rest[..end] == b"am" && is_german() {
            return None;
        }
        (!rest.get(end).is_some_and(u8::is_ascii_alphanumeric)).then_some(end)
    }

    /// Reads an offset or the name of a zone, where one stands there; true where that tells how far it is from UTC.
    fn zone(&mut self) -> bool {
        let space = usize::from(self.byte(0) == b' ');
        let sign = self.byte(space);
        let behind = self.ahead(space + 1);
        let blank = &" "[..space];
        let digits = behind.digits();
        let offset = match (sign, digits) {
            (b'Z', 0) if !behind.byte(0).is_ascii_alphanumeric() && space == 0 => 1,
            (b'+' | b'-', 2) if behind.byte(2) == b':' && behind.byte(3).is_ascii_digit() => space + 6,
            (b'+' | b'-', 4) => space + 5,
            _ => 0,
        };
        if offset > 0 {
            self.add(&format!("{blank}%z"), offset);
            return true;
        }
        let word = self.rest().get(1..).filter(|_| space == 1).unwrap_or_default();
        let letters = word.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let (name, behind) = word.split_at(letters);
        let is_word = letters > 1 && !behind.first().is_some_and(u8::is_ascii_alphanumeric);
        let is_known = is_word && names::zone(name).is_some();
        if is_known || is_word && AMBIGUOUS.iter().any(|zone| zone.as_bytes() == name) {
            self.add(" %Z", 1 + letters);
        }
        is_known
    }
}

#[cfg(test)]
mod tests;

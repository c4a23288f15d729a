//! Times of ten minutes: written alike, they follow each other as their digits do, and none needs to be calculated.

use super::super::form::{FORM_BYTES, Form};
use super::super::swar;
use super::{CLOCK_BYTES, MINUTE_US};

/// Minutes whose times differ from the last digit of the minute on.
const MINUTES: i64 = 10;
/// Bytes of `8:` in `05:08:31,905`.
const MINUTE_BYTES: usize = 2;
/// A minute, as digits.
const MINUTE: u128 = 1 << (u128::BITS - u8::BITS);

/// The times of ten minutes, written as one of them was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minutes {
    form: Form,
    /// The instants at which they begin, and end.
    start_us: i64,
    end_us: i64,
    /// Where the last digit of the minute stands, and which bits from there on are of digits.
    at: u8,
    digits: u128,
}

/// A time in its ten minutes, as the digits from the last of the minute on; greater ones are later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment(u128);

impl Minutes {
    /// Those of the time at the begin of a text, and the time in them, if it has the form; `minute_us` is the instant at
    /// which its minute begins. `digits` are those of its seconds, which stand at `seconds`.
    pub(super) fn of(form: Form, text: &[u8], minute_us: i64, seconds: usize, digits: u128) -> Option<(Self, Moment)> {
        let digits = 0x0f | digits << (8 * MINUTE_BYTES);
        let at = (seconds - MINUTE_BYTES) as u8;
        let mut minutes = Self { form, start_us: 0, end_us: 0, at, digits };
        let moment = minutes.moment(text)?;
        minutes.start_us = minute_us - moment.minute() * MINUTE_US;
        minutes.end_us = minutes.start_us + MINUTES * MINUTE_US;
        Some((minutes, moment))
    }

    /// Only those of the minute of one of them.
    pub fn of_minute(mut self, moment: Moment) -> Self {
        let (at, minute) = (usize::from(self.at) % FORM_BYTES, moment.minute());
        (self.form.least[at], self.form.most[at]) = (b'0' + minute as u8, 0);
        self.end_us = self.start_us + (minute + 1) * MINUTE_US;
        self
    }

    /// The time at the begin of a text, if it is one of these.
    #[inline(always)]
    pub fn moment(&self, text: &[u8]) -> Option<Moment> {
        // A number that is too small to lead out of a long text.
        let digits = text.get(usize::from(self.at % 64)..)?.first_chunk()?;
        let fits = self.form.fits(text.first_chunk()?);
        fits.then(|| Moment((u128::from_le_bytes(*digits) & self.digits).swap_bytes()))
    }

    /// The instant of one of these times.
    #[inline]
    pub fn instant(&self, moment: Moment) -> i64 {
        self.start_us + moment.micros()
    }

    /// The instant at which they begin.
    #[inline]
    pub fn start_us(&self) -> i64 {
        self.start_us
    }

    /// The instant at which they end.
    pub fn end_us(&self) -> i64 {
        self.end_us
    }

    /// The same, of which no time can be told by its digits.
    pub fn untold(self) -> Self {
        Self { form: Form::default(), ..self }
    }
}

impl Moment {
    /// Behind all times: the digit that it begins with would be 128.
    pub const BEHIND_ALL: Self = Self(1 << (u128::BITS - 1));

    /// Whether it is no earlier than another, and sure to be no more than a minute later.
    #[inline(always)]
    pub fn follows(self, other: Self) -> bool {
        // As in a circle: what lies before the other one is far behind it. A moment begins with a digit, 9 at most, so what
        // is subtracted from it where it is behind all times leaves more than half of the circle.
        self.0.wrapping_sub(other.0) <= MINUTE
    }

    /// The last digit of its minute.
    #[inline]
    fn minute(self) -> i64 {
        (self.0 / MINUTE) as i64
    }

    /// Microseconds from the begin of its ten minutes.
    #[inline]
    pub fn micros(self) -> i64 {
        let digits = self.0.swap_bytes() >> (8 * MINUTE_BYTES);
        let (second, hundredths, thousandth) = swar::pairs(digits as u64);
        let more = (digits >> (8 * CLOCK_BYTES)) as u64;
        let millis = second * 1000 + hundredths * 10 + thousandth;
        self.minute() * MINUTE_US + millis * 1000 + if more == 0 { 0 } else { swar::micros(more) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    /// A moment as its digits.
    fn moment(micros: i64) -> Moment {
        let (minute, second, fraction) = (micros / MINUTE_US, micros % MINUTE_US / 1_000_000, micros % 1_000_000);
        let text = format!("{minute}:{second:02},{fraction:06}\0\0\0\0\0");
        let digits = text.bytes().map(|byte| if byte.is_ascii_digit() { byte & 0x0f } else { 0 });
        Moment(digits.take(16).fold(0, |all, digit| all << 8 | u128::from(digit)))
    }

    proptest! {
        #[test]
        fn moments_follow_each_other_as_their_times(a in 0..MINUTES * MINUTE_US, b in 0..MINUTES * MINUTE_US, near in 0..70_000_000i64) {
            for b in [b, (a + near).min(MINUTES * MINUTE_US - 1), (a + MINUTE_US).min(MINUTES * MINUTE_US - 1), a] {
                prop_assert!(moment(a).micros() == a);
                prop_assert!(moment(b).follows(moment(a)) == (0..=MINUTE_US).contains(&(b - a)), "{a} {b}");
                prop_assert!(!moment(b).follows(Moment::BEHIND_ALL));
            }
        }
    }
}

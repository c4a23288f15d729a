//! How a time was written: other times of its date are compared with that, all of them at once.

use super::super::form::{FORM_BYTES, Form};
use super::super::swar;
use super::tail::offset_min;
use super::{CLOCK_BYTES, Fixed, MINUTE_US, Minutes, Moment, Tail};

/// Bits of a digit.
const DIGIT: u64 = 0x0f;
/// Where digits behind the seconds begin in `31,905`.
const FRACTION: usize = 3;

/// The text of a time, up to the byte behind it: of its date, its digits and its offset, nothing else may change.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    form: Form,
    /// Where `05:08:` begins.
    hour: u8,
    /// Marks the digits of `05:0` with 255.
    minutes: [u8; FORM_BYTES],
    /// Which bits of `31,905` are of the time, and which of the digits behind that.
    seconds: u64,
    micros: u64,
    /// Offset from UTC in microseconds, where the time tells it.
    offset_us: Option<i64>,
    end: u8,
}

/// Times of a date, whose offset is known.
#[derive(Debug, Clone, Copy)]
pub struct Dated<'a> {
    written: &'a Written,
    end: u8,
    /// The instant of midnight.
    midnight_us: i64,
}

impl Written {
    /// How the time at the begin of a text is written; none where that is too long, or where nothing ends it.
    pub(super) fn of(fixed: &Fixed, text: &[u8], tail: &Tail) -> Option<Self> {
        let text = text.get(..=tail.end).filter(|text| text.len() <= FORM_BYTES)?;
        // What comes behind these may belong to the time.
        if matches!(text[tail.end], b'0'..=b'9' | b':') {
            return None;
        }
        let at = fixed.bytes + FRACTION;
        let separators = fixed.fraction.separators.unwrap_or_default();
        let digits = match text.get(at - 1) {
            Some(byte) if separators.contains(byte) => text[at..].iter().take_while(|b| b.is_ascii_digit()).count(),
            _ if fixed.fraction.separators.is_none() && fixed.fraction.digits_max > 0 => return None,
            _ => 0,
        };
        let mut written =
            Self { form: Form { least: [0; FORM_BYTES], most: [u8::MAX; FORM_BYTES] }, ..Self::default() };
        let head = fixed.head.iter().flat_map(|part| part.most()).copied();
        let most = head.chain([5, 9, 0]).chain([9].repeat(digits)).chain(std::iter::repeat(0));
        for (place, (byte, most)) in text.iter().zip(most).enumerate() {
            written.form.least[place] = if most == 0 { *byte } else { b'0' };
            written.form.most[place] = most;
        }
        let bits = |from: usize, count: usize| (from..from + count).map(|place| DIGIT << (8 * place)).sum::<u64>();
        written.seconds = bits(0, 2) | bits(FRACTION, digits.min(3));
        written.micros = bits(0, digits.clamp(3, 6) - 3);
        (written.hour, written.end) = (fixed.hour? as u8, tail.end as u8);
        written.offset_us = tail.offset_us;
        for place in [0, 1, 3] {
            *written.minutes.get_mut(usize::from(written.hour) + place)? = u8::MAX;
        }
        Some(written)
    }

    /// The times of this form, if their offset is known: `offset_us`, unless they tell it.
    #[inline(always)]
    pub fn dated(&self, midnight_us: i64, offset_us: Option<i64>) -> Option<Dated<'_>> {
        Some(Dated { written: self, end: self.end, midnight_us: midnight_us - self.offset_us.or(offset_us)? })
    }
}

impl Dated<'_> {
    /// The instant of the time at the begin of a text, if it has the form.
    #[inline(always)]
    pub fn read(&self, text: &[u8]) -> Option<i64> {
        let Written { seconds, micros, .. } = self.written;
        let at = self.hour();
        let mut time = self.minute_us(text)?;
        let (second, hundredths, thousandth) = swar::pairs(swar::eight(text, at + CLOCK_BYTES)? & seconds);
        time += (second * 1000 + hundredths * 10 + thousandth) * 1000;
        if *micros != 0 {
            time += swar::micros(swar::eight(text, at + 2 * CLOCK_BYTES)? & micros);
        }
        Some(time)
    }

    /// The ten minutes of the time at the begin of a text, and the time in them, if it has the form.
    pub fn minutes(&self, text: &[u8]) -> Option<(Minutes, Moment)> {
        let Written { form, minutes, seconds, micros, .. } = self.written;
        let minute_us = self.minute_us(text)?;
        let digits = u128::from(*seconds) | u128::from(*micros) << (8 * CLOCK_BYTES);
        let form = form.with(text.first_chunk()?, minutes);
        Minutes::of(form, text, minute_us, self.hour() + CLOCK_BYTES, digits)
    }

    /// The instant at which the minute of the time at the begin of a text begins, if it has the form.
    #[inline(always)]
    fn minute_us(&self, text: &[u8]) -> Option<i64> {
        let (hour, minute, _) = swar::pairs(swar::eight(text, self.hour())?);
        let fits = self.written.form.fits(text.first_chunk()?) && hour < 24;
        fits.then(|| self.midnight_us + (hour * 60 + minute) * MINUTE_US)
    }

    /// Where the hour begins: a number that is too small to lead out of a long text.
    #[inline(always)]
    fn hour(&self) -> usize {
        usize::from(self.written.hour % 32)
    }

    /// Where such a time ends.
    #[inline(always)]
    pub fn end(&self) -> usize {
        // As above.
        usize::from(self.end % 32)
    }

    /// Minutes that the time tells it is ahead of UTC.
    #[inline(always)]
    pub fn offset_min(&self) -> i16 {
        offset_min(self.written.offset_us)
    }
}

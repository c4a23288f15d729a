//! Times of one minute: written alike, they follow each other as their digits do, and none needs to be calculated.

use super::super::form::Form;
use super::super::swar;
use super::{CLOCK_BYTES, MINUTE_US};

/// The times of a minute, written as one of them was.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minute {
    form: Form,
    /// The instant at which it begins.
    start_us: i64,
    /// Where its seconds begin, and which bits from there on are of digits.
    seconds: u8,
    digits: u128,
}

/// A time in its minute, as the digits of its seconds and their fraction; greater ones are later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u128);

impl Minute {
    pub(super) fn new(form: Form, start_us: i64, seconds: usize, digits: u128) -> Self {
        Self { form, start_us, seconds: seconds as u8, digits }
    }

    /// The time at the begin of a text, if it is one of this minute.
    #[inline(always)]
    pub fn moment(&self, text: &[u8]) -> Option<Moment> {
        // A number that is too small to lead out of a long text.
        let seconds = text.get(usize::from(self.seconds % 64)..)?.first_chunk()?;
        let fits = self.form.fits(text.first_chunk()?);
        fits.then(|| Moment((u128::from_le_bytes(*seconds) & self.digits).swap_bytes()))
    }

    /// The instant of a time of this minute.
    #[inline]
    pub fn instant(&self, moment: Moment) -> i64 {
        self.start_us + moment.micros()
    }

    /// The instant at which it begins.
    #[inline]
    pub fn start_us(&self) -> i64 {
        self.start_us
    }

    /// The instant at which it ends.
    pub fn end_us(&self) -> i64 {
        self.start_us + MINUTE_US
    }

    /// The same minute, of which no time can be told by its digits.
    pub fn untold(self) -> Self {
        Self { form: Form::default(), ..self }
    }
}

impl Moment {
    /// Behind all times.
    pub const MAX: Self = Self(u128::MAX);

    /// Microseconds from the begin of its minute.
    #[inline]
    pub fn micros(self) -> i64 {
        let digits = self.0.swap_bytes();
        let (second, hundredths, thousandth) = swar::pairs(digits as u64);
        let more = (digits >> (8 * CLOCK_BYTES)) as u64;
        let millis = second * 1000 + hundredths * 10 + thousandth;
        millis * 1000 + if more == 0 { 0 } else { swar::micros(more) }
    }
}

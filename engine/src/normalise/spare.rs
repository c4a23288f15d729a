//! What was in use before, for the next source: its memory is mapped and warm, and what it learned still holds.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// More than any machine has threads that read.
const SPARE_MAX: usize = 64;

/// Values that wait for the next source.
#[derive(Debug)]
pub struct Spares<T>(Mutex<Vec<T>>);

/// A value that goes back to where it came from.
#[derive(Debug)]
pub struct Lent<'s, T: Default> {
    spares: &'s Spares<T>,
    value: T,
    /// Whether it may be lent again.
    is_fit: fn(&T) -> bool,
}

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Default> Spares<T> {
    /// Lends one of them, or a new one. It comes back if it is fit to be lent again.
    pub fn lend(&self, new: impl FnOnce() -> T, is_fit: fn(&T) -> bool) -> Lent<'_, T> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Lent { spares: self, value: spare.unwrap_or_else(new), is_fit }
    }
}

impl<T: Default> Deref for Lent<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> DerefMut for Lent<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Default> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let mut spares = self.spares.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARE_MAX && (self.is_fit)(&self.value) {
            spares.push(mem::take(&mut self.value));
        }
    }
}

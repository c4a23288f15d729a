//! How often, and after what wait, a request that failed is tried again.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::cause::Cause;

/// Wait before the second try is anywhere up to this; it doubles with each try.
const WAIT_FIRST: Duration = Duration::from_millis(250);

/// No jittered wait is longer.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// A server that asks for more patience than this is left alone until the next run.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// Retries of a run beside the share of each instance: enough to get a small fleet over a bad moment.
const BUDGET_BASE: u64 = 64;

/// A fleet in which more than a quarter needs a retry is not helped by more requests.
const INSTANCES_PER_RETRY: u64 = 4;

/// What went wrong with one try, and whether another makes sense.
#[derive(Debug)]
pub(super) struct Fault {
    pub cause: Cause,
    pub again: Again,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    /// After a jittered wait.
    Soon,
    /// Not before the server's `Retry-After`.
    After(Duration),
}

impl Fault {
    /// Trouble that will not pass by itself.
    pub fn lasting(cause: Cause) -> Fault {
        Fault { cause, again: Again::Never }
    }

    /// Trouble that may have passed a moment later.
    pub fn passing(cause: Cause) -> Fault {
        Fault { cause, again: Again::Soon }
    }
}

/// Retries that all instances of a run share.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicU64,
}

impl Budget {
    pub fn for_fleet(instances: usize) -> Budget {
        Budget { left: AtomicU64::new(BUDGET_BASE + instances as u64 / INSTANCES_PER_RETRY) }
    }

    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    budget: &'a Budget,
    tries_max: u32,
    tries: u32,
}

impl<'a> Patience<'a> {
    pub fn new(budget: &'a Budget, tries_max: u32) -> Patience<'a> {
        Patience { budget, tries_max, tries: 1 }
    }

    /// The last try brought something: what follows counts anew. The run's budget still bounds it.
    pub fn renew(&mut self) {
        self.tries = 1;
    }

    /// Waits until the next try, or gives the cause back when there is none.
    pub async fn wait(&mut self, fault: Fault) -> Result<(), Cause> {
        let least = match fault.again {
            Again::Never => return Err(fault.cause),
            Again::Soon => Duration::ZERO,
            Again::After(wait) if wait > RETRY_AFTER_MAX => return Err(fault.cause),
            Again::After(wait) => wait,
        };
        if self.tries >= self.tries_max || !self.budget.take() {
            return Err(fault.cause);
        }
        let longest = WAIT_FIRST.saturating_mul(1 << self.tries.min(16).saturating_sub(1)).min(WAIT_MAX);
        self.tries += 1;
        tokio::time::sleep(least + longest.mul_f64(chance())).await;
        Ok(())
    }
}

/// `Retry-After` in both of its forms, from now on.
pub(super) fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.with_timezone(&Utc) - now).to_std().unwrap_or(Duration::ZERO))
}

/// Between 0 and 1. Only waits depend on it, so the seed of the standard library's hash maps is random enough.
fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, Utc};

    use super::super::cause::{Cause, CauseClass};
    use super::{Again, Budget, Fault, Patience, retry_after};

    fn fault(again: Again) -> Fault {
        Fault { cause: Cause::new(CauseClass::Status, "503"), again }
    }

    #[tokio::test]
    async fn tries_and_the_budget_run_out() {
        let budget = Budget::for_fleet(0);
        let mut patience = Patience::new(&budget, 2);
        assert!(patience.wait(fault(Again::Soon)).await.is_ok());
        assert!(patience.wait(fault(Again::Soon)).await.is_err());
        patience.renew();
        assert!(patience.wait(fault(Again::Never)).await.is_err());
        assert!(patience.wait(fault(Again::After(Duration::from_secs(61)))).await.is_err());
        while budget.take() {}
        assert!(patience.wait(fault(Again::Soon)).await.is_err());
    }

    #[test]
    fn retry_after_has_two_forms() {
        let now: DateTime<Utc> = "1994-11-06T08:49:30Z".parse().expect("a time");
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}

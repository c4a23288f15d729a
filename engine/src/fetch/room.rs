//! Room for the files of all instances at work: a listing that is long, or made up, waits for its turn, and the others go
//! on.
//!
//! What an instance costs while it is looked at grows with its files. As many instances are at work as the profile
//! says, so their sum is bounded here: few files are free, and who has more takes a share of the room until it is done.
//! A share that is too small is given back before a larger one is waited for, so nobody waits for somebody who waits.
//! The longest listings have a room of their own: whoever fills it keeps out nobody else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Files that need no share: what nearly every instance has, and little even where all are at work.
const FREE_FILES: usize = 256;

/// The shares that are given, in files: while one is waited for, no more than the one below it is held.
const SHARES: [usize; 2] = [1_024, 2_048];

/// Files of all these shares.
const SHARED_FILES: usize = 16_384;

/// Listings that are longer, and are looked at side by side.
const LONGEST_MAX: usize = 2;

/// The room that all instances of a run share.
#[derive(Debug, Clone)]
pub(super) struct Room {
    shared: Arc<Semaphore>,
    longest: Arc<Semaphore>,
}

/// The share of one instance; the default needs none.
#[derive(Debug, Default)]
pub(super) struct Share {
    room: Option<Room>,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    files: usize,
    _permit: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Room {
        Room { shared: Arc::new(Semaphore::new(SHARED_FILES)), longest: Arc::new(Semaphore::new(LONGEST_MAX)) }
    }
}

impl Room {
    pub fn share(&self) -> Share {
        Share { room: Some(self.clone()), held: Mutex::default() }
    }
}

impl Share {
    /// Waits until there is room for so many files.
    pub async fn hold(&self, files: usize) {
        let Some(room) = self.room.as_ref().filter(|_| files > FREE_FILES) else { return };
        if self.held().as_ref().is_some_and(|held| held.files >= files) {
            return;
        }
        *self.held() = None;
        let (room, permits, files) = match SHARES.into_iter().find(|share| *share >= files) {
            Some(share) => (&room.shared, share, share),
            None => (&room.longest, 1, usize::MAX),
        };
        // Nobody closes a room.
        let taken = Arc::clone(room).acquire_many_owned(u32::try_from(permits).unwrap_or(u32::MAX)).await;
        *self.held() = taken.ok().map(|permit| Held { files, _permit: permit });
    }

    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::{FREE_FILES, LONGEST_MAX, Room, SHARED_FILES, SHARES};

    #[tokio::test]
    async fn who_waits_holds_nothing_and_the_longest_keep_out_nobody() {
        let (room, soon) = (Room::default(), Duration::from_millis(20));
        let longest: Vec<_> = (0..LONGEST_MAX).map(|_| room.share()).collect();
        for share in &longest {
            share.hold(SHARES[0]).await;
            share.hold(SHARES[1] + 1).await;
            // What is held is enough.
            share.hold(SHARES[1]).await;
        }
        // All have some, and want more than there is: what they have is free for others meanwhile.
        let others: Vec<_> = (0..2 * SHARED_FILES / SHARES[1]).map(|_| room.share()).collect();
        for share in &others {
            share.hold(FREE_FILES).await;
            assert!(timeout(soon, share.hold(SHARES[1])).await.is_ok());
            assert!(timeout(soon, share.hold(SHARES[1] + 1)).await.is_err());
        }
        drop(longest);
        assert!(timeout(soon, others[0].hold(SHARES[1] + 1)).await.is_ok());
        let shared: Vec<_> = (0..SHARED_FILES / SHARES[1]).map(|_| room.share()).collect();
        for share in &shared {
            assert!(timeout(soon, share.hold(SHARES[1])).await.is_ok());
        }
        assert!(timeout(soon, others[1].hold(FREE_FILES + 1)).await.is_err());
        drop(shared);
        assert!(timeout(soon, others[1].hold(FREE_FILES + 1)).await.is_ok());
    }
}

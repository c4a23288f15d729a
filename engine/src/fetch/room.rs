//! Room for the files of all instances at work: a listing that is long, or made up, waits for its turn, and the others go
//! on.
//!
//! What an instance costs while it is looked at grows with its files. As many instances are at work as the profile
//! says, so their sum is bounded here: few files are free, and who has more takes a share of the room until it is done.
//! A share that is too small is given back before a larger one is waited for, so nobody waits for somebody who waits.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::listing::FILES_MAX;

/// Files that need no share: what nearly every instance has, and little even where all are at work.
const FREE_FILES: usize = 256;

/// The shares that are given: as long as one is waited for, no more than the one below it is held.
const SHARES: [usize; 3] = [1_024, 4_096, SHARE_MAX];

/// The files of the longest listing.
const SHARE_MAX: usize = FILES_MAX + FILES_MAX / 8;

/// The longest listings that are looked at side by side.
const LONGEST_MAX: usize = 2;

/// The room that all instances of a run share.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// The share of one instance; the default needs none.
#[derive(Debug, Default)]
pub(super) struct Share {
    room: Option<Room>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Default for Room {
    fn default() -> Room {
        Room(Arc::new(Semaphore::new(LONGEST_MAX * SHARE_MAX)))
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
        let Some(Room(room)) = self.room.as_ref().filter(|_| files > FREE_FILES) else { return };
        let due = SHARES.into_iter().find(|share| *share >= files).unwrap_or(SHARE_MAX);
        let before = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.as_ref().is_some_and(|held| held.num_permits() >= due) {
                return;
            }
            held.take()
        };
        drop(before);
        let permits = u32::try_from(due).unwrap_or(u32::MAX);
        // Nobody closes the room.
        let permit = Arc::clone(room).acquire_many_owned(permits).await.ok();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::{FREE_FILES, LONGEST_MAX, Room, SHARE_MAX, SHARES};

    #[tokio::test]
    async fn who_waits_holds_nothing() {
        let room = Room::default();
        let longest: Vec<_> = (0..LONGEST_MAX).map(|_| room.share()).collect();
        for share in &longest {
            share.hold(SHARES[0]).await;
            share.hold(SHARE_MAX).await;
            // What is held is enough.
            share.hold(SHARES[1]).await;
        }
        let one_more = room.share();
        one_more.hold(FREE_FILES).await;
        let soon = Duration::from_millis(20);
        assert!(timeout(soon, one_more.hold(FREE_FILES + 1)).await.is_err());
        drop(longest);
        assert!(timeout(soon, one_more.hold(SHARES[1])).await.is_ok());
        let (first, second) = (room.share(), room.share());
        assert!(timeout(soon, first.hold(SHARE_MAX)).await.is_ok());
        // Both have some, and both want all: the first to wait gets it, once the other lets go of what it has.
        assert!(timeout(soon, second.hold(SHARES[1])).await.is_ok());
        assert!(timeout(soon, second.hold(SHARE_MAX)).await.is_err());
        assert!(timeout(soon, one_more.hold(SHARE_MAX)).await.is_ok());
    }
}

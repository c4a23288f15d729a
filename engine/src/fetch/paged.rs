//! The listing of an instance over REST: asked for page by page, and read as it arrives. No page is ever in memory as a
//! whole, but for a short one.

use std::sync::Arc;

use chrono::Utc;
use reqwest::Url;
use tokio::sync::mpsc;

use super::cause::beginning_bytes;
use super::folder::blocking;
use super::incoming::Incoming;
use super::index;
use super::listing::{self, Cursor, Held, Listing, PageSeen};
use super::name;
use super::paging::{Page, Pages};
use super::rest::{RestBody, RestSource, Whole};
use super::retry::Fault;
use super::source::Tally;
use crate::profile::{FileFilter, Instance, ListKind, Rest};

/// Far more than a million entries need; beyond it, a listing is no listing.
pub(super) const LISTING_BYTES_MAX: usize = 64 << 20;

/// A page that is as short is read in place; behind it, by a thread that waits for the network: some hundred files.
const SHORT_BYTES: usize = 16 << 10;

/// What is handed over to that thread at once: less than a thousand entries, so that it is known what they hold before
/// more are read.
const PIECE_BYTES: usize = 8 << 10;

/// What a page holds, and what it says of the next one.
type Read = Result<(PageSeen, Option<Cursor>), String>;

impl RestSource {
    /// The whole listing, page by page; one that is not complete is none.
    pub async fn list(
        &self,
        instance: &Instance,
        filter: Option<&Arc<FileFilter>>,
        tally: &Tally,
    ) -> Result<Listing, Fault> {
        let (rest, veil) = (self.settings(), self.veil());
        let url = self.parsed(name::expanded(&rest.list_url, &instance.address, &instance.name, ""))?;
        let mut pages = Pages::new(&rest.paging, url, &veil);
        let mut listing = Listing::new(filter.cloned(), Arc::clone(&veil));
        let mut next = Some(pages.first());
        let mut bytes_left = LISTING_BYTES_MAX;
        while let Some(url) = next {
            let (page, read);
            (page, read, listing) = self.page(&url, listing, &mut bytes_left, tally).await?;
            let after = read.and_then(|(seen, cursor)| {
                let link = Some(page.links.as_str());
                pages.after(Page { url: &page.at, cursor: cursor.as_ref(), link, seen })
            });
            next = after.map_err(|why| self.unfit(&page, "listing", &why))?;
        }
        listing.finish();
        Ok(listing)
    }

    /// Asks for one page, and reads it into the listing.
    async fn page(
        &self,
        url: &Url,
        mut listing: Listing,
        bytes_left: &mut usize,
        tally: &Tally,
    ) -> Result<(Whole, Read, Listing), Fault> {
        let accept = if self.settings().list_kind == ListKind::Html { "text/html" } else { "application/json" };
        let (mut page, mut body) = self.begin(url, accept, tally).await?;
        listing.date_us = listing.date_us.or(page.date_us);
        let now_us = page.date_us.unwrap_or_else(|| Utc::now().timestamp_micros());
        let mut more = true;
        while more && page.bytes.len() <= SHORT_BYTES {
            more = body.take(&mut page.bytes, tally).await?;
        }
        if !more && page.bytes.len() <= *bytes_left {
            *bytes_left -= page.bytes.len();
            let read = read_page(self.settings(), &page.at, Incoming::whole(&page.bytes), now_us, &mut listing);
            tally.share.hold(listing.held.files()).await;
            return Ok((page, read, listing));
        }
        let held = listing.held.clone();
        let (pieces, mut received) = mpsc::channel(1);
        let (rest, at) = (self.settings().clone(), page.at.clone());
        let reading = blocking(move || {
            let incoming = Incoming::new(|| received.blocking_recv());
            Ok((read_page(&rest, &at, incoming, now_us, &mut listing), listing))
        });
        let first = page.bytes.clone();
        page.bytes.truncate(beginning_bytes(&self.veil()));
        let (read, came) = tokio::join!(reading, pass_on(first, body, pieces, bytes_left, &held, tally));
        let (came, (read, listing)) = (came?, read?);
        tally.share.hold(held.files()).await;
        Ok((page, came.and(read), listing))
    }
}

/// Hands a page over as it comes, as far as somebody reads it and there is room for what it holds.
async fn pass_on(
    mut bytes: Vec<u8>,
    mut body: RestBody,
    pieces: mpsc::Sender<Vec<u8>>,
    bytes_left: &mut usize,
    held: &Held,
    tally: &Tally,
) -> Result<Result<(), String>, Fault> {
    loop {
        let Some(left) = bytes_left.checked_sub(bytes.len()) else {
            return Ok(Err(format!("is longer than {LISTING_BYTES_MAX} bytes")));
        };
        *bytes_left = left;
        for piece in bytes.chunks(PIECE_BYTES) {
            tally.share.hold(held.files()).await;
            // Who has read enough says why. A probe shows more of the page.
            if pieces.send(piece.to_vec()).await.is_err() && !tally.trace.is_kept() {
                return Ok(Ok(()));
            }
        }
        bytes.clear();
        if !body.take(&mut bytes, tally).await? {
            return Ok(Ok(()));
        }
    }
}

/// Reads a page of any kind.
pub(super) fn read_page(rest: &Rest, at: &Url, page: Incoming<'_>, now_us: i64, listing: &mut Listing) -> Read {
    match rest.list_kind {
        ListKind::Html => index::read(at, page, now_us, listing).map(|seen| (seen, None)),
        _ => listing::read(rest, page, now_us, listing),
    }
}

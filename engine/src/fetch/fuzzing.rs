//! Doors for fuzzing: what comes from the network, without one.

use std::io::Cursor;
use std::sync::Arc;

use reqwest::Url;

use super::incoming::Incoming;
use super::listing::Listing;
use super::name;
use super::paged;
use super::paging::{Page, Pages};
use super::unpack::{Unpacked, unpack};
use crate::profile::{Rest, Veil};

/// The URLs of the files that a page of a listing at this address names, and of the page behind it.
///
/// # Errors
/// What makes it no listing.
pub fn listed(rest: &Rest, address: &Url, body: &[u8], link: &str) -> Result<(Vec<String>, Option<Url>), String> {
    let veil = Arc::new(Veil::default());
    let mut listing = Listing::new(None, Arc::clone(&veil));
    let (seen, cursor) = paged::read_page(rest, address, Incoming::whole(body), 0, &mut listing)?;
    let page = Page { url: address, cursor: cursor.as_ref(), link: Some(link), seen };
    let next = Pages::new(&rest.paging, address.clone(), &veil).after(page)?;
    let names = listing.files.into_keys();
    let origin = address.origin().ascii_serialization();
    Ok((names.map(|name| name::expanded(&rest.fetch_url, &origin, "one", &name)).collect(), next))
}

/// What a file holds, where it is compressed.
pub fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let unpacked = unpack(Cursor::new(packed), packed.len() as u64, &mut out).expect("memory gives no error");
    let Unpacked::Decoded(bytes, _) = unpacked else { return None };
    out.truncate(bytes as usize);
    Some(out)
}

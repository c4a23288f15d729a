//! Any bytes as a compressed file: what decodes is bounded, and the same for a longer file that begins with it.

use logparser::fetch::fuzzing::unpacked;

/// Below this no ratio bounds what decodes; above it, the ratio of [`RATIO_MAX`] does.
const FREE_BYTES: usize = 16 << 20;
const RATIO_MAX: usize = 400;

pub fn run(input: &[u8]) -> bool {
    let Some(decoded) = unpacked(input) else { return false };
    let bound = FREE_BYTES.max(input.len() * RATIO_MAX);
    assert!(decoded.len() <= bound, "{} bytes decode to {}", input.len(), decoded.len());
    // What is still being written gives a beginning of what it will hold.
    let begun = unpacked(&input[..input.len() / 2]).unwrap_or_default();
    assert!(decoded.starts_with(&begun) || begun.starts_with(&decoded), "the first half decodes to something else");
    true
}

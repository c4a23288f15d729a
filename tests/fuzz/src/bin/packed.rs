#![no_main]

use logparser_tests::fuzz::PACKED;
use logparser_tests::memory::Counted;

#[global_allocator]
static MEMORY: Counted = Counted;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (PACKED.run)(input);
});

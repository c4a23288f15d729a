#![no_main]

use logparser_tests::fuzz::RECORDS;
use logparser_tests::memory::Counted;

#[global_allocator]
static MEMORY: Counted = Counted;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    (RECORDS.run)(input);
});

//! Every target of the fuzzing takes its seeds, and the inputs that once broke a law.

use logparser_tests::fuzz::{TARGETS, seeds};
use logparser_tests::memory::Counted;

#[global_allocator]
static MEMORY: Counted = Counted;

#[test]
fn seeds_and_what_was_found_break_no_law() {
    for target in TARGETS {
        let mut far = 0;
        for (number, seed) in seeds(target.name).iter().enumerate() {
            eprintln!("{}: seed {number}, {} bytes", target.name, seed.len());
            far += usize::from((target.run)(seed));
            // As it came to be found: cut somewhere.
            for cut in [1, 3, 7].map(|part| seed.len() * part / 8) {
                (target.run)(&seed[..cut]);
            }
        }
        let most_are_faulty = target.name == "profile";
        assert!(far > if most_are_faulty { 0 } else { 3 }, "{}: {far} seeds come far", target.name);
    }
}

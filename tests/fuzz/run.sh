#!/usr/bin/env bash
# usage: tests/fuzz/run.sh SECONDS [TARGET…] — fuzzes each target (default: all) so long, from the project's own cases on.
#
# Needs `cargo install cargo-fuzz`. What it finds is written to target/fuzz; as NAME.bin in tests/fuzz/found/TARGET it is
# a case of the normal tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [TARGET…]}
shift
[ $# -gt 0 ] || set -- records listing profile packed
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
cp Cargo.lock tests/fuzz/Cargo.lock
cargo run --quiet --release --package logparser-tests --bin seeds -- target/fuzz/seeds
for target; do
    corpus=target/fuzz/corpus/$target
    mkdir -p "$corpus"
    # Without a sanitizer the usual compiler will do: what libFuzzer needs is no unstable flag.
    cargo fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz --sanitizer none "$target" \
        "$corpus" "target/fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="target/fuzz/$target-"
done

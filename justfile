# Short names for what is done every day. `just` without a name lists them.

_default:
    @just --list

# Run the server with the embedded defaults
run *arguments:
    cargo run --bin consentry-web -- {{arguments}}

# Run the operator's command line
admin *arguments:
    cargo run --quiet --bin consentry-admin -- {{arguments}}

# Run every test, installing what is missing
test *arguments:
    tests/run {{arguments}}

# Fuzz the JSON API at length
fuzz-api:
    tests/schemathesis --max-examples 1000

# Fuzz every parser of outside input, or the named ones, for so many minutes each
fuzz minutes='1' *targets:
    tests/fuzz/run {{minutes}} {{targets}}

# Run the long variants of the fault tests, one after the other, and print their figures
soak *arguments='crash:: faults::':
    cargo build --workspace --bins --locked
    CONSENTRY_TEST_LONG=1 tests/with-postgres cargo test -p consentry-tests --locked -- --include-ignored --nocapture --test-threads=1 {{arguments}}

# Measure the release build on this machine, on both databases (docs/performance.md)
bench *arguments:
    tests/measure {{arguments}}

# Run everything a change must pass
check:
    .ci/run

# Build the Debian package into target/debian
deb:
    bins/web/debian/build

# List the public items of every library under docs/api
api:
    .ci/api

# Run the example of an application with Consentry inside
embedded *arguments:
    cargo run --example embedded -- {{arguments}}

# Put the tables of an application under a policy, and show what happens: sqlite, postgres or a URL
demo-retention *database:
    demo/retention/run {{database}}

# Format everything
fmt:
    cargo fmt --all

# Run the tests of floods, look-ups and slow clients at full size: 2 x 2,000 samples, 5,000 sockets
test-abuse:
    cargo build --workspace --bins --locked
    CONSENTRY_TEST_LONG=1 tests/with-postgres cargo test -p consentry-tests --locked abuse -- --nocapture

# Measure the retention engine against statements by hand, on both databases (docs/performance.md)
bench-retention *arguments:
    CONSENTRY_TEST_DURABLE=1 tests/with-postgres cargo test --release -p consentry-retention --test it --locked -- --ignored --nocapture --test-threads=1 {{arguments}}

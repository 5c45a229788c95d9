//! Feeds random input to the body of the same name, which is compiled and called by the normal tests, too.

#![no_main]

#[path = "../bodies/tunnel.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));

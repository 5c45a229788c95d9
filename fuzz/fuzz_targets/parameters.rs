//! Feeds random input to the body of the same name, which is compiled and called by the normal tests, too.

#![no_main]

#[path = "../bodies/parameters.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|text: &str| body::run(text));

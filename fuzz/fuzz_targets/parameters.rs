//! Any line as a parameter's expression.

#![no_main]

use chrono::NaiveDateTime;
use job::Parameters;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut parameters = Parameters::at(NaiveDateTime::default(), None, None);
    for line in text.lines() {
        if parameters.set("k", line).is_ok() {
            let _ = parameters.value("k");
        }
    }
});

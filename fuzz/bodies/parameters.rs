//! Any line as a parameter's expression.

use chrono::NaiveDateTime;
use job::Parameters;

pub(crate) fn run(text: &str) {
    let mut parameters = Parameters::at(NaiveDateTime::default(), None, None);
    for line in text.lines() {
        if parameters.set("k", line).is_ok() {
            let _ = parameters.value("k");
        }
    }
}

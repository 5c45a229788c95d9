//! Any text as a job document: parsed, resolved, converted, normalised and its problems drawn.

#![no_main]

use chrono::NaiveDateTime;
use job::{Colour, Document, Options, Parameters};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let parameters = Parameters::at(NaiveDateTime::default(), None, None);
    let problems = match Document::parse("job.json", &text) {
        Ok(document) => {
            let _ = parameters.resolve_all(&document);
            let _ = job::convert(&document);
            match job::normalise(&document, &Options::new(parameters)) {
                Ok((job, warnings)) => {
                    assert!(job.setting.concurrent >= 1);
                    warnings
                }
                Err(problems) => {
                    assert!(problems.has_errors(), "refused without a reason");
                    problems
                }
            }
        }
        Err(problems) => problems,
    };
    for problem in &problems {
        if let Some(span) = problem.span {
            assert!(span.line >= 1 && span.column >= 1 && span.end <= text.len());
        }
    }
    assert!(!problems.render(Colour::Plain).contains('\u{1b}'));
});

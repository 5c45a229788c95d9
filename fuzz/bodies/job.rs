//! Any text as a job document: parsed, resolved, converted, normalised and its problems drawn.

use chrono::NaiveDateTime;
use job::{Colour, Document, Options, Parameters};

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parameters = Parameters::at(NaiveDateTime::default(), None, None);
    parameters.set("x", "1").expect("a constant");
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
        Err(problems) => {
            assert!(problems.has_errors(), "refused without a reason");
            problems
        }
    };
    for problem in &problems {
        if let Some(span) = problem.span {
            assert!(span.line >= 1 && span.column >= 1 && span.end <= text.len());
        }
    }
    assert!(!problems.render(Colour::Plain).contains('\u{1b}'));
}

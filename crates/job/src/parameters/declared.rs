//! The value that a parameter is declared with: constants, time expressions and words of the system.

use super::expression::{Baseline, Expression};
use super::reference::{Form, references};
use super::{RunNumber, SYSTEM_BIZDATE, SYSTEM_CYCTIME};
use crate::findings::meant;

/// A piece of a declared value.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Constant(String),
    BizDate(Expression),
    CycTime(Expression),
    System(System),
}

/// What the system knows of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum System {
    BizDate,
    CycTime,
    GmtDate,
    BizMonth,
    Number(RunNumber),
}

/// The words for them in declared values.
pub(super) const SYSTEM_WORDS: [(&str, System); 7] = [
    ("$bizdate", System::BizDate),
    ("$cyctime", System::CycTime),
    ("$gmtdate", System::GmtDate),
    ("$bizmonth", System::BizMonth),
    ("$jobid", System::Number(RunNumber::Job)),
    ("$nodeid", System::Number(RunNumber::Node)),
    ("$taskid", System::Number(RunNumber::Task)),
];

/// The pieces of a declared value.
pub(super) fn parts(value: &str) -> Result<Vec<Part>, String> {
    let quoted = value
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    if let Some(constant) = quoted {
        return Ok(vec![Part::Constant(constant.to_owned())]);
    }
    if let Some((_, system)) = SYSTEM_WORDS.iter().find(|(word, _)| *word == value) {
        return Ok(vec![Part::System(*system)]);
    }
    let found = references(value);
    if let [only] = found.as_slice()
        && matches!(only.form, Form::Bare(_))
        && only.range.len() == value.len()
    {
        let words = SYSTEM_WORDS.map(|(word, _)| word);
        return Err(format!(
            "`{value}` is not known; {}; for a constant write it in single quotes",
            meant(value, &words)
        ));
    }
    let mut parts = Vec::new();
    let mut done = 0;
    for reference in found {
        let part = match reference.form {
            Form::Braces(SYSTEM_BIZDATE) => Part::System(System::BizDate),
            Form::Braces(SYSTEM_CYCTIME) => Part::System(System::CycTime),
            Form::Braces(inside) => Part::BizDate(Expression::parse(inside, Baseline::BizDate)?),
            Form::Brackets(inside) => Part::CycTime(Expression::parse(inside, Baseline::CycTime)?),
            Form::Bare(_) => continue,
            Form::Unclosed => return Err("`${` or `$[` has no end".into()),
        };
        parts.push(Part::Constant(
            value[done..reference.range.start].to_owned(),
        ));
        parts.push(part);
        done = reference.range.end;
    }
    parts.push(Part::Constant(value[done..].to_owned()));
    Ok(parts)
}

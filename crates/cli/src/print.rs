//! What is said to people and programs.
//!
//! Whoever reads may go away early, as in `longshore tables shop | head`. That is no failure, and it must
//! not end a run; so nothing here panics as the macros of the standard library do.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use crate::exit::Stop;

/// Writes a result to standard output, as it is.
pub(crate) fn out(text: impl Display) -> Result<(), Stop> {
    let mut output = io::stdout().lock();
    match write!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Stop::usage(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}

/// Writes a line to standard error. There is nobody to tell if that fails.
pub(crate) fn err(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

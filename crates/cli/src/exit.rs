//! Exit codes, and errors on their way to the terminal.

use std::process::ExitCode;

use engine::{Ended, Failure};
use sdk::Kind;

use crate::print;

/// The documented exit codes; stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Success = 0,
    Failed = 1,
    Usage = 2,
    DirtyLimit = 3,
    Unreachable = 4,
    Interrupted = 5,
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// Every code with its meaning, as README and guide have it.
    const ALL: [(Exit, &'static str); 7] = [
        (Exit::Success, "success"),
        (Exit::Failed, "the job failed"),
        (
            Exit::Usage,
            "wrong usage, document or configuration; nothing was started",
        ),
        (Exit::DirtyLimit, "more dirty rows than the job tolerates"),
        (
            Exit::Unreachable,
            "source, target or server out of reach, or access denied",
        ),
        (Exit::Interrupted, "stopped on request"),
        (Exit::Internal, "a defect of Longshore"),
    ];

    /// All codes for the end of `--help`.
    pub(crate) fn help() -> String {
        let codes = Exit::ALL.map(|(exit, meaning)| format!("  {:>2}  {meaning}", exit as i32));
        format!("Exit codes:\n{}", codes.join("\n"))
    }

    pub(crate) fn of_error(error: &sdk::Error) -> Self {
        match error.kind() {
            Kind::Auth | Kind::Unreachable | Kind::Denied => Exit::Unreachable,
            Kind::Config | Kind::Unsupported | Kind::NotFound => Exit::Usage,
            Kind::Internal => Exit::Internal,
            Kind::Conflict | Kind::Throttled | Kind::Data => Exit::Failed,
        }
    }

    /// The same for a kind that a server names.
    pub(crate) fn of_kind(kind: &str) -> Self {
        match kind {
            "auth" | "unreachable" | "denied" => Exit::Unreachable,
            "config" | "unsupported" | "not found" => Exit::Usage,
            "internal" => Exit::Internal,
            "dirty rows" => Exit::DirtyLimit,
            "stopped" => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }

    /// How a run ends. Once the target was touched, whatever stopped it is a failure of the job, except
    /// what a user would look for elsewhere.
    pub(crate) fn of_run(ended: &Ended) -> Self {
        match &ended.failure {
            None => Exit::Success,
            Some(Failure::Interrupted) => Exit::Interrupted,
            Some(Failure::TooManyDirtyRows { .. }) => Exit::DirtyLimit,
            Some(Failure::Error(error)) => match Exit::of_error(error) {
                Exit::Usage if ended.started => Exit::Failed,
                other => other,
            },
        }
    }
}

/// The end of a command that did not get where it should: a code, and what to say.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Stop {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Stop {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Stop::new(Exit::Usage, message)
    }

    /// The messages have been printed already.
    pub(crate) fn silent(exit: Exit) -> Self {
        Stop {
            exit,
            message: String::new(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn print(&self) {
        if !self.message.is_empty() {
            print::err(format_args!("error: {}", self.message));
        }
        if let Some(hint) = &self.hint {
            print::err(format_args!("  hint: {hint}"));
        }
    }
}

impl From<sdk::Error> for Stop {
    fn from(error: sdk::Error) -> Self {
        Stop {
            exit: Exit::of_error(&error),
            message: error.to_string(),
            hint: error.hint_text().map(str::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;
    use crate::arguments::Arguments;

    /// The rows of a document's table whose first cell is a number: that, and the second cell.
    fn table_of(document: &str) -> Vec<(i32, String)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(document);
        let text = std::fs::read_to_string(path).unwrap();
        let rows = text.lines().filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            Some((cells.next()?.parse().ok()?, cells.next()?.to_string()))
        });
        rows.collect()
    }

    #[test]
    fn every_place_tells_the_same_exit_codes() {
        let codes = Exit::ALL.map(|(exit, meaning)| (exit as i32, meaning.to_string()));
        for document in ["README.md", "docs/guide/running.md"] {
            assert_eq!(table_of(document), codes, "{document}");
        }
        let help = Arguments::command().render_help().to_string();
        for (code, meaning) in codes {
            let line = format!("  {code:>2}  {meaning}\n");
            assert!(
                format!("{help}\n").contains(&line),
                "{line} is not in\n{help}"
            );
        }
    }

    #[test]
    fn every_kind_of_error_has_its_code() {
        for (kind, code) in [
            (Kind::Config, 2),
            (Kind::Unsupported, 2),
            (Kind::NotFound, 2),
            (Kind::Auth, 4),
            (Kind::Unreachable, 4),
            (Kind::Denied, 4),
            (Kind::Conflict, 1),
            (Kind::Throttled, 1),
            (Kind::Data, 1),
            (Kind::Internal, 70),
        ] {
            let error = sdk::Error::new(kind, "x");
            assert_eq!(Exit::of_error(&error) as i32, code, "{kind:?}");
        }
        let defect = sdk::Error::internal("the rows of all do not add up");
        assert_eq!(Stop::from(defect).exit, Exit::Internal);
    }
}

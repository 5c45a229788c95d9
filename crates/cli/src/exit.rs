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

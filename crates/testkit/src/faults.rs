//! Scripts of faults: which call goes wrong, and how.

use sdk::{Error, Kind, Result, Retry};

/// A call of reader or writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Making the source ready.
    ReadyToRead,
    /// Preparing the target.
    Prepare,
    /// Reading a batch.
    Read,
    /// Telling the source that the run has ended.
    EndOfRead,
    /// Writing a batch.
    Write,
    /// Sealing a task.
    Seal,
    /// Publishing a task.
    Publish,
    /// Asking what became of a seal.
    Recover,
    /// Committing the run.
    Commit,
}

/// What the call does instead of working.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Fails without effect; worth another attempt.
    Refuse,
    /// Fails without effect, for good.
    Break,
    /// Fails without effect, by a mistake of the job.
    Mistake,
    /// Has its effect, then fails as if the connection had gone.
    LoseAnswer,
    /// Never returns.
    Hang,
    /// Panics.
    Panic,
}

/// The `nth` call of a step (from 1, counted over all tasks) goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Which call.
    pub step: Step,
    /// Which of its calls.
    pub nth: u32,
    /// How.
    pub action: Action,
}

/// The rest of a script and how often each step was called.
#[derive(Debug, Default)]
pub(crate) struct Script {
    faults: Vec<Fault>,
    calls: Vec<Step>,
}

impl Script {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        Script {
            faults: faults.to_vec(),
            calls: Vec::new(),
        }
    }

    /// Notes a call and tells how it goes wrong, if it does.
    pub(crate) fn called(&mut self, step: Step) -> Option<Action> {
        self.calls.push(step);
        let nth = self.calls.iter().filter(|call| **call == step).count() as u32;
        self.faults
            .iter()
            .find(|fault| fault.step == step && fault.nth == nth)
            .map(|fault| fault.action)
    }

    pub(crate) fn count(&self, step: Step) -> usize {
        self.calls.iter().filter(|call| **call == step).count()
    }
}

/// Runs a call under its fault, if it has one.
pub(crate) async fn under<T>(
    action: Option<Action>,
    step: Step,
    call: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let lost = || {
        Error::new(
            Kind::Unreachable,
            format!("the connection was lost during {step:?}"),
        )
        .retry(Retry::Now)
    };
    match action {
        None => call(),
        Some(Action::Refuse) => {
            Err(Error::new(Kind::Throttled, format!("{step:?} was refused")).retry(Retry::Now))
        }
        Some(Action::Break) => Err(Error::new(
            Kind::Denied,
            format!("{step:?} is not permitted"),
        )),
        Some(Action::Mistake) => Err(Error::new(Kind::Config, format!("{step:?} is wrong"))),
        Some(Action::LoseAnswer) => {
            call()?;
            Err(lost())
        }
        Some(Action::Hang) => std::future::pending().await,
        Some(Action::Panic) => panic!("{step:?} panics as the script says"),
    }
}

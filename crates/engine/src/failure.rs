//! How a run can end other than well.

use std::fmt;

/// Why a run did not finish.
#[derive(Debug)]
pub enum Failure {
    /// Something failed; the kind tells what sort of thing.
    Error(sdk::Error),
    /// More rows were dirty than the job tolerates.
    TooManyDirtyRows {
        /// Dirty rows so far.
        dirty: u64,
        /// Rows read so far.
        read: u64,
        /// The job's rule in words: `at most 10 rows`, `at most 1% of the rows`.
        limit: String,
    },
    /// Somebody asked the run to stop; it can be resumed.
    Interrupted,
}

impl From<sdk::Error> for Failure {
    fn from(error: sdk::Error) -> Self {
        Failure::Error(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Error(error) => error.fmt(f),
            Failure::TooManyDirtyRows { dirty, read, limit } => {
                write!(
                    f,
                    "{dirty} of {read} rows are dirty, the job tolerates {limit}"
                )
            }
            Failure::Interrupted => f.write_str("stopped on request"),
        }
    }
}

impl Failure {
    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Failure::Error(error) => error.hint_text(),
            Failure::TooManyDirtyRows { .. } => Some(
                "look at the reasons in the dirty-row file, then mend the source or raise `errorLimit`",
            ),
            Failure::Interrupted => None,
        }
    }

    /// Whether a run with such an error may be continued, whether or not it came to its rows.
    pub fn is_resumable(error: &sdk::Error) -> bool {
        !matches!(
            error.kind(),
            sdk::Kind::Config | sdk::Kind::Unsupported | sdk::Kind::Data
        )
    }

    /// Whether the same run may be continued rather than begun anew.
    pub(crate) fn resumable(&self) -> bool {
        match self {
            Failure::Error(error) => Failure::is_resumable(error),
            Failure::TooManyDirtyRows { .. } => false,
            Failure::Interrupted => true,
        }
    }
}

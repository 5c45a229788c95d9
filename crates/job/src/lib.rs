//! Turns the text of a job document into a typed [`Job`], or into every [`Problem`] of it at once.
//!
//! Pure data: no I/O, no clock, no async, no Arrow. Three spellings are understood (`docs/concepts/job-document.md`)
//! and made one here and nowhere else. In reading order:
//!
//! - `document`: text to tree, with places; JSON with comments
//! - `parameters`: `${…}` and `$[…]` in the strings of the tree (`docs/guide/parameters.md`)
//! - `spelling`: a DataX or DataWorks 2.0 tree to one in Longshore's own spelling
//! - `read`: that tree to the types of `job`
//! - `origins`, `problem`: back from the job to the line of the text
//! - `convert`: the tree in Longshore's own spelling, or another one, to text

mod convert;
mod document;
mod findings;
mod job;
mod nearest;
mod node;
mod origins;
mod parameters;
mod problem;
mod read;
mod secret;
mod source;
mod spelling;

pub use convert::{DatasourceNames, convert, convert_naming, export};
pub use document::{Document, Spelling};
pub use findings::Strictness;
pub use job::{
    ColumnItem, Comparison, Constant, Datasource, Digest, DirtyLimit, Effect, Job, LetterCase,
    Setting, Side, Step, Transformer,
};
pub use origins::Origins;
pub use parameters::{
    ParameterError, Parameters, ResolvedParameter, RunNumber, parse_bizdate, parse_cyctime,
};
pub use problem::{Colour, Problem, Problems, Severity};
pub use read::{Draft, Options, normalise, read_draft};
pub use secret::{has_secret, is_secret_key, written_secrets};
pub use source::Span;

//! What a connector author codes against: traits, errors, splits, secrets, typed parameters.
//!
//! Reading order: [`Column`] and the batches ([`ReadBatch`], [`Written`]) say what moves; [`Reader`],
//! [`Writer`] with [`TaskWriter`], and [`Browser`] are the contracts; [`Connector`] ties them to
//! typed configurations; [`Registry`] is the list that the engine receives.

mod batch;
mod browser;
mod calendar;
mod column;
mod connector;
mod dataset;
mod error;
mod json;
mod marks;
mod parameters;
mod reader;
mod secret;
mod split;
mod words;
mod writer;

pub use batch::{ReadBatch, RefusedRow, UnreadableRow, Written};
pub use browser::{
    BrowsedColumn, Browser, Entry, Listing, PingStage, SplitKey, TableDraft, TableWish,
};
pub use calendar::Day;
pub use column::{Column, Extension, Wire, list_names};
pub use connector::{ConfigProblems, Connector, Family, Opening, Registry, Tier};
pub use dataset::DatasetName;
pub use error::{Error, Kind, Result, Retry};
pub use json::{bytes_from_json, cell_to_json, row_to_json};
pub use marks::{ADDRESS_WITHOUT_EFFECT, WHEN_ADDING, WITHOUT_EFFECT, make_adding, without_effect};
pub use parameters::{FieldProblem, Flaw, SHORTHAND, nearest, parse, schema_of};
pub use reader::{BatchStream, ReadOptions, Reader};
pub use secret::Secret;
pub use split::{Split, Splits, State, TaskId};
pub use words::Words;
pub use writer::{Receipt, Sealed, TaskWriter, WritePlan, Writer};

//! JSON lines (<https://jsonlines.org>): one JSON object per line.
//!
//! `decode` reads rows by the names of their keys, `sample` finds names and types from the first rows,
//! `encode` writes.

mod decode;
mod encode;
mod sample;

pub(crate) use decode::{JsonRows, KeyMap};
pub(crate) use encode::JsonEncoder;
pub(crate) use sample::sample;

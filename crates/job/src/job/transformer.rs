//! DataX transformers as types.
//!
//! Owns the five row changes that DataX ships apart from Groovy code; they are read from `{"name", "parameter"}` by `read`.
//! Running them is left to the engine. The behaviour to keep is described with each variant.

use serde::{Deserialize, Serialize};

/// A change to one column of each row, in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transformer {
    /// The column read, counted from 0.
    pub column: usize,
    /// What happens to it.
    pub effect: Effect,
}

/// What a transformer does. Lengths and positions count characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// `dx_substr`: the part from `start` of at most `length`; NULL stays NULL, a start behind the end is a dirty row.
    Substring {
        /// First character, counted from 0.
        start: usize,
        /// Most characters taken.
        length: usize,
    },
    /// `dx_pad`: filled up to `length` on one side, or cut to its first `length` characters; NULL counts as empty.
    Pad {
        /// Where the padding goes.
        side: Side,
        /// Length of the result.
        length: usize,
        /// What is repeated.
        pad: String,
    },
    /// `dx_replace`: the part from `start` of `length` gives way to `text`; NULL stays NULL, a start behind the end is a dirty row.
    Replace {
        /// First character, counted from 0.
        start: usize,
        /// Characters replaced.
        length: usize,
        /// What stands there instead.
        text: String,
    },
    /// `dx_filter`: rows that match are **dropped**.
    Filter {
        /// How the column is compared.
        comparison: Comparison,
        /// With what; `None` is NULL.
        value: Option<String>,
    },
    /// `dx_digest`: the hexadecimal digest; NULL counts as empty.
    Digest {
        /// Which digest.
        digest: Digest,
        /// How the letters are written.
        letters: LetterCase,
    },
}

/// The side that is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// `l`
    Left,
    /// `r`
    Right,
}

/// The comparisons of `dx_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Comparison {
    /// `like`: the whole text matches a regular expression.
    Like,
    /// `not like`
    NotLike,
    /// `>`
    Greater,
    /// `<`
    Less,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `<=`
    LessOrEqual,
}

/// The digests of `dx_digest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Digest {
    /// `md5`
    Md5,
    /// `sha1`
    Sha1,
}

/// How the letters of a digest are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LetterCase {
    /// `toUpperCase`
    Upper,
    /// `toLowerCase`
    Lower,
}

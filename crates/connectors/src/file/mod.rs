//! Local files.

use schemars::JsonSchema;
use sdk::{Connector, Family, Tier};
use serde::Deserialize;

/// How to reach it.
#[derive(Deserialize, JsonSchema)]
struct Datasource {}

pub(crate) fn connector() -> Connector {
    Connector::new::<Datasource>(
        "file",
        "Local files",
        Family::Files,
        Tier::Unverified("not written yet"),
    )
}

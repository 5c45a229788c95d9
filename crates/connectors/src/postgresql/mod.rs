//! PostgreSQL.

use schemars::JsonSchema;
use sdk::{Connector, Family, Tier};
use serde::Deserialize;

/// How to reach it.
#[derive(Deserialize, JsonSchema)]
struct Datasource {}

pub(crate) fn connector() -> Connector {
    Connector::new::<Datasource>(
        "postgresql",
        "PostgreSQL",
        Family::Relational,
        Tier::Unverified("not written yet"),
    )
}

//! Local files: CSV, JSON lines and Parquet, read by file, byte range or row group and written under
//! temporary names that become visible at commit.
//!
//! This folder knows jobs and parameters. What bytes mean is the business of `format`, where they lie
//! is that of `store`; other file stores build on the same two.

mod browse;
mod config;
mod encode;
mod lineage;
mod names;
mod place;
mod plan;
mod read;
mod task;
mod typemap;
mod write;

use sdk::{Connector, Family, Tier};

/// The connector `file`.
pub(crate) fn connector() -> Connector {
    Connector::new::<config::Datasource>(
        "file",
        "Local files",
        Family::Files,
        Tier::Tested("the local file system"),
    )
    .aliases(&["txtfile", "localfile"])
    .words("zh", include_str!("zh.json"))
    .reader(read::open)
    .writer(write::open)
    .browser(browse::open)
    .reads(lineage::read)
    .writes(lineage::written)
}

//! MaxCompute (ODPS): tables and partitions, read and written through its Tunnel service.
//!
//! Owns what a job says about MaxCompute and how it becomes transfers; the protocol is the crate
//! `maxcompute`. Reading order: `config`, `table`, `partition` (with `filter`), then `read` with
//! `slice` and `layout`, `write` with `block` and `rows`, and `browse` with `draft`.

mod block;
mod browse;
mod config;
mod draft;
mod fault;
mod filter;
mod layout;
mod names;
mod partition;
mod read;
mod rows;
mod slice;
mod table;
mod typemap;
mod write;

use sdk::{Connector, Family, Tier};

use config::{Datasource, ReaderParameters, WriterParameters};

pub(crate) fn connector() -> Connector {
    Connector::new::<Datasource>(
        "odps",
        "MaxCompute",
        Family::Warehouse,
        Tier::Emulated("maxcompute-emulator, proven by pyodps"),
    )
    .aliases(&["maxcompute"])
    .words("zh", include_str!("zh.json"))
    .reader::<Datasource, ReaderParameters, _>(read::open)
    .writer::<Datasource, WriterParameters, _>(write::open)
    .browser::<Datasource>(browse::open)
    .reads(names::read)
    .writes(names::written)
}

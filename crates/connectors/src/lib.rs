//! Every data source we ship, one folder each, and the one list of them.

mod file;
mod format;
mod odps;
mod postgresql;
mod sql;
mod store;
mod stream;

#[doc(hidden)]
pub use postgresql::lab as postgresql_lab;

/// All connectors of this build.
pub fn registry() -> sdk::Registry {
    sdk::Registry::new(vec![
        postgresql::connector(),
        odps::connector(),
        file::connector(),
        stream::connector(),
    ])
}

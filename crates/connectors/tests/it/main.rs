//! Connectors against real stores, driven through the registry as the engine drives them.

mod drive;
mod file;
mod odps;
mod postgresql;
mod stream;

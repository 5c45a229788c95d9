//! Connectors against real stores, driven through the registry as the engine drives them.

mod conformance;
mod corpus;
mod drive;
mod file;
mod odps;
mod postgresql;
mod schemas;
mod stream;

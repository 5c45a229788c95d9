//! The wire protocol of MaxCompute (ODPS): signing, metadata over REST, bulk data over Tunnel.
//!
//! Knows nothing of jobs, mappings or dirty-row limits. The protocol is written down in `PROTOCOL.md` and `FORMATS.md`
//! beside this crate's manifest; module docs name the sections they follow.
//!
//! In reading order: [`types`], [`sign`], [`record`], [`arrow_stream`], [`compression`], [`client`].

pub mod arrow_stream;
pub mod client;
pub mod compression;
pub mod record;
pub mod sign;
pub mod types;

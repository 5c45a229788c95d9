//! Who may do what, and how secrets are kept; pure, without store and network.
//!
//! In reading order:
//!
//! - `role`: the table of rights, and who may give which role
//! - `password`, `token`, `signature`: how somebody proves who they are
//! - `allow_list`: from where they may ask
//! - `outbound`, `roots`: which hosts and folders jobs may touch
//! - `vault`, `secrets`: how passwords of datasources are kept
//!
//! `docs/security.md` says against whom, and `docs/concepts/access.md` how it looks from outside.

pub(crate) mod allow_list;
pub(crate) mod outbound;
pub(crate) mod password;
pub(crate) mod role;
pub(crate) mod roots;
pub(crate) mod secrets;
pub(crate) mod signature;
pub(crate) mod token;
pub(crate) mod vault;

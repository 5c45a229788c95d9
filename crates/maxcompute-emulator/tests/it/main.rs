//! Tests of the whole server, at its sockets.

mod faults;
mod hostile;
mod process;
mod pyodps;
mod requests;
mod restart;
mod support;
mod transfers;

//! Tests of the whole server, one binary.

//! What connectors of SQL-speaking stores share: statements that make tables.

pub(crate) mod create_table;

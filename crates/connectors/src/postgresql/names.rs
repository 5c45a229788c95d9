//! What tables are called in catalogues of lineage: `postgres://host:port` and `database.schema.table`.

use sdk::DatasetName;

use super::config::{Datasource, ReaderParameters, WriterParameters};
use super::sql::parts;
use super::url::addresses;

/// Where tables are found that are named without their schema.
const USUAL_SCHEMA: &str = "public";

/// The tables that are read; a query does not say them.
pub(super) fn read(source: &Datasource, parameters: &ReaderParameters) -> Vec<DatasetName> {
    if parameters.query_sql.is_empty() {
        of_tables(source, &parameters.table)
    } else {
        Vec::new()
    }
}

/// The table that is written.
pub(super) fn written(source: &Datasource, parameters: &WriterParameters) -> Vec<DatasetName> {
    of_tables(source, &parameters.table)
}

fn of_tables(source: &Datasource, tables: &[String]) -> Vec<DatasetName> {
    // The servers of one data source hold the same tables, so the first stands for all.
    let Some(address) = addresses(source)
        .ok()
        .and_then(|all| all.into_iter().next())
    else {
        return Vec::new();
    };
    let namespace = format!("postgres://{}:{}", address.host, address.port);
    let path = address.search_path.unwrap_or_default();
    let first = path.split(',').next().unwrap_or_default();
    let first = first.trim().trim_matches('"');
    let usual = if first.is_empty() {
        USUAL_SCHEMA
    } else {
        first
    };
    let name = |table: &String| {
        let parts = parts(table)?;
        let (schema, table) = match parts.as_slice() {
            [table] => (usual, &table.text),
            [schema, table] | [_, schema, table] => (schema.text.as_str(), &table.text),
            _ => return None,
        };
        let name = format!("{}.{schema}.{table}", address.database);
        Some(DatasetName::new(&namespace, name))
    };
    tables.iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::postgresql::connector;

    fn names(url: &str, parameter: &Value) -> Vec<String> {
        let config = json!({"jdbcUrl": url, "username": "u", "password": "p"});
        let found = connector().datasets_read(&config, parameter);
        let text = |name: &sdk::DatasetName| format!("{} {}", name.namespace, name.name);
        found.iter().map(text).collect()
    }

    #[test]
    fn tables_are_named_by_server_database_and_schema() {
        let url = "jdbc:postgresql://db.example.org/sales";
        let tables = json!({"table": ["orders", "Audit.log", "\"a.b\".\"c\"", "sales.public.x"]});
        assert_eq!(
            names(url, &tables),
            [
                "postgres://db.example.org:5432 sales.public.orders",
                "postgres://db.example.org:5432 sales.Audit.log",
                "postgres://db.example.org:5432 sales.a.b.c",
                "postgres://db.example.org:5432 sales.public.x",
            ]
        );
        let path = "jdbc:postgresql://u:p@[::1]:6000,second/sales?currentSchema=own,public";
        assert_eq!(
            names(path, &json!({"table": "t"})),
            ["postgres://::1:6000 sales.own.t"]
        );
    }

    #[test]
    fn a_query_and_a_wrong_address_name_nothing() {
        let url = "jdbc:postgresql://db.example.org/sales";
        assert!(names(url, &json!({"table": "t", "querySql": "select 1"})).is_empty());
        assert!(names("jdbc:mysql://h/d", &json!({"table": "t"})).is_empty());
    }
}

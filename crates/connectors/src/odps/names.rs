//! What tables are called in catalogues of lineage: `maxcompute://host` and `project.schema.table`.

use sdk::DatasetName;

use super::config::{Datasource, ReaderParameters, WriterParameters};

/// The schema of projects that have no others.
const USUAL_SCHEMA: &str = "default";

pub(super) fn read(source: &Datasource, parameters: &ReaderParameters) -> Vec<DatasetName> {
    of_table(source, &parameters.table)
}

pub(super) fn written(source: &Datasource, parameters: &WriterParameters) -> Vec<DatasetName> {
    of_table(source, &parameters.table)
}

fn of_table(source: &Datasource, table: &str) -> Vec<DatasetName> {
    let endpoint = &source.endpoint;
    let rest = endpoint
        .split_once("://")
        .map_or(&**endpoint, |both| both.1);
    let host = rest.split('/').next().unwrap_or(rest);
    let project = &source.project;
    let schema = source.schema.as_deref().unwrap_or(USUAL_SCHEMA);
    // A table may be written with its schema, or with project and schema.
    let name = match table.split('.').count() {
        1 => format!("{project}.{schema}.{table}"),
        2 => format!("{project}.{table}"),
        _ => table.to_string(),
    };
    vec![DatasetName::new(format!("maxcompute://{host}"), name)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::odps::connector;

    #[test]
    fn tables_are_named_by_service_project_and_schema() {
        let config = json!({
            "endpoint": "http://service.cn-hangzhou.maxcompute.aliyun.com/api", "project": "lake",
            "accessId": "id", "accessKey": "key",
        });
        let name = |parameter| {
            let found = connector().datasets_written(&config, &parameter);
            format!("{} {}", found[0].namespace, found[0].name)
        };
        let service = "maxcompute://service.cn-hangzhou.maxcompute.aliyun.com";
        assert_eq!(
            name(json!({"table": "orders", "column": ["*"], "truncate": true})),
            format!("{service} lake.default.orders")
        );
        assert_eq!(
            name(json!({"table": "raw.orders", "column": ["*"], "truncate": false})),
            format!("{service} lake.raw.orders")
        );
    }
}

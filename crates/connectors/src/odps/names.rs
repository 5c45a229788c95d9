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
    let name = format!("{project}.{schema}.{table}");
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
        let parameter = json!({"table": "orders", "column": ["*"], "truncate": true});
        let found = connector().datasets_written(&config, &parameter);
        assert_eq!(
            (found[0].namespace.as_str(), found[0].name.as_str()),
            (
                "maxcompute://service.cn-hangzhou.maxcompute.aliyun.com",
                "lake.default.orders"
            )
        );
    }
}

//! What files are called in catalogues of lineage: `file` and their path.

use std::path::Path;

use sdk::DatasetName;

use super::config::{Datasource, ReaderParameters, WriterParameters};

const NAMESPACE: &str = "file";

/// The files, folders and patterns that are read.
pub(super) fn read(source: &Datasource, parameters: &ReaderParameters) -> Vec<DatasetName> {
    let name = |path: &String| named(source, Path::new(path));
    parameters.path.iter().map(name).collect()
}

/// The file that is written, or what the names of several begin with.
pub(super) fn written(source: &Datasource, parameters: &WriterParameters) -> Vec<DatasetName> {
    let path = Path::new(&parameters.path).join(&parameters.file_name);
    vec![named(source, &path)]
}

fn named(source: &Datasource, path: &Path) -> DatasetName {
    let path = match &source.root {
        Some(root) => root.join(path),
        None => path.to_path_buf(),
    };
    DatasetName::new(NAMESPACE, path.display().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::file::connector;

    #[test]
    fn files_are_named_by_their_path() {
        let config = json!({"root": "/data"});
        let read = connector().datasets_read(&config, &json!({"path": ["in/*.csv", "/data/x"]}));
        let names: Vec<_> = read.iter().map(|name| name.name.as_str()).collect();
        assert_eq!(names, ["/data/in/*.csv", "/data/x"]);
        let parameter = json!({"path": "out", "fileName": "orders.csv"});
        let written = connector().datasets_written(&config, &parameter);
        assert_eq!(
            (&*written[0].namespace, &*written[0].name),
            ("file", "/data/out/orders.csv")
        );
    }
}

//! What a table or file is called outside of Longshore.

/// A dataset as catalogues of lineage know it, by the naming rules of OpenLineage: the namespace is the
/// store, the name is the path in it. <https://openlineage.io/docs/spec/naming>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetName {
    /// The store, `postgres://db.example.org:5432`.
    pub namespace: String,
    /// The path in it, `sales.public.orders`.
    pub name: String,
}

impl DatasetName {
    /// A name in a namespace.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        DatasetName {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

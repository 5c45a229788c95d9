//! Metadata: the project, its tables, their partitions, and where Tunnel is.
//!
//! Owns the requests of `PROTOCOL.md`, sections 1.1 and 4; the documents are in [`super::xml`].

use reqwest::{Method, Url};
use serde::Deserialize;

use super::Client;
use super::error::{Error, ErrorClass};
use super::http::{Call, Service};
use super::xml::{self, PartitionList, ProjectDocument, TableDocument, TableList};
use crate::types::{PartitionSpec, TableSchema};

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Name in lower case.
    pub name: String,
    /// Account that owns it.
    pub owner: String,
}

/// A part of a list, and where the next part begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Pass it to get the next page; `None` on the last one.
    pub marker: Option<String>,
}

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// Rows kept by the service.
    Managed,
    /// Rows kept elsewhere.
    External,
    /// A query under a name; Tunnel cannot read it.
    View,
    /// A query with its stored result.
    MaterializedView,
    /// Anything newer.
    Other,
}

/// A table in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    /// Name in lower case.
    pub name: String,
    /// What it is.
    pub kind: TableKind,
}

/// A table with its columns and properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name in lower case.
    pub name: String,
    /// Data columns and partition keys.
    pub schema: TableSchema,
    /// What it is.
    pub kind: TableKind,
    /// Key of a transactional table; with one, plain Tunnel transfers are refused.
    pub primary_key: Vec<String>,
}

/// The properties in the schema document that mark special tables.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Marks {
    is_virtual_view: bool,
    is_materialized_view: bool,
    is_external: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Extended {
    reserved: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Reserved {
    primary_key: Vec<String>,
}

impl Client {
    /// The project; also the cheapest test of endpoint and credentials.
    pub async fn project(&self) -> Result<Project, Error> {
        let call = Call::new(Service::Rest, Method::GET, &[]);
        let document: ProjectDocument = xml::read("the project", &self.answer(&call).await?.text)?;
        Ok(Project {
            name: document.name,
            owner: document.owner,
        })
    }

    /// Tables in the order of their names, page by page.
    pub async fn tables(
        &self,
        marker: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Page<TableEntry>, Error> {
        let call = Call::new(Service::Rest, Method::GET, &["tables"])
            .parameter("expectmarker", "true")
            .optional("marker", marker)
            .optional("maxitems", limit.map(|limit| limit.to_string()));
        let list: TableList = xml::read("tables", &self.answer(&call).await?.text)?;
        let items = list.table.into_iter().map(|item| TableEntry {
            name: item.name,
            kind: kind_of(&item.r#type),
        });
        Ok(Page {
            items: items.collect(),
            marker: list.marker.filter(|marker| !marker.is_empty()),
        })
    }

    /// A table with all that decides how it can be read and written.
    pub async fn table(&self, name: &str) -> Result<Table, Error> {
        let call = Call::new(Service::Rest, Method::GET, &["tables", name]);
        let document = self.answer(&call).await?.text;
        let extended = self.answer(&call.flag("extended")).await?.text;
        read_table(name, &document, &extended)
    }

    /// All partitions of a table, keys in declared order.
    pub async fn partitions(&self, table: &str) -> Result<Vec<PartitionSpec>, Error> {
        let mut partitions = Vec::new();
        let mut marker = None;
        loop {
            let call = Call::new(Service::Rest, Method::GET, &["tables", table])
                .flag("partitions")
                .parameter("expectmarker", "true")
                .optional("marker", marker.clone());
            let page = read_partitions(&self.answer(&call).await?.text)?;
            partitions.extend(page.items);
            // A marker that stays would be asked for again without end.
            if page.marker.is_none() || page.marker == marker {
                return Ok(partitions);
            }
            marker = page.marker;
        }
    }

    /// Whether a partition exists.
    pub async fn partition_exists(
        &self,
        table: &str,
        partition: &PartitionSpec,
    ) -> Result<bool, Error> {
        let call = Call::new(Service::Rest, Method::GET, &["tables", table])
            .parameter("partition", partition.to_sql());
        match self.answer(&call).await {
            Ok(_) => Ok(true),
            // A missing table or project is another matter than a missing partition.
            Err(error)
                if error.class() == ErrorClass::NotFound
                    && !matches!(error.code(), "NoSuchTable" | "NoSuchProject") =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// The base URL of Tunnel, asked once unless it was given.
    pub async fn tunnel_endpoint(&self) -> Result<Url, Error> {
        if let Some(url) = &self.inner.endpoint.tunnel {
            return Ok(url.clone());
        }
        let url = self
            .inner
            .tunnel
            .get_or_try_init(|| self.ask_tunnel_endpoint());
        url.await.cloned()
    }

    async fn ask_tunnel_endpoint(&self) -> Result<Url, Error> {
        let call = Call::new(Service::Rest, Method::GET, &["tunnel"])
            .flag("service")
            .optional("quotaName", self.inner.endpoint.quota.as_deref());
        let host = self.rest_answer(&call).await?.text;
        tunnel_url(&self.inner.endpoint.rest, &host)
    }
}

fn tunnel_url(rest: &Url, host: &str) -> Result<Url, Error> {
    let text = format!("{}://{}", rest.scheme(), host.trim());
    match Url::parse(&text) {
        Ok(url) if !host.trim().is_empty() => Ok(url),
        _ => Err(Error::new(
            ErrorClass::Protocol,
            format!("the service named `{}` as Tunnel endpoint", host.trim()),
        )),
    }
}

fn kind_of(r#type: &str) -> TableKind {
    match r#type {
        "MANAGED_TABLE" | "" => TableKind::Managed,
        "EXTERNAL_TABLE" => TableKind::External,
        "VIRTUAL_VIEW" => TableKind::View,
        "MATERIALIZED_VIEW" => TableKind::MaterializedView,
        _ => TableKind::Other,
    }
}

fn read_table(name: &str, document: &str, extended: &str) -> Result<Table, Error> {
    let what = format!("table `{name}`");
    let wrong = |error: serde_json::Error| {
        Error::new(
            ErrorClass::Protocol,
            format!("the schema of {what} cannot be read: {error}"),
        )
    };
    let document: TableDocument = xml::read(&what, document)?;
    let schema: TableSchema = serde_json::from_str(&document.schema.text).map_err(wrong)?;
    let marks: Marks = serde_json::from_str(&document.schema.text).map_err(wrong)?;
    let extended: TableDocument = xml::read(&what, extended)?;
    // Properties that cannot be read mark nothing; the service itself refuses what does not fit.
    let extended: Extended = serde_json::from_str(&extended.schema.text).unwrap_or_default();
    let reserved = extended.reserved.unwrap_or_default();
    let reserved: Reserved = serde_json::from_str(&reserved).unwrap_or_default();
    let kind = match kind_of(&document.r#type) {
        TableKind::Managed if marks.is_virtual_view => TableKind::View,
        TableKind::Managed if marks.is_materialized_view => TableKind::MaterializedView,
        TableKind::Managed if marks.is_external => TableKind::External,
        kind => kind,
    };
    Ok(Table {
        name: if document.name.is_empty() {
            name.to_owned()
        } else {
            document.name
        },
        schema,
        kind,
        primary_key: reserved.primary_key,
    })
}

fn read_partitions(document: &str) -> Result<Page<PartitionSpec>, Error> {
    let list: PartitionList = xml::read("partitions", document)?;
    let mut items = Vec::with_capacity(list.partition.len());
    for item in list.partition {
        let keys = item.column.into_iter().map(|key| (key.name, key.value));
        let spec = PartitionSpec::new(keys).map_err(|error| {
            Error::new(ErrorClass::Protocol, "a partition cannot be read").with_source(error)
        })?;
        items.push(spec);
    }
    Ok(Page {
        items,
        marker: list.marker.filter(|marker| !marker.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_their_marks() {
        let document = r#"<?xml version="1.0"?><Table><Name>t1</Name><TableId>0a</TableId>
            <Schema format="Json"><![CDATA[{"tableName":"t1","isVirtualView":false,"recordNum":-1,
            "columns":[{"name":"id","type":"bigint","comment":"","label":"","isNullable":true,"defaultValue":null}],
            "partitionKeys":[{"name":"pt","type":"string","isNullable":true}]}]]></Schema>
            <Comment/><Owner>me</Owner><Type>MANAGED_TABLE</Type></Table>"#;
        let extended = r#"<Table><Schema format="Json"><![CDATA[{"IsArchived":false,"PhysicalSize":1,
            "Reserved":"{\"Transactional\":\"true\",\"PrimaryKey\":[\"id\"]}"}]]></Schema></Table>"#;
        let table = read_table("t1", document, extended).unwrap();
        assert_eq!(table.kind, TableKind::Managed);
        assert_eq!(table.primary_key, ["id"]);
        assert!(table.schema.is_partitioned());

        let view = document.replace("\"isVirtualView\":false", "\"isVirtualView\":true");
        let plain = r#"<Table><Schema format="Json">{}</Schema></Table>"#;
        let table = read_table("t1", &view, plain).unwrap();
        assert_eq!(table.kind, TableKind::View);
        assert!(table.primary_key.is_empty());

        let vector = document.replace("bigint", "vector");
        let error = read_table("t1", &vector, plain).unwrap_err();
        assert!(error.message().contains("column `id`"), "{error}");
        assert!(read_table("t1", "<html/>", plain).is_err());
    }

    #[test]
    fn pages_of_partitions_are_read() {
        let document = r#"<Partitions><Partition><Column Name="pt" Value="a&amp;b"/><Column Name="hh" Value="07"/>
            <CreationTime>1704164645</CreationTime><PartitionSize>-1</PartitionSize>
            <PartitionRecordCount>5</PartitionRecordCount></Partition>
            <Partition><Column Name="pt" Value="c"/><Column Name="hh" Value="08"/></Partition>
            <Marker>next</Marker><MaxItems>2</MaxItems></Partitions>"#;
        let page = read_partitions(document).unwrap();
        assert_eq!(page.marker.as_deref(), Some("next"));
        assert_eq!(page.items.len(), 2);
        assert_eq!(page.items[0].to_string(), "pt=a&b,hh=07");
        let empty = "<Partitions><Marker/><MaxItems>1000</MaxItems></Partitions>";
        let page = read_partitions(empty).unwrap();
        assert_eq!((page.items, page.marker), (Vec::new(), None));
    }

    #[test]
    fn tunnel_takes_the_scheme_of_the_rest_service() {
        let rest = Url::parse("https://service.example/api").unwrap();
        assert_eq!(
            tunnel_url(&rest, "dt.example:8443\n").unwrap().as_str(),
            "https://dt.example:8443/"
        );
        assert!(tunnel_url(&rest, "").is_err());
        assert!(tunnel_url(&rest, "<html>").is_err());
    }
}

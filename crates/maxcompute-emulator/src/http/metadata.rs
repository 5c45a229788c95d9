//! Projects, tables and partitions as the REST service describes them (section 4 of the protocol).

use serde_json::{Map, Value, json};

use super::reply::{Failure, Reply};
use super::xml::{cdata, escape};
use super::{App, Call};
use crate::clock::date_text;
use crate::names::{Spec, parse_spec, split_name};
use crate::sql::{self, Query};
use crate::store::{Definition, Snapshot, TableKind};

pub(crate) const OWNER: &str = "ALIYUN$emulator";
const PAGE_ITEMS: usize = 1000;
const HEAD_ROWS: u64 = 10_000;

fn project_element(app: &App) -> String {
    format!(
        "<Project><Name>{}</Name><Type>managed</Type><Comment/><Owner>{OWNER}</Owner>\
         <State>AVAILABLE</State><Properties><Property><Name>odps.sql.type.system.odps2</Name>\
         <Value>true</Value></Property></Properties></Project>",
        escape(app.store.project())
    )
}

pub(super) fn projects(app: &App) -> Reply {
    Reply::xml(format!(
        "<Projects>{}<Marker/><MaxItems>{PAGE_ITEMS}</MaxItems></Projects>",
        project_element(app)
    ))
}

pub(super) fn project(app: &App) -> Reply {
    let created = date_text(app.store.created());
    Reply::xml(project_element(app))
        .with_header("x-odps-owner", OWNER.to_owned())
        .with_header("x-odps-creation-time", created.clone())
        .with_header("last-modified", created)
}

/// Tunnel answers where REST does: the client's own idea of this host is the right one for it.
pub(super) fn tunnel_address(call: &Call) -> Result<Reply, Failure> {
    let host = call
        .header("host")
        .ok_or_else(|| Failure::bad_request("InvalidArgument", "the request has no Host header"))?;
    Ok(Reply::plain(host.to_owned()))
}

fn page_items(call: &Call) -> usize {
    let asked = call
        .parameter("maxitems")
        .and_then(|text| text.parse().ok());
    asked.unwrap_or(PAGE_ITEMS).clamp(1, PAGE_ITEMS)
}

pub(super) fn tables(app: &App, call: &Call) -> Reply {
    let prefix = call.parameter("name").unwrap_or_default().to_lowercase();
    let after = call.parameter("marker").unwrap_or_default();
    let wanted_type = call.parameter("type").filter(|word| !word.is_empty());
    let wanted_owner = call.parameter("owner").unwrap_or(OWNER);
    let limit = page_items(call);
    let mut list = String::new();
    let mut marker = String::new();
    let mut count = 0;
    for table in app.store.tables() {
        let definition = table.definition();
        let (schema, name) = split_name(&definition.name);
        let kind = definition.kind.word();
        if schema != call.schema.as_deref()
            || !name.starts_with(&prefix)
            || (!after.is_empty() && name <= after)
            || wanted_type.is_some_and(|wanted| wanted != kind)
            || wanted_owner != OWNER
        {
            continue;
        }
        if count == limit {
            break;
        }
        count += 1;
        list.push_str(&format!(
            "<Table><Name>{}</Name><Owner>{OWNER}</Owner><Type>{kind}</Type></Table>",
            escape(name)
        ));
        name.clone_into(&mut marker);
    }
    if count < limit {
        marker.clear();
    }
    Reply::xml(format!(
        "<Tables>{list}<Marker>{}</Marker><MaxItems>{limit}</MaxItems></Tables>",
        escape(&marker)
    ))
}

/// Newest change, bytes and rows of a whole table.
struct Totals {
    modified: i64,
    byte_count: u64,
    row_count: u64,
    file_count: usize,
}

fn totals<'a>(definition: &Definition, parts: impl Iterator<Item = &'a Snapshot>) -> Totals {
    let mut totals = Totals {
        modified: definition.changed,
        byte_count: 0,
        row_count: 0,
        file_count: 0,
    };
    for part in parts {
        totals.modified = totals.modified.max(part.modified);
        totals.byte_count += part.byte_count();
        totals.row_count += part.row_count();
        totals.file_count += part.segments.len();
    }
    totals
}

pub(super) fn table(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = app.store.table(call.name())?;
    let definition = table.definition();
    let parts = table.snapshots()?;
    let totals = totals(&definition, parts.iter().map(|(_, part)| part));
    let schema = json!({
        "tableName": definition.own_name(),
        "comment": definition.comment,
        "owner": OWNER,
        "createTime": definition.created,
        "lastDDLTime": definition.changed,
        "lastModifiedTime": totals.modified,
        "lastAccessTime": 0,
        "isVirtualView": definition.kind == TableKind::View,
        "isMaterializedView": definition.kind == TableKind::MaterializedView,
        "isExternal": definition.kind == TableKind::External,
        "viewText": "",
        "lifecycle": definition.lifecycle_days.map_or(-1, i64::from),
        "hubLifecycle": -1,
        "size": totals.byte_count,
        "recordNum": totals.row_count,
        "tableLabel": "0",
        "shardExist": false,
        "shardInfo": "",
    });
    let schema = with_columns(schema, &definition)?;
    Ok(Reply::xml(format!(
        "<Table><Name>{name}</Name><TableId>{id}</TableId><Schema format=\"Json\">{schema}</Schema>\
         <Comment>{comment}</Comment><Owner>{OWNER}</Owner><Project>{project}</Project><TableLabel/>\
         <CreationTime>{created}</CreationTime><LastModifiedTime>{modified}</LastModifiedTime>\
         <Type>{kind}</Type></Table>",
        kind = definition.kind.word(),
        name = escape(definition.own_name()),
        id = definition.id,
        schema = cdata(&schema.to_string()),
        comment = escape(&definition.comment),
        project = escape(app.store.project()),
        created = date_text(definition.created),
        modified = date_text(totals.modified),
    )))
}

/// Puts the keys `columns` and `partitionKeys` behind the others.
fn with_columns(mut document: Value, definition: &Definition) -> Result<Value, Failure> {
    let schema = serde_json::to_value(&definition.schema)
        .map_err(|error| Failure::internal(format!("the schema cannot be written: {error}")))?;
    if let (Value::Object(target), Value::Object(source)) = (&mut document, schema) {
        target.extend(source);
    }
    Ok(document)
}

fn reserved(definition: &Definition) -> String {
    let transactional = definition
        .properties
        .get("transactional")
        .map_or("false", String::as_str);
    let mut reserved = Map::new();
    reserved.insert("schema_version".to_owned(), "0".into());
    reserved.insert(
        "Transactional".to_owned(),
        transactional.to_ascii_lowercase().into(),
    );
    if definition.has_primary_key() {
        reserved.insert(
            "PrimaryKey".to_owned(),
            definition.primary_key.clone().into(),
        );
    }
    Value::Object(reserved).to_string()
}

pub(super) fn extended(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = app.store.table(call.name())?;
    let definition = table.definition();
    let parts = table.snapshots()?;
    let totals = totals(&definition, parts.iter().map(|(_, part)| part));
    let schema = json!({
        "IsArchived": false,
        "PhysicalSize": totals.byte_count,
        "FileNum": totals.file_count,
        "location": "",
        "storageHandler": "",
        "resources": "",
        "Reserved": reserved(&definition),
    });
    Ok(Reply::xml(format!(
        "<Table><Name>{}</Name><Schema format=\"Json\">{}</Schema></Table>",
        escape(definition.own_name()),
        cdata(&schema.to_string())
    )))
}

pub(super) fn partitions(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = app.store.table(call.name())?;
    let definition = table.definition();
    let keys = &definition.schema.partition_keys;
    if keys.is_empty() {
        return Err(Failure::bad_request(
            "InvalidArgument",
            "the table is not partitioned",
        ));
    }
    let invalid = |reason: String| Failure::bad_request("InvalidPartitionSpec", reason);
    let pairs = parse_spec(call.parameter("partition").unwrap_or_default())
        .map_err(|error| invalid(error.to_string()))?;
    let prefix = Spec::prefix(&pairs, keys).map_err(|error| invalid(error.to_string()))?;
    let after = match call.parameter("marker").filter(|marker| !marker.is_empty()) {
        Some(marker) => Some(Spec::from_values(
            serde_json::from_str(marker).map_err(|_| invalid("the marker is not ours".into()))?,
        )),
        None => None,
    };
    let mut found = table.snapshots()?;
    if call.is_set("reverse") {
        found.reverse();
    }
    let limit = page_items(call);
    let mut list = String::new();
    let mut marker = String::new();
    let mut count = 0;
    let mut before_page = after.is_some();
    for (spec, part) in &found {
        if before_page {
            let passed = after.as_ref().is_some_and(|after| {
                if call.is_set("reverse") {
                    spec <= after
                } else {
                    spec >= after
                }
            });
            before_page = !passed;
            if !passed || Some(spec) == after.as_ref() {
                continue;
            }
        }
        let matches = prefix
            .iter()
            .zip(spec.values())
            .all(|(wanted, value)| wanted.as_ref().is_none_or(|wanted| wanted == value));
        if !matches {
            continue;
        }
        if count == limit {
            break;
        }
        count += 1;
        list.push_str("<Partition>");
        for (key, value) in keys.iter().zip(spec.values()) {
            list.push_str(&format!(
                "<Column Name=\"{}\" Value=\"{}\"/>",
                escape(&key.name),
                escape(value)
            ));
        }
        list.push_str(&format!(
            "<CreationTime>{created}</CreationTime><LastDDLTime>{created}</LastDDLTime>\
             <LastModifiedTime>{modified}</LastModifiedTime><PartitionSize>{bytes}</PartitionSize>\
             <PartitionRecordCount>{rows}</PartitionRecordCount></Partition>",
            created = part.created,
            modified = part.modified,
            bytes = part.byte_count(),
            rows = part.row_count(),
        ));
        marker = Value::from(spec.values()).to_string();
    }
    if count < limit {
        marker.clear();
    }
    Ok(Reply::xml(format!(
        "<Partitions>{list}<Marker>{}</Marker><MaxItems>{limit}</MaxItems></Partitions>",
        escape(&marker)
    )))
}

pub(super) fn partition(app: &App, call: &Call) -> Result<Reply, Failure> {
    let table = app.store.table(call.name())?;
    let part = table.snapshot(&call.partition(&table)?)?;
    let document = if call.is_set("extended") {
        json!({
            "FileNum": part.segments.len(),
            "IsArchived": false,
            "IsExstore": false,
            "LifeCycle": -1,
            "PhysicalSize": part.byte_count(),
            "Reserved": "",
        })
    } else {
        json!({
            "createTime": part.created,
            "lastDDLTime": part.created,
            "lastModifiedTime": part.modified,
            "lastAccessTime": 0,
            "partitionSize": part.byte_count(),
            "partitionRecordNum": part.row_count(),
        })
    };
    Ok(Reply::xml(format!(
        "<Partition><Schema>{}</Schema></Partition>",
        cdata(&document.to_string())
    )))
}

/// The first rows as CSV; clients without Arrow preview tables so.
pub(super) fn head(app: &App, call: &Call) -> Result<Reply, Failure> {
    let invalid = |reason: String| Failure::bad_request("InvalidArgument", reason);
    let table = app.store.table(call.name())?;
    let pairs = match call.parameter("partition").filter(|text| !text.is_empty()) {
        Some(text) => {
            table.snapshot(&call.partition(&table)?)?;
            parse_spec(text).map_err(|error| invalid(error.to_string()))?
        }
        None => Vec::new(),
    };
    let mut columns = Vec::new();
    for name in call.parameter("cols").unwrap_or_default().split(',') {
        if !name.is_empty() {
            columns.push(name.trim().to_owned());
        }
    }
    let limit = call.parameter("linenum").unwrap_or("10");
    let limit: u64 = limit
        .parse()
        .map_err(|_| invalid(format!("{limit:?} is no number of rows")))?;
    let limit = limit.min(HEAD_ROWS);
    let query = Query::head(call.name(), columns, pairs, limit);
    let text = sql::first_rows(&app.store, &query).map_err(|error| invalid(error.to_string()))?;
    Ok(Reply::plain(text))
}

//! The schema of a table as the REST and Tunnel services write it in JSON.
//!
//! Owns the two spellings: REST says `isNullable`, Tunnel says `nullable` and numbers the columns
//! in `column_id`. One written form carries all three keys, so that both kinds of client read it.

use arrow_schema::{Field, Schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Type;

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name in lower case, as the service keeps it.
    pub name: String,
    /// Type of the values.
    pub r#type: Type,
    /// Comment given by the user, often empty.
    pub comment: String,
    /// Whether the service accepts null.
    pub nullable: bool,
}

impl Column {
    /// A nullable column without comment.
    pub fn new(name: impl Into<String>, r#type: Type) -> Column {
        Column {
            name: name.into(),
            r#type,
            comment: String::new(),
            nullable: true,
        }
    }

    /// The Arrow field of this column.
    ///
    /// It is always nullable, since a value that Arrow cannot hold is read as null.
    pub fn to_arrow(&self) -> Field {
        Field::new(&self.name, self.r#type.to_arrow(), true)
    }
}

/// Data columns and partition keys of a table; the keys are not repeated among the columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSchema {
    /// The columns that are stored and travel.
    #[serde(default, serialize_with = "write_columns")]
    pub columns: Vec<Column>,
    /// The columns whose values name a partition; empty for a table without partitions.
    #[serde(default, rename = "partitionKeys", serialize_with = "write_columns")]
    pub partition_keys: Vec<Column>,
}

impl TableSchema {
    /// The Arrow schema of the data columns.
    pub fn to_arrow(&self) -> Schema {
        let fields: Vec<Field> = self.columns.iter().map(Column::to_arrow).collect();
        Schema::new(fields)
    }

    /// Whether rows live in partitions.
    pub fn is_partitioned(&self) -> bool {
        !self.partition_keys.is_empty()
    }
}

/// Every key that either service reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenColumn<'a> {
    name: &'a str,
    r#type: String,
    comment: &'a str,
    label: &'a str,
    is_nullable: bool,
    nullable: bool,
    #[serde(rename = "column_id", skip_serializing_if = "Option::is_none")]
    column_id: Option<String>,
}

fn written(column: &Column, column_id: Option<String>) -> WrittenColumn<'_> {
    WrittenColumn {
        name: &column.name,
        r#type: column.r#type.to_string(),
        comment: &column.comment,
        label: "",
        is_nullable: column.nullable,
        nullable: column.nullable,
        column_id,
    }
}

fn write_columns<S: Serializer>(columns: &[Column], serializer: S) -> Result<S::Ok, S::Error> {
    let numbered = columns.iter().enumerate();
    serializer.collect_seq(numbered.map(|(id, column)| written(column, Some(id.to_string()))))
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(self, None).serialize(serializer)
    }
}

/// Every key that either service writes; unknown keys are no error.
#[derive(Deserialize)]
struct ReadColumn {
    name: String,
    r#type: String,
    comment: Option<String>,
    nullable: Option<bool>,
    #[serde(rename = "isNullable")]
    is_nullable: Option<bool>,
}

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Column, D::Error> {
        let read = ReadColumn::deserialize(deserializer)?;
        let parsed = read
            .r#type
            .parse()
            .map_err(|error| de::Error::custom(format!("column `{}`: {error}", read.name)))?;
        Ok(Column {
            name: read.name,
            r#type: parsed,
            comment: read.comment.unwrap_or_default(),
            nullable: read.nullable.or(read.is_nullable).unwrap_or(true),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read() {
        let rest = r#"{"tableName":"t1","columns":[{"name":"id","type":"BIGINT","comment":"the id","label":"",
            "isNullable":false,"defaultValue":null}],"partitionKeys":[{"name":"pt","type":"string","isNullable":true}]}"#;
        let tunnel = r#"{"IsVirtualView":false,"columns":[{"name":"id","type":"bigint","comment":"the id",
            "nullable":false,"column_id":"0"}],"partitionKeys":[{"name":"pt","type":"string","comment":"","nullable":true,"column_id":"0"}]}"#;
        let from_rest: TableSchema = serde_json::from_str(rest).unwrap();
        let from_tunnel: TableSchema = serde_json::from_str(tunnel).unwrap();
        assert_eq!(from_rest, from_tunnel);
        assert!(!from_rest.columns[0].nullable);
        assert_eq!(from_rest.columns[0].comment, "the id");
        assert!(from_rest.is_partitioned());
    }

    #[test]
    fn written_form_has_every_key() {
        let schema = TableSchema {
            columns: vec![Column::new("a", Type::Int), Column::new("b", Type::Json)],
            partition_keys: Vec::new(),
        };
        let json = serde_json::to_value(&schema).unwrap();
        assert_eq!(json["columns"][1]["column_id"], "1");
        assert_eq!(json["columns"][1]["nullable"], true);
        assert_eq!(json["columns"][1]["isNullable"], true);
        assert_eq!(json["partitionKeys"], serde_json::json!([]));
        assert_eq!(serde_json::from_value::<TableSchema>(json).unwrap(), schema);
    }

    #[test]
    fn unsupported_type_names_its_column() {
        let text = r#"{"columns":[{"name":"where_it_is","type":"geography"}]}"#;
        let error = serde_json::from_str::<TableSchema>(text).unwrap_err();
        assert!(
            error.to_string().contains("column `where_it_is`"),
            "{error}"
        );
    }
}

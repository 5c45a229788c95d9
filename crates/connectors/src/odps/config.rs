//! Typed datasource and parameters of the MaxCompute connector.
//!
//! Owns the fields, their defaults and their help text. What needs the table at hand (partition
//! expressions, column names) is checked by `partition` and `table`.

use maxcompute::compression::Compression as Coding;
use schemars::JsonSchema;
use sdk::{Error, Kind, Secret};
use serde::{Deserialize, Serialize};

/// How to reach a MaxCompute project.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Datasource {
    /// Base address of the REST service, which normally ends in `/api`.
    #[schemars(extend("examples" = ["http://service.cn-hangzhou.maxcompute.aliyun.com/api"]))]
    pub endpoint: String,
    /// Base address of the Tunnel service. Left out, the REST service is asked for it.
    #[serde(default)]
    #[schemars(extend("examples" = ["http://dt.cn-hangzhou.maxcompute.aliyun.com"]))]
    pub tunnel_endpoint: Option<String>,
    /// The project that holds the tables.
    pub project: String,
    /// AccessKey id.
    pub access_id: String,
    /// AccessKey secret.
    pub access_key: Secret,
    /// Security token of temporary (STS) credentials.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub security_token: Secret,
    /// Region such as `cn-hangzhou`. When given, requests are signed with signature version 4.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub region: Option<String>,
    /// Schema within the project, for projects that have schemas switched on; left out, it is `default`.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub schema: Option<String>,
    /// Quota that pays for reading and writing. Left out, it is the project's own.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub quota_name: Option<String>,
}

/// Compression of the bytes that travel; the data themselves do not change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Compression {
    /// No compression, best on a local network.
    #[default]
    None,
    /// zlib, understood by every version of the service.
    Deflate,
    /// Zstandard, the best ratio for its cost.
    Zstd,
    /// Snappy, light on the processor.
    Snappy,
    /// LZ4, light on the processor.
    Lz4,
}

/// How bytes travel, the same in both directions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Travel {
    /// Compression on the network.
    #[serde(default)]
    pub compression: Compression,
    /// DataX's older switch for compression: `true` means `deflate` unless `compression` says more.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub is_compress: bool,
    /// Accepted for DataX documents without effect: the retry rules of the service are followed.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "the retry rules of the service are followed"))]
    #[expect(
        dead_code,
        reason = "the key is accepted so that DataX documents run unchanged"
    )]
    pub max_retry_time: Option<u32>,
}

impl Travel {
    /// What to put on the wire.
    pub(super) fn coding(&self) -> Coding {
        match self.compression {
            Compression::None if self.is_compress => Coding::Deflate,
            Compression::None => Coding::Raw,
            Compression::Deflate => Coding::Deflate,
            Compression::Zstd => Coding::Zstd,
            Compression::Snappy => Coding::Snappy,
            Compression::Lz4 => Coding::Lz4,
        }
    }
}

/// How a partition's rows are shared out among channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum SplitMode {
    /// Partitions are cut into ranges of rows.
    #[default]
    Record,
    /// One task reads one whole partition.
    Partition,
}

/// What to read.
// Flattening and `deny_unknown_fields` exclude each other in serde; `sdk::parse` refuses unknown keys.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false))]
pub(super) struct ReaderParameters {
    /// The table, by its own name.
    #[schemars(extend("x-ui-source" = "tables"))]
    pub table: String,
    /// Partitions to read: `pt=20240101/ds=hz`, with `*` and `?` as wildcards in values, or a filter
    /// over partition columns: `/*query*/ dt >= '20240101' and region = 'cn'`. Required for a
    /// partitioned table, forbidden for any other.
    #[serde(default)]
    #[schemars(extend("x-ui-source" = "partitions"))]
    pub partition: Vec<String>,
    /// Columns to read, partition columns among them; `*` stands for all but the partition columns.
    #[schemars(extend("x-ui-source" = "columns"))]
    pub column: Vec<String>,
    /// How the rows are shared out among channels.
    #[serde(default)]
    pub split_mode: SplitMode,
    /// Finish without rows, instead of failing, when no partition matches.
    #[serde(default)]
    pub success_on_no_partition: bool,
    /// How bytes travel.
    #[serde(flatten)]
    pub travel: Travel,
    /// Not supported, since Tunnel reads whole rows: use the job's own `filter`, or `/*query*/` in
    /// `partition` to choose partitions.
    #[serde(default, rename = "where")]
    #[schemars(extend("x-ui-advanced" = true))]
    pub predicate: Option<String>,
    /// SQL statements to run once the job begins, before its rows are counted, in this order.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql", "x-ui-advanced" = true))]
    pub pre_sql: Vec<String>,
    /// SQL statements to run after the target has been committed, in this order. They must bear
    /// repeating: a run that was killed meanwhile repeats them when it is resumed.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql", "x-ui-advanced" = true))]
    pub post_sql: Vec<String>,
    /// Accepted for DataX documents without effect: rights are those of the datasource's project.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "rights are those of the datasource's project"))]
    #[expect(
        dead_code,
        reason = "the key is accepted so that DataX documents run unchanged"
    )]
    pub package_authorized_project: Option<String>,
}

impl ReaderParameters {
    /// Refuses what can be written down but not done.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.predicate.is_some() {
            return Err(Error::new(
                Kind::Unsupported,
                format!("cannot read table `{}` with `where`: MaxCompute Tunnel has no row filter", self.table),
            )
            .hint("choose partitions with `\"partition\": \"/*query*/ …\"`, or filter the rows with the job's `filter`"));
        }
        own_name(&self.table)
    }
}

/// What to do when the reader has fewer columns than the writer's list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum MissingColumns {
    /// Refuse the job.
    #[default]
    Refuse,
    /// Write NULL into the rest of the columns, as DataX does.
    Null,
}

/// What to do with text that is longer than `maxFieldLength` bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum OverLengthRule {
    /// Leave it; a value beyond the service's own limit makes the row dirty.
    #[default]
    KeepOn,
    /// Cut it at the last whole character within the limit.
    Truncate,
    /// Write NULL instead.
    SetNull,
}

/// Where and how to write.
// As with the reader's, `sdk::parse` refuses unknown keys.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = false))]
pub(super) struct WriterParameters {
    /// The table, by its own name.
    #[schemars(extend("x-ui-source" = "tables"))]
    pub table: String,
    /// The one partition to write, down to the last level: `pt=20240101/ds=hz`. It is created if it
    /// does not exist. Required for a partitioned table, forbidden for any other.
    #[serde(default)]
    #[schemars(extend("x-ui-source" = "partitions"))]
    pub partition: Option<String>,
    /// Columns to write; columns of the table that are not listed become NULL; `*` stands for all.
    #[schemars(extend("x-ui-source" = "columns"))]
    pub column: Vec<String>,
    /// What to do when the reader has fewer columns than `column` lists.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub missing_columns: MissingColumns,
    /// `true` replaces all rows of the table or partition at the end of the job, in one step;
    /// `false` appends.
    #[schemars(extend("x-when-adding" = false))]
    pub truncate: bool,
    /// Write empty text as NULL.
    #[serde(default)]
    pub empty_as_null: bool,
    /// Encoded size of one uploaded block in MiB. Tasks that write at the same time share one and a
    /// half times this amount of memory, or 96 MiB if that is more.
    #[serde(default = "default_block_size", rename = "blockSizeInMB")]
    #[schemars(range(min = 1, max = 1024), extend("x-ui-advanced" = true))]
    pub block_size_in_mb: u32,
    /// How bytes travel.
    #[serde(flatten)]
    pub travel: Travel,
    /// SQL statements to run before the load, in this order.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql", "x-when-adding" = null))]
    pub pre_sql: Vec<String>,
    /// SQL statements to run after the rows have become visible, in this order.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql", "x-when-adding" = null))]
    pub post_sql: Vec<String>,
    /// What becomes of overlong text.
    #[serde(flatten)]
    pub long_text: LongText,
    /// Keys of DataX that change nothing here.
    #[serde(flatten)]
    pub datax: DataxKeys,
}

/// What becomes of overlong text.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LongText {
    /// What to do with text that is longer than `maxFieldLength`.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub over_length_rule: OverLengthRule,
    /// The longest text in bytes.
    #[serde(default = "default_field_length")]
    #[schemars(range(min = 1), extend("x-ui-advanced" = true))]
    pub max_field_length: u64,
}

/// Keys of DataX that change nothing here, and those of its dynamic partitions.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DataxKeys {
    /// Accepted for DataX documents without effect: rows always become visible in one step, at the end.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "rows always become visible in one step, at the end"))]
    #[expect(
        dead_code,
        reason = "the key is accepted so that DataX documents run unchanged"
    )]
    pub consistency_commit: Option<bool>,
    /// Accepted for DataX documents without effect: requests have time limits of their own.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "requests have time limits of their own"))]
    #[expect(
        dead_code,
        reason = "the key is accepted so that DataX documents run unchanged"
    )]
    pub write_timeout_in_ms: Option<u64>,
    /// Not supported yet: rows are written to the one partition that `partition` names.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub support_dynamic_partition: bool,
    /// Not supported yet, see `supportDynamicPartition`.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub partition_column_mapping: Vec<PartitionColumnMapping>,
    /// Not supported yet, see `supportDynamicPartition`.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub partition_format_type: Option<String>,
}

/// How DataX derives a partition value from a column; not supported yet.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the keys are known so that the message names what is not supported"
)]
pub(super) struct PartitionColumnMapping {
    /// The partition column.
    pub name: String,
    /// The format of the source's value.
    #[serde(default)]
    pub src_date_format: Option<String>,
    /// The format of the partition's value.
    #[serde(default)]
    pub date_format: Option<String>,
}

impl WriterParameters {
    /// Refuses what can be written down but not done.
    pub(super) fn check(&self) -> Result<(), Error> {
        let asked = [
            (
                "supportDynamicPartition",
                self.datax.support_dynamic_partition,
            ),
            (
                "partitionColumnMapping",
                !self.datax.partition_column_mapping.is_empty(),
            ),
            (
                "partitionFormatType",
                self.datax.partition_format_type.is_some(),
            ),
        ];
        if let Some((key, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            return Err(Error::new(
                Kind::Unsupported,
                format!("cannot write table `{}` with `{key}`: dynamic partitions are not supported yet", self.table),
            )
            .hint("name the one partition to write in `partition`, and run one job per partition"));
        }
        if !(1..=1024).contains(&self.block_size_in_mb) {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "`blockSizeInMB` of {} is out of range",
                    self.block_size_in_mb
                ),
            )
            .hint("write a number from 1 to 1024; 64 suits most tables"));
        }
        if self.long_text.max_field_length == 0 {
            return Err(
                Error::new(Kind::Config, "`maxFieldLength` of 0 would leave no text")
                    .hint("leave it out, or write the longest length in bytes"),
            );
        }
        own_name(&self.table)
    }
}

/// Project and schema come from the datasource, so a qualified name is most likely a mistake.
fn own_name(table: &str) -> Result<(), Error> {
    if !table.trim().is_empty() && !table.contains(['.', '/', '`', '\'']) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!("`{table}` is not the name of a table"),
    )
    .hint("write the table's own name; project and schema come from the datasource"))
}

fn default_block_size() -> u32 {
    64
}

fn default_field_length() -> u64 {
    8 << 20
}

#[cfg(test)]
mod tests {
    use sdk::parse;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn seed_writer_is_read() {
        let parameters = parse::<WriterParameters>(&json!({
            "column": ["id", "name"], "table": "hpg", "truncate": "true", "partition": "pt=20240101"
        }))
        .unwrap();
        parameters.check().unwrap();
        assert!(parameters.truncate);
        assert_eq!(parameters.partition.as_deref(), Some("pt=20240101"));
        assert_eq!(parameters.block_size_in_mb, 64);
        assert_eq!(parameters.long_text.max_field_length, 8 << 20);
        assert_eq!(parameters.travel.coding(), Coding::Raw);
    }

    #[test]
    fn flattened_keys_are_known_and_others_are_not() {
        let problems = parse::<WriterParameters>(&json!({
            "column": ["*"], "table": "t", "consistencyCommit": true, "overLengthRule": "setnull",
            "maxFieldLength": "100", "isCompress": "true", "trunkate": true
        }))
        .unwrap_err();
        let messages: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(
            messages,
            ["unknown key `trunkate`", "`truncate` is missing"]
        );
        assert_eq!(
            problems[0].hint.as_deref(),
            Some("did you mean `truncate`?")
        );

        let parameters = parse::<WriterParameters>(&json!({
            "column": "*", "table": "t", "truncate": false, "overLengthRule": "setnull", "maxFieldLength": "100",
            "isCompress": "true", "blockSizeInMB": "8"
        }))
        .unwrap();
        assert_eq!(
            parameters.long_text.over_length_rule,
            OverLengthRule::SetNull
        );
        assert_eq!(parameters.long_text.max_field_length, 100);
        assert_eq!(parameters.block_size_in_mb, 8);
        assert_eq!(parameters.travel.coding(), Coding::Deflate);
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_a_way_out() {
        let unknown =
            parse::<ReaderParameters>(&json!({"table": "t", "column": ["*"], "colum": 1}));
        assert_eq!(unknown.unwrap_err()[0].message, "unknown key `colum`");
        let reader = |more: Value| {
            let mut value = json!({"table": "t", "column": ["*"]});
            value
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            parse::<ReaderParameters>(&value).unwrap().check()
        };
        reader(json!({"where": "", "postSql": "drop table x", "partition": "pt=1"})).unwrap();
        for refused in [json!({"where": "id > 2"}), json!({"table": "p.t"})] {
            let error = reader(refused).unwrap_err();
            assert!(error.hint_text().is_some(), "{error}");
        }
        let dynamic = parse::<WriterParameters>(&json!({
            "table": "t", "column": ["*"], "truncate": true, "partitionColumnMapping": [{"name": "pt"}]
        }))
        .unwrap();
        assert_eq!(
            dynamic.check().unwrap_err().message(),
            "cannot write table `t` with `partitionColumnMapping`: dynamic partitions are not supported yet"
        );
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let datasource = parse::<Datasource>(&json!({
            "endpoint": "http://127.0.0.1/api", "project": "p", "accessId": "id",
            "accessKey": "hush", "securityToken": "hush-hush"
        }))
        .unwrap();
        assert!(!format!("{datasource:?}").contains("hush"));
    }
}

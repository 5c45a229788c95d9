//! What a user writes about PostgreSQL: the datasource, the reader's and the writer's parameters.
//! Field comments are the help text of console and reference pages.

use schemars::JsonSchema;
use sdk::Secret;
use serde::Deserialize;

/// How to reach a PostgreSQL server, or one that speaks its protocol.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Datasource {
    /// Address of the database: `jdbc:postgresql://host:port/database`. With several, the first that
    /// answers (and has the role of `targetServerType`, if that is given) is used. Known parameters behind `?` are honoured, unknown ones are an error.
    #[schemars(extend(
        "examples" = ["jdbc:postgresql://db.example.org:5432/sales"],
        "x-address-without-effect" = super::url::WITHOUT_EFFECT
    ))]
    pub(crate) jdbc_url: Vec<String>,
    /// The role to log in as.
    #[serde(default)]
    pub(crate) username: Option<String>,
    /// The role's password.
    #[serde(default)]
    pub(crate) password: Secret,
    /// Whether the connection is encrypted, and how far the server's certificate is checked. Also
    /// `sslmode` in the address; `prefer` if neither says anything.
    #[serde(default)]
    #[schemars(extend("x-ui-group" = "TLS"))]
    pub(crate) ssl_mode: Option<SslMode>,
    /// Path of a PEM file with the certificate authorities to trust; the system's if empty.
    #[serde(default)]
    #[schemars(extend("x-ui-group" = "TLS"))]
    pub(crate) ssl_root_cert: Option<String>,
    /// Path of a PEM file with the client's certificate, if the server asks for one.
    #[serde(default)]
    #[schemars(extend("x-ui-group" = "TLS"))]
    pub(crate) ssl_cert: Option<String>,
    /// Path of a PEM file with the key of the client's certificate.
    #[serde(default)]
    #[schemars(extend("x-ui-group" = "TLS"))]
    pub(crate) ssl_key: Option<String>,
    /// Seconds to wait for a connection; 10 if empty or 0.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(crate) connect_timeout_seconds: Option<u32>,
}

/// Encryption of the connection, as in libpq.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SslMode {
    /// Never encrypt.
    Disable,
    /// Encrypt if the server can; check nothing.
    Prefer,
    /// Always encrypt; check the certificate only if root certificates are given.
    Require,
    /// Encrypt, and check that a trusted authority signed the certificate.
    VerifyCa,
    /// Encrypt, and check the authority and that the certificate is for this host.
    VerifyFull,
}

/// What to read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReaderParameters {
    /// The table to read, with its schema if that is not on the search path; several of the same
    /// columns are read one after another.
    #[serde(default)]
    #[schemars(extend("x-ui-source" = "tables"))]
    pub(crate) table: Vec<String>,
    /// Columns in the order of the mapping; `*` alone means all. An item that names no column is
    /// taken as an SQL expression, such as `now()` or `address::varchar`.
    #[serde(default)]
    #[schemars(extend("x-ui-source" = "columns"))]
    pub(crate) column: Vec<String>,
    /// Condition on the rows to read, as in SQL after WHERE.
    #[serde(default, rename = "where")]
    #[schemars(extend("x-ui-widget" = "sql"))]
    pub(crate) filter: Option<String>,
    /// Column by whose values the table is cut into parts that are read at the same time: best an
    /// integer primary key. With `splitMode` `range`, other types are read in one part.
    #[serde(default)]
    #[schemars(extend("x-ui-source" = "columns"))]
    pub(crate) split_pk: Option<String>,
    /// How the table is cut.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(crate) split_mode: SplitMode,
    /// Parts per channel, so that uneven parts do not leave one channel working alone at the end. A
    /// `splitPk` without an index gives one part per channel, since each part scans the whole table.
    #[serde(default = "default_split_factor")]
    #[schemars(extend("x-ui-advanced" = true), range(min = 1, max = 100))]
    pub(crate) split_factor: u32,
    /// Read the result of this query instead of a table; `table`, `column`, `where` and `splitPk` are
    /// then not used. Several queries of the same columns are read one after another.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql"))]
    pub(crate) query_sql: Vec<String>,
    /// SQL statements to run first in every connection, such as `SET work_mem = '256MB'`.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(crate) session: Vec<String>,
    /// Queries to run once when the job begins; each must return the single value `0`, or it stops.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(crate) pre_sql: Vec<String>,
    /// Accepted from DataX documents without effect: rows are streamed by COPY.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "rows are streamed by COPY"))]
    #[expect(dead_code, reason = "accepted so that DataX documents run unchanged")]
    pub(crate) fetch_size: Option<u64>,
    /// Accepted from DataX documents without effect: the server converts all text to UTF-8.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "the server converts all text to UTF-8"))]
    #[expect(dead_code, reason = "accepted so that DataX documents run unchanged")]
    pub(crate) mandatory_encoding: Option<String>,
    /// Accepted from DataX documents without effect: it concerns MySQL replicas.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "it concerns replicas of MySQL"))]
    #[expect(dead_code, reason = "accepted so that DataX documents run unchanged")]
    pub(crate) check_slave: Option<bool>,
}

fn default_split_factor() -> u32 {
    5
}

/// How a table is cut into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SplitMode {
    /// Ranges of an integer `splitPk`; anything else is one part.
    #[default]
    Range,
    /// Also number, text, bytea, UUID, date and time keys by quantiles, and tables without a usable
    /// key by their blocks on disk (PostgreSQL 14 and later).
    Auto,
}

/// What to write.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WriterParameters {
    /// The table to write to, with its schema if that is not on the search path.
    #[schemars(extend("x-ui-source" = "tables"))]
    pub(crate) table: Vec<String>,
    /// Columns in the order of the mapping; `*` alone or nothing means all that can be written.
    #[serde(default)]
    #[schemars(extend("x-ui-source" = "columns"))]
    pub(crate) column: Vec<String>,
    /// SQL statements to run once before the first row; `@table` stands for the table.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql", "x-when-adding" = null))]
    pub(crate) pre_sql: Vec<String>,
    /// SQL statements to run once after the last row; `@table` stands for the table. If the job is
    /// killed or its connection breaks while they run, all of them run again.
    #[serde(default)]
    #[schemars(extend("x-ui-widget" = "sql", "x-when-adding" = null))]
    pub(crate) post_sql: Vec<String>,
    /// What happens to a row whose key is already there. `insert`: it is a dirty row. `copy`: the
    /// job fails; no row is examined one by one. `update` (also `upsert`, `replace`): it replaces
    /// the columns of the row there. `ignore`: the row there stays. `update(a,b)` names the key.
    #[serde(default)]
    #[schemars(with = "String", extend("examples" = ["insert", "copy", "update", "ignore"]))]
    pub(crate) write_mode: WriteMode,
    /// The key of `update` and `ignore`: the columns of a unique index; the primary key if empty.
    #[serde(default)]
    pub(crate) conflict_key: Vec<String>,
    /// SQL statements to run first in every connection.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(crate) session: Vec<String>,
    /// Accepted from DataX documents without effect: rows are sent by COPY in larger portions.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "rows are sent by COPY in portions of its own"))]
    #[expect(dead_code, reason = "accepted so that DataX documents run unchanged")]
    pub(crate) batch_size: Option<u64>,
    /// Accepted from DataX documents without effect: rows are sent by COPY in larger portions.
    #[serde(default)]
    #[schemars(extend("x-ui-advanced" = true, "x-without-effect" = "rows are sent by COPY in portions of its own"))]
    #[expect(dead_code, reason = "accepted so that DataX documents run unchanged")]
    pub(crate) batch_byte_size: Option<u64>,
    /// Whether empty text becomes NULL where the column is a number, as in DataX; otherwise its row is
    /// dirty.
    #[serde(default = "default_empty_as_null")]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(crate) empty_as_null: bool,
}

fn default_empty_as_null() -> bool {
    true
}

/// What happens to a row whose key is already there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum WriteMode {
    #[default]
    Insert,
    Copy,
    /// With the key, if the mode names one as in `update(a,b)`.
    Update(Vec<String>),
    Ignore(Vec<String>),
}

impl TryFrom<String> for WriteMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        let (name, key) = match text.split_once('(') {
            Some((name, rest)) => {
                let inner = rest
                    .strip_suffix(')')
                    .ok_or_else(|| format!("`writeMode` `{text}` lacks its closing parenthesis"))?;
                let key = inner
                    .split(',')
                    .map(|column| column.trim().to_string())
                    .filter(|column| !column.is_empty())
                    .collect();
                (name.trim(), key)
            }
            None => (text, Vec::new()),
        };
        match (name.to_ascii_lowercase().as_str(), key) {
            ("" | "insert", key) if key.is_empty() => Ok(WriteMode::Insert),
            ("copy", key) if key.is_empty() => Ok(WriteMode::Copy),
            ("update" | "upsert" | "replace", key) => Ok(WriteMode::Update(key)),
            ("ignore" | "insert ignore", key) => Ok(WriteMode::Ignore(key)),
            _ => Err(format!(
                "`writeMode` cannot be `{text}`; possible values are `insert`, `copy`, `update`, \
                 `update(column, …)` and `ignore`"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn write_modes_are_read_in_every_spelling() {
        let mode = |text: &str| WriteMode::try_from(text.to_string());
        let key = || vec!["a".to_string(), "b".to_string()];
        assert_eq!(mode("Insert"), Ok(WriteMode::Insert));
        assert_eq!(mode("copy"), Ok(WriteMode::Copy));
        assert_eq!(mode("update(a, b)"), Ok(WriteMode::Update(key())));
        assert_eq!(mode("REPLACE"), Ok(WriteMode::Update(Vec::new())));
        assert_eq!(mode("ignore(a,b)"), Ok(WriteMode::Ignore(key())));
        assert!(mode("insert(a)").is_err());
        assert!(mode("merge").is_err());
        assert!(mode("update(a").is_err());
    }
}

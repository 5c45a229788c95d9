//! The datasource and the parameters of jobs, and their translation into the terms of `format`.

use std::path::PathBuf;

use schemars::JsonSchema;
use sdk::{Error, Kind, Result};
use serde::Deserialize;

use crate::format::FileFormat;
use crate::format::csv::{Dialect, NullRule, delimiter_of, single_byte};
use crate::format::encoding::Encoding;
use crate::format::layout::{ColumnEntry, needs_names};
use crate::store::Compress;

/// Files on the machine that runs the job.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Datasource {
    /// The folder that all paths are relative to and must stay below. Without it, paths are relative
    /// to the working folder and may point anywhere.
    #[serde(default)]
    pub(super) root: Option<PathBuf>,
}

/// What to read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReaderParameters {
    /// Files, folders (all files in and below them) and patterns such as `2024-*/part-*.csv`.
    pub(super) path: Vec<String>,
    /// The columns: names, `["*"]` for all, or objects with `index`, `name`, `type` and `format`.
    #[serde(default)]
    pub(super) column: Vec<ColumnEntry>,
    /// The format of the files; guessed from the file name when absent, else CSV.
    #[serde(default)]
    pub(super) file_format: Option<FileFormat>,
    /// The same as `fileFormat`.
    #[serde(default)]
    pub(super) format: Option<FileFormat>,
    /// The compression of the files; told from the file name when absent.
    #[serde(default)]
    pub(super) compress: Option<Compress>,
    /// The character set of CSV and JSON files: `utf-8`, `gbk`, `gb18030`, `latin1`, `utf-16le` and
    /// others.
    #[serde(default)]
    pub(super) encoding: Option<String>,
    #[serde(flatten)]
    pub(super) text: TextParameters,
    #[serde(flatten)]
    pub(super) csv: CsvReadParameters,
}

/// How delimited files are laid out, for reading and for writing.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TextParameters {
    /// The character between fields of CSV files: when absent, a tab in files that end in `.tsv` and
    /// `,` in others; `\t` and `\u0001` may be spelled so.
    #[serde(default)]
    pub(super) field_delimiter: Option<String>,
    /// The end of a row in CSV files: `\n` when absent, which also takes `\r\n` when reading.
    #[serde(default)]
    pub(super) line_delimiter: Option<String>,
    /// The character around CSV fields that hold delimiters: `"` when absent, `none` for no quoting.
    #[serde(default)]
    pub(super) quote: Option<String>,
    /// The character in front of a quote inside a quoted field: the quote itself when absent.
    #[serde(default)]
    pub(super) escape: Option<String>,
    /// The text that stands for NULL in CSV files when it is not quoted. When absent, NULL is written
    /// as `\N`, and `\N` is read as NULL, and so is an empty field, unless quoting is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Described as a plain text, so that an empty one is a value and not an absent option.
    #[schemars(with = "String")]
    pub(super) null_format: Option<String>,
}

/// What only readers of delimited files can choose.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CsvReadParameters {
    /// Whether the first line of each CSV file holds the columns' names. When absent: only if a column
    /// of the job is given by name alone.
    #[serde(default)]
    pub(super) header: Option<bool>,
    /// The same as `header`, in the spelling of DataX.
    #[serde(default)]
    pub(super) skip_header: Option<bool>,
    /// Finer settings in the spelling of DataX.
    #[serde(default)]
    pub(super) csv_reader_config: Option<CsvReaderConfig>,
    /// Only this many bytes or more are cut off a file for a parallel reader.
    #[serde(default = "min_split_bytes")]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(super) min_split_bytes: u64,
    /// The longest row of a CSV or JSON file; a longer one stops the job, since it is mostly a quote
    /// that was not closed. At most 1 GiB.
    #[serde(default = "max_row_bytes")]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(super) max_row_bytes: usize,
}

fn min_split_bytes() -> u64 {
    16 << 20
}

fn max_row_bytes() -> usize {
    256 << 20
}

/// DataX's settings of its CSV parser.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CsvReaderConfig {
    /// The same as `quote`.
    #[serde(default)]
    pub(super) text_qualifier: Option<String>,
    /// Whether fields may be quoted at all.
    #[serde(default)]
    pub(super) use_text_qualifier: Option<bool>,
    /// 1: a quote is doubled inside a quoted field; 2: it has a backslash in front.
    #[serde(default)]
    pub(super) escape_mode: Option<u8>,
    /// Whether blanks around unquoted fields are dropped.
    #[serde(default)]
    pub(super) trim_whitespace: Option<bool>,
    /// No effect: empty lines are always passed over, except in files of one column.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "empty lines are always passed over, except in files of one column"))]
    #[expect(dead_code, reason = "accepted for the sake of documents that have it")]
    pub(super) skip_empty_records: Option<bool>,
    /// No effect: the length of rows is limited by `maxRowBytes`.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "the length of rows is limited by `maxRowBytes`"))]
    #[expect(dead_code, reason = "accepted for the sake of documents that have it")]
    pub(super) safety_switch: Option<bool>,
}

/// What and how to write.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WriterParameters {
    /// The folder to write to; it is made if it is missing.
    pub(super) path: String,
    /// The name of the file, or how the names begin if there are several: `orders.csv` becomes
    /// `orders-00000.csv`, `orders-00001.csv` and so on when the job has more than one task.
    #[serde(default = "file_name")]
    pub(super) file_name: String,
    /// The columns' names; all columns of the source under their own names when absent or `["*"]`.
    #[serde(default)]
    pub(super) column: Vec<String>,
    /// What happens to files of earlier runs.
    #[serde(default)]
    #[schemars(extend("x-when-adding" = "append"))]
    pub(super) write_mode: WriteMode,
    /// The format; guessed from `suffix` or `fileName` when absent, else CSV.
    #[serde(default)]
    pub(super) file_format: Option<FileFormat>,
    /// The same as `fileFormat`.
    #[serde(default)]
    pub(super) format: Option<FileFormat>,
    /// The end of the file names, such as `.csv`; follows from format and compression when absent.
    #[serde(default)]
    pub(super) suffix: Option<String>,
    /// The compression. Text files are compressed as a whole, as the end of the file name says when
    /// this is absent; Parquet files page by page, with zstd when it is absent.
    #[serde(default)]
    pub(super) compress: Option<Compress>,
    #[serde(flatten)]
    pub(super) text: TextParameters,
    #[serde(flatten)]
    pub(super) detail: WriteDetails,
}

fn file_name() -> String {
    "part".to_string()
}

/// Rarely chosen settings of a writer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WriteDetails {
    /// The first line of CSV files: `true` for the columns' names, or the list of names to write.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) header: HeaderLine,
    /// The character set of CSV and JSON files.
    #[serde(default)]
    pub(super) encoding: Option<String>,
    /// How dates and timestamps are written, as a Java pattern such as `yyyy-MM-dd HH:mm:ss`, times
    /// with a zone in UTC; ISO 8601 with all digits when absent.
    #[serde(default)]
    pub(super) date_format: Option<String>,
    /// The same as `compress`.
    #[serde(default)]
    pub(super) compression: Option<Compress>,
    /// Rows in a row group of a Parquet file.
    #[serde(default = "row_group_size")]
    #[schemars(extend("x-ui-advanced" = true))]
    pub(super) row_group_size: usize,
}

/// The first line of written CSV files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<String>")]
pub(super) enum HeaderLine {
    #[default]
    Absent,
    ColumnNames,
    Names(Vec<String>),
}

impl From<Vec<String>> for HeaderLine {
    /// A single word of a job arrives as a list of one.
    fn from(words: Vec<String>) -> Self {
        match words.as_slice() {
            [] => HeaderLine::Absent,
            [word] if word == "false" => HeaderLine::Absent,
            [word] if word == "true" => HeaderLine::ColumnNames,
            _ => HeaderLine::Names(words),
        }
    }
}

fn row_group_size() -> usize {
    1 << 20
}

/// What happens to files of earlier runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum WriteMode {
    /// The job fails if there are any.
    #[default]
    NonConflict,
    /// They stay; new files get names of their own.
    Append,
    /// They are replaced when the job commits, not before.
    Truncate,
    /// The same as truncate.
    Overwrite,
}

impl Datasource {
    /// The root as an existing folder.
    pub(super) fn checked_root(&self) -> Result<Option<PathBuf>> {
        let Some(root) = self
            .root
            .as_ref()
            .filter(|root| !root.as_os_str().is_empty())
        else {
            return Ok(None);
        };
        if root.is_dir() {
            return Ok(Some(root.clone()));
        }
        Err(Error::new(
            Kind::NotFound,
            format!(
                "the root {} of the datasource is not a folder",
                root.display()
            ),
        )
        .hint("create it, or correct `root`"))
    }
}

/// The format and encoding that both sides share.
pub(super) fn encoding(name: Option<&str>) -> Result<Encoding> {
    name.map_or(Ok(Encoding::Utf8), Encoding::named)
}

/// One value from two spellings of the same key.
pub(super) fn either<T: PartialEq + Copy>(
    first: Option<T>,
    second: Option<T>,
    names: (&str, &str),
) -> Result<Option<T>> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => Err(Error::new(
            Kind::Config,
            format!("`{}` and `{}` contradict each other", names.0, names.1),
        )
        .hint("keep one of the two")),
        (first, second) => Ok(first.or(second)),
    }
}

/// The format that the job names.
pub(super) fn named_format(
    file_format: Option<FileFormat>,
    format: Option<FileFormat>,
) -> Result<Option<FileFormat>> {
    either(file_format, format, ("fileFormat", "format"))
}

impl ReaderParameters {
    /// All columns of one file, with whatever its name says of its format.
    pub(super) fn of_file(path: &str) -> Self {
        ReaderParameters {
            path: vec![path.to_string()],
            column: Vec::new(),
            file_format: None,
            format: None,
            compress: None,
            encoding: None,
            text: TextParameters::default(),
            csv: CsvReadParameters {
                header: None,
                skip_header: None,
                csv_reader_config: None,
                min_split_bytes: min_split_bytes(),
                max_row_bytes: max_row_bytes(),
            },
        }
    }

    /// Whether the first line of CSV files is a header.
    pub(super) fn has_header(&self) -> Result<bool> {
        let named = ("header", "skipHeader");
        let said = either(self.csv.header, self.csv.skip_header, named)?;
        Ok(said.unwrap_or_else(|| needs_names(&self.column)))
    }

    /// The rules for CSV files, or for text files without quoting; `name` is that of a file.
    pub(super) fn dialect(&self, format: FileFormat, name: &str) -> Result<Dialect> {
        let mut text = self.text.clone();
        let mut trim = false;
        if let Some(config) = &self.csv.csv_reader_config {
            text.quote = text.quote.or_else(|| config.text_qualifier.clone());
            if config.use_text_qualifier == Some(false) {
                text.quote = Some("none".to_string());
            }
            match config.escape_mode {
                None | Some(1) => {}
                Some(2) => text.escape = text.escape.or_else(|| Some("\\".to_string())),
                Some(_) => {
                    return Err(Error::new(Kind::Config, "`escapeMode` must be 1 or 2"));
                }
            }
            trim = config.trim_whitespace == Some(true);
        }
        let mut dialect = text.dialect(format, name)?;
        dialect.trim = trim;
        // Without quoting an empty field can only be the empty string.
        dialect.null.empty = self.text.null_format.is_none() && dialect.quote.is_some();
        Ok(dialect)
    }
}

impl TextParameters {
    /// The rules that reading and writing share; `name` is that of a file.
    pub(super) fn dialect(&self, format: FileFormat, name: &str) -> Result<Dialect> {
        let one = |key, text: &Option<String>, default| {
            text.as_deref()
                .map_or(Ok(default), |text| single_byte(key, text))
        };
        let quote = match (self.quote.as_deref(), format) {
            (Some("none"), _) | (None, FileFormat::Text) => None,
            (Some(quote), _) => Some(single_byte("quote", quote)?),
            (None, _) => Some(b'"'),
        };
        let terminator = match self.line_delimiter.as_deref() {
            None | Some("\r\n" | "\\r\\n") => b'\n',
            Some(text) => single_byte("lineDelimiter", text)?,
        };
        let null_format = self.null_format.clone();
        Dialect {
            delimiter: one("fieldDelimiter", &self.field_delimiter, delimiter_of(name))?,
            terminator,
            quote,
            escape: one("escape", &self.escape, quote.unwrap_or(b'"'))?,
            null: NullRule {
                text: null_format.unwrap_or_else(|| "\\N".to_string()).into(),
                empty: false,
            },
            trim: false,
        }
        .checked()
    }

    /// The bytes at the end of a written row.
    pub(super) fn line_end(&self) -> Result<&'static [u8]> {
        Ok(match self.line_delimiter.as_deref() {
            None | Some("\n" | "\\n") => b"\n",
            Some("\r\n" | "\\r\\n") => b"\r\n",
            Some("\r" | "\\r") => b"\r",
            Some(_) => {
                return Err(Error::new(
                    Kind::Config,
                    "`lineDelimiter` of a writer must be `\\n`, `\\r\\n` or `\\r`",
                ));
            }
        })
    }
}

//! What to read: the job's parameters against the files that were found.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use sdk::{Column, Error, Kind, Result};

use super::config::{Datasource, ReaderParameters, encoding, named_format};
use crate::format::csv::{CsvRows, Dialect, delimiter_of};
use crate::format::encoding::Encoding;
use crate::format::json::{JsonRows, sample};
use crate::format::kind::TextKind;
use crate::format::layout::{
    self, ColumnEntry, Pick, TextColumnPlan, names_only, position_name, unknown_column, wants_all,
};
use crate::format::parquet::{ParquetFile, ParquetPlan};
use crate::format::text::Locate;
use crate::format::{FileFormat, dates};
use crate::store::{Compress, Listed, list, no_snappy, open_input, read_error, shown};

/// The longest row that offsets of 32 bits leave room for beside a batch.
const MAX_ROW_BYTES: usize = 1 << 30;

/// The parameters, checked.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) entries: Vec<ColumnEntry>,
    pub(super) format: FileFormat,
    pub(super) compress: Option<Compress>,
    pub(super) encoding: Encoding,
    pub(super) dialect: Dialect,
    pub(super) header: bool,
    pub(super) row_limit: usize,
    pub(super) min_split_bytes: u64,
}

impl Source {
    /// Checks the parameters and finds the files, whose names may tell the format.
    pub(super) fn open(
        datasource: &Datasource,
        parameters: ReaderParameters,
    ) -> Result<(Source, Vec<Listed>)> {
        let config = |message: &str| Error::new(Kind::Config, message);
        if parameters.path.is_empty() {
            return Err(config("`path` is empty").hint("name at least one file, folder or pattern"));
        }
        let root = datasource.checked_root()?;
        let files = list(root.as_deref(), &parameters.path)?;
        let format = match named_format(parameters.file_format, parameters.format)? {
            Some(format) => format,
            None => guessed_format(&files)?,
        };
        if format != FileFormat::Parquet && parameters.compress == Some(Compress::Snappy) {
            return Err(no_snappy());
        }
        if !(1024..=MAX_ROW_BYTES).contains(&parameters.csv.max_row_bytes) {
            return Err(config("`maxRowBytes` must be between 1 KiB and 1 GiB"));
        }
        let source = Source {
            format,
            compress: parameters.compress,
            encoding: encoding(parameters.encoding.as_deref())?,
            dialect: parameters.dialect(format, &name_of(files.first()))?,
            header: parameters.has_header()?,
            row_limit: parameters.csv.max_row_bytes,
            min_split_bytes: parameters.csv.min_split_bytes.max(1),
            entries: parameters.column,
        };
        Ok((source, files))
    }

    pub(super) fn compress_of(&self, file: &Listed) -> Compress {
        self.compress
            .unwrap_or_else(|| Compress::guess(&shown(&file.path)))
    }

    /// A text file from its beginning, decompressed and as UTF-8.
    pub(super) fn input(&self, file: &Listed) -> Result<Box<dyn Read + Send>> {
        let input = open_input(&file.path, self.compress_of(file))?;
        Ok(self.encoding.decode(input))
    }

    /// A byte range of a plain UTF-8 file.
    pub(super) fn range(
        &self,
        file: &Listed,
        start: u64,
        end: u64,
    ) -> Result<Box<dyn Read + Send>> {
        let error = |error| read_error(&shown(&file.path), error);
        let mut input = File::open(&file.path).map_err(error)?;
        input.seek(SeekFrom::Start(start)).map_err(error)?;
        let input = input.take(end - start);
        Ok(if start == 0 {
            Encoding::Utf8.decode(Box::new(input))
        } else {
            Box::new(input)
        })
    }

    /// What all files have in common, learnt from the first that is not empty.
    pub(super) fn plan(&self, files: &[Listed]) -> Result<Plan> {
        let first = files
            .iter()
            .find(|file| file.length > 0)
            .or(files.first())
            .ok_or_else(|| Error::new(Kind::NotFound, "there is no file to read"))?;
        match self.format {
            FileFormat::Parquet => {
                let file = self.parquet(first)?;
                Ok(Plan::Parquet(Arc::new(file.plan(&self.entries)?)))
            }
            FileFormat::Csv | FileFormat::Text => self.csv_plan(files),
            FileFormat::Json | FileFormat::Jsonl => {
                let by_sample = wants_all(&self.entries);
                let columns = if by_sample {
                    let seen = sample(&mut self.json_rows(self.input(first)?, first, 0))?;
                    if seen.good_lines == 0 && seen.broken_lines > 0 {
                        let file = shown(&first.path);
                        return Err(Error::new(
                            Kind::Data,
                            format!("no line at the beginning of {file} is a JSON object"),
                        )
                        .hint("write one object per line; a file that is one JSON value over many lines cannot be read"));
                    }
                    seen.columns
                } else {
                    layout::plan(&self.entries, false)?
                };
                if let Some(column) = columns
                    .iter()
                    .find(|column| matches!(column.pick, Pick::Index(_)))
                {
                    return Err(Error::new(
                        Kind::Config,
                        format!(
                            "column \"{}\" has an `index`, but JSON values have names only",
                            column.name
                        ),
                    )
                    .hint("give the column's `name`"));
                }
                Ok(Plan::Json {
                    columns: columns.into(),
                    strict: by_sample,
                })
            }
        }
    }

    /// Notices about columns of JSON files that no row has at the beginning of the first file: keys may
    /// be absent, so nothing else would tell that a name is mistyped.
    pub(super) fn missing_keys(&self, files: &[Listed]) -> Result<Vec<String>> {
        let is_json = matches!(self.format, FileFormat::Json | FileFormat::Jsonl);
        let Some(first) = files.iter().find(|file| file.length > 0) else {
            return Ok(Vec::new());
        };
        if !is_json || wants_all(&self.entries) {
            return Ok(Vec::new());
        }
        let seen = sample(&mut self.json_rows(self.input(first)?, first, 0))?;
        let seen: Vec<&str> = seen
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let mut notices = Vec::new();
        for column in layout::plan(&self.entries, false)? {
            let Pick::Name(name) = &column.pick else {
                continue;
            };
            if seen.contains(&name.as_str()) {
                continue;
            }
            let file = shown(&first.path);
            let near = sdk::nearest(name, seen.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            notices.push(format!(
                "no row at the beginning of {file} has the key \"{name}\", and the column is NULL without it{near}"
            ));
        }
        Ok(notices)
    }

    pub(super) fn parquet(&self, file: &Listed) -> Result<ParquetFile> {
        let name = shown(&file.path);
        let opened = File::open(&file.path).map_err(|error| read_error(&name, error))?;
        ParquetFile::open(opened, &name)
    }

    fn csv_plan(&self, files: &[Listed]) -> Result<Plan> {
        let mut head = (self.header.then(Vec::new), 0);
        let mut first = "the file".to_string();
        for file in files.iter().filter(|file| file.length > 0) {
            head = self.csv_head(file)?;
            first = shown(&file.path);
            if head.1 > 0 {
                break;
            }
        }
        let (names, width) = head;
        let all = wants_all(&self.entries);
        let columns: Vec<TextColumnPlan> = match &names {
            Some(names) if all => unique(names)
                .iter()
                .map(|name| TextColumnPlan::named(name, TextKind::Text))
                .collect(),
            None if all => (0..width)
                .map(|index| TextColumnPlan::at(index, &position_name(index)))
                .collect(),
            _ => layout::plan(&self.entries, !self.header)?,
        };
        let constants = columns
            .iter()
            .filter(|column| matches!(column.pick, Pick::Constant(_)));
        let named = columns.len() - constants.count();
        if !all && !self.header && width > 0 && names_only(&self.entries) && named != width {
            return Err(Error::new(
                Kind::Config,
                format!("the job names {named} columns, but the first row of {first} has {width} fields"),
            )
            .hint("name every column, give each its `index`, or set `header` if the first line holds the names"));
        }
        Ok(Plan::Csv {
            columns: columns.into(),
            width: (!self.header).then_some(width),
            all,
        })
    }

    /// The names in a file's header, if it has one, and the number of fields of its first row. Empty
    /// lines before it count only where rows have a single field.
    fn csv_head(&self, file: &Listed) -> Result<(Option<Vec<String>>, usize)> {
        let mut rows = self.csv_rows(self.input(file)?, file, 0);
        let blank = rows.skip_blank_lines()?;
        let Some(fields) = rows.advance()? else {
            return Ok(if self.header {
                (Some(Vec::new()), 0)
            } else {
                (None, usize::from(blank))
            });
        };
        let width = fields.len();
        Ok((self.header.then(|| fields.names()), width))
    }

    /// Takes the first line of a CSV file for names if it looks like them.
    pub(super) fn guess_header(&mut self, files: &[Listed]) -> Result<()> {
        let file = files.iter().find(|file| file.length > 0);
        if let (FileFormat::Csv | FileFormat::Text, Some(file)) = (self.format, file) {
            self.header = true;
            let (names, _) = self.csv_head(file)?;
            self.header = names.is_some_and(|names| are_names(&names));
        }
        Ok(())
    }

    /// The rows of a CSV file from a byte on.
    pub(super) fn csv_rows(
        &self,
        input: Box<dyn Read + Send>,
        file: &Listed,
        start: u64,
    ) -> CsvRows {
        let locate = self.locate(file, start);
        CsvRows::new(
            input,
            &shown(&file.path),
            &self.dialect,
            self.row_limit,
            locate,
        )
    }

    /// The lines of a JSON file from a byte on.
    pub(super) fn json_rows(
        &self,
        input: Box<dyn Read + Send>,
        file: &Listed,
        start: u64,
    ) -> JsonRows {
        let locate = self.locate(file, start);
        JsonRows::new(input, &shown(&file.path), self.row_limit, locate)
    }

    /// Names places of a split by the line in the file. For a split that begins inside the file, the
    /// lines before it are counted when the first place is asked for.
    pub(super) fn locate(&self, file: &Listed, start: u64) -> Locate {
        let path = file.path.clone();
        let line_end = match self.format {
            FileFormat::Json | FileFormat::Jsonl => b'\n',
            _ => self.dialect.terminator,
        };
        let mut before = (start == 0).then_some(0);
        Box::new(move |line| {
            let before =
                *before.get_or_insert_with(|| lines_before(&path, start, line_end).unwrap_or(0));
            format!("{} line {}", shown(&path), before + line)
        })
    }

    /// Which field of this file becomes which column, and how many fields its rows must have.
    pub(super) fn csv_picks(
        &self,
        file: &Listed,
        columns: &[TextColumnPlan],
        width: Option<usize>,
        all: bool,
    ) -> Result<(Vec<Option<usize>>, usize)> {
        let name = shown(&file.path);
        let (names, width) = match width {
            Some(width) => (None, width),
            None => self.csv_head(file)?,
        };
        if let (true, Some(names)) = (all, &names)
            && let Some(extra) = unique(names)
                .iter()
                .find(|name| columns.iter().all(|column| column.name != **name))
        {
            return Err(Error::new(
                Kind::Data,
                format!("{name} has the column \"{extra}\", which the first file lacks"),
            )
            .hint("list the columns to read, so that others are passed over"));
        }
        let names = names.map(|names| unique(&names));
        let mut picks = Vec::with_capacity(columns.len());
        for column in columns {
            picks.push(match &column.pick {
                Pick::Constant(_) => None,
                Pick::Index(index) if *index < width => Some(*index),
                Pick::Index(index) => {
                    return Err(Error::new(
                        Kind::NotFound,
                        format!("{name} has no field at index {index}, only {width} fields in its first row"),
                    )
                    .hint("correct `index`, which counts from 0, or `fieldDelimiter`"));
                }
                Pick::Name(wanted) => {
                    let names = names.as_deref().unwrap_or_default();
                    let position = layout::position_of(names, wanted);
                    Some(position.ok_or_else(|| unknown_column(wanted, names, &name))?)
                }
            });
        }
        Ok((picks, width))
    }
}

/// What is read from every file.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    Csv {
        columns: Arc<[TextColumnPlan]>,
        /// Fields per row, if no header tells.
        width: Option<usize>,
        /// Every column of the file is wanted.
        all: bool,
    },
    Json {
        columns: Arc<[TextColumnPlan]>,
        strict: bool,
    },
    Parquet(Arc<ParquetPlan>),
}

impl Plan {
    pub(super) fn columns(&self) -> Vec<Column> {
        match self {
            Plan::Csv { columns, .. } | Plan::Json { columns, .. } => {
                columns.iter().map(TextColumnPlan::column).collect()
            }
            Plan::Parquet(plan) => plan.columns.clone(),
        }
    }
}

fn name_of(file: Option<&Listed>) -> String {
    file.map(|file| shown(&file.path)).unwrap_or_default()
}

/// The format that the names of all files agree on; CSV if they say nothing.
fn guessed_format(files: &[Listed]) -> Result<FileFormat> {
    let guess = |file: &Listed| {
        let name = shown(&file.path);
        let format = FileFormat::guess(&name).unwrap_or(FileFormat::Csv);
        (format, delimiter_of(&name))
    };
    let Some(first) = files.first() else {
        return Ok(FileFormat::Csv);
    };
    match files.iter().find(|file| guess(file) != guess(first)) {
        None => Ok(guess(first).0),
        Some(other) => Err(Error::new(
            Kind::Config,
            format!(
                "{} and {} seem to be of different formats",
                shown(&first.path),
                shown(&other.path)
            ),
        )
        .hint("narrow `path` to files of one format, or set `fileFormat`")),
    }
}

/// Whether fields look like names: all are there, all differ, and none is a value of another type.
fn are_names(fields: &[String]) -> bool {
    let is_value = |field: &String| {
        field.parse::<f64>().is_ok()
            || dates::read_timestamp(field).is_some()
            || ["", "\\n", "true", "false"].contains(&field.to_ascii_lowercase().as_str())
    };
    let differing: HashSet<&String> = fields.iter().collect();
    !fields.is_empty() && differing.len() == fields.len() && !fields.iter().any(is_value)
}

/// Names as they can be told apart: fields without one get their position, repeated ones a number.
fn unique(names: &[String]) -> Vec<String> {
    let mut taken: Vec<String> = Vec::with_capacity(names.len());
    let mut seen = HashSet::new();
    for (index, name) in names.iter().enumerate() {
        let base = if name.is_empty() {
            position_name(index)
        } else {
            name.clone()
        };
        let mut candidate = base.clone();
        let mut number = 2;
        while !seen.insert(candidate.clone()) {
            candidate = format!("{base}_{number}");
            number += 1;
        }
        taken.push(candidate);
    }
    taken
}

fn lines_before(path: &Path, end: u64, line_end: u8) -> std::io::Result<u64> {
    let mut input = File::open(path)?.take(end);
    let mut buffer = vec![0; 1 << 18];
    let mut count = 0;
    loop {
        let length = input.read(&mut buffer)?;
        if length == 0 {
            return Ok(count);
        }
        count += memchr::memchr_iter(line_end, &buffer[..length]).count() as u64;
    }
}

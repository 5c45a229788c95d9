//! The lines of a dirty-row file, and the two forms that their rows have.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use sdk::{Error, Kind, ReadOptions, Result};
use serde::{Deserialize, Serialize};

use crate::dirty::{DirtyRow, Stage};

/// Which columns rows have that are fed back, and so which way they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RowForm {
    /// Those of the job's source: the whole way.
    #[default]
    Source,
    /// Those of its target: straight to it.
    Target,
}

/// Rows that somebody mended, as they come: before they are kept anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MendedRows {
    /// The forms that occur, in the order in which their runs are to be done.
    pub forms: Vec<RowForm>,
    /// How many rows there are.
    pub row_count: u64,
}

/// A line that is no dirty row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLine {
    /// From 1.
    pub number: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl MendedRows {
    /// Looks through the lines of a dirty-row file; `kept_by` is as in [`KeptRows`].
    pub fn read(text: &[u8], kept_by: RowForm) -> std::result::Result<MendedRows, BrokenLine> {
        let mut mended = MendedRows {
            forms: Vec::new(),
            row_count: 0,
        };
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return Ok(mended);
        }
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let row: DirtyRow = serde_json::from_slice(line).map_err(|error| BrokenLine {
                number: index + 1,
                reason: without_value(&error.to_string()),
            })?;
            let form = form(kept_by, row.stage);
            if !mended.forms.contains(&form) {
                mended.forms.push(form);
            }
            mended.row_count += 1;
        }
        Ok(mended)
    }
}

/// What was expected, without what was found: cells stand in no message.
fn without_value(text: &str) -> String {
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => text.to_string(),
    }
}

fn form(kept_by: RowForm, stage: Stage) -> RowForm {
    match (kept_by, stage) {
        (RowForm::Source, Stage::Read | Stage::Convert) => RowForm::Source,
        (RowForm::Source, Stage::Write) | (RowForm::Target, _) => RowForm::Target,
    }
}

/// Dirty rows as a run kept them.
#[derive(Debug, Clone)]
pub struct KeptRows {
    /// The dirty-row file.
    pub file: PathBuf,
    /// What that run read: its job's source, or rows that it fed back itself.
    pub kept_by: RowForm,
}

impl KeptRows {
    /// The forms that occur, in the order in which their runs are to be done; none in an empty file.
    pub fn forms(&self) -> Result<Vec<RowForm>> {
        let mut forms = Vec::new();
        for row in rows_of(self)? {
            let form = row?.form;
            if !forms.contains(&form) {
                forms.push(form);
            }
            if forms.len() == 2 {
                break;
            }
        }
        Ok(forms)
    }

    pub(super) fn open(&self) -> Result<File> {
        File::open(&self.file).map_err(|error| {
            let shown = self.file.display();
            Error::new(
                Kind::NotFound,
                format!("cannot read the dirty rows in {shown}"),
            )
            .hint("name a run or the dirty-row file that its report names")
            .source(error)
        })
    }
}

/// One line of a file.
pub(super) struct Line {
    row: DirtyRow,
    form: RowForm,
    /// Bytes.
    length: usize,
}

/// The rows in a file.
pub(super) fn rows_of(
    kept: &KeptRows,
) -> Result<impl Iterator<Item = Result<Line>> + Send + use<>> {
    let kept = kept.clone();
    let shown = kept.file.display().to_string();
    let file = kept.open()?;
    let lines = BufReader::new(file).lines().enumerate();
    Ok(lines.map(move |(index, line)| {
        let broken = || {
            Error::new(
                Kind::Data,
                format!("{shown} line {} is not a dirty row", index + 1),
            )
            .hint("mend the values, not the form of the lines")
        };
        let line = line.map_err(|error| broken().source(error))?;
        let row: DirtyRow = serde_json::from_str(&line).map_err(|error| broken().source(error))?;
        Ok(Line {
            form: form(kept.kept_by, row.stage),
            row,
            length: line.len(),
        })
    }))
}

/// The next rows of a form, as many as a batch may have.
pub(super) fn next_chunk(
    rows: impl Iterator<Item = Result<Line>>,
    form: RowForm,
    options: &ReadOptions,
) -> Result<Vec<DirtyRow>> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    for line in rows {
        let line = line?;
        if line.form == form {
            chunk.push(line.row);
            bytes += line.length;
            if chunk.len() >= options.batch_rows || bytes >= options.batch_bytes {
                break;
            }
        }
    }
    Ok(chunk)
}

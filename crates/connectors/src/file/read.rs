//! The reader. Reading a split twice gives the same rows, since a file that was changed in between is
//! refused.
//!
//! CSV files are cut at row starts that the decoder itself found (see `format::csv`), JSON lines at
//! line ends, Parquet files between row groups. Compressed files and files in another encoding than
//! UTF-8 cannot be cut.

use std::cmp::Reverse;
use std::fs::File;
use std::sync::Arc;

use async_trait::async_trait;
use sdk::{BatchStream, Column, Error, Kind, ReadOptions, Reader, Result, Split, Splits, State};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::config::{Datasource, ReaderParameters};
use super::plan::{Plan, Source};
use crate::format::FileFormat;
use crate::format::background::{BatchSender, blocking, in_background};
use crate::format::csv::{cuts, lines};
use crate::format::encoding::Encoding;
use crate::format::json::KeyMap;
use crate::format::layout::TextColumnPlan;
use crate::format::text::{Locate, TextRows};
use crate::store::{Compress, Listed, read_error, shown};

/// A batch ends long before offsets of 32 bits do, whatever the engine asks for.
const MAX_BATCH_BYTES: usize = 512 << 20;

/// Opens the reader: finds the files.
pub(super) async fn open(
    datasource: Datasource,
    parameters: ReaderParameters,
) -> Result<Box<dyn Reader>> {
    opened(move || Source::open(&datasource, parameters)).await
}

/// Opens a reader for somebody who looks at a file and has not said what it is like.
pub(super) async fn look(datasource: Datasource, path: String) -> Result<Box<dyn Reader>> {
    opened(move || {
        let parameters = ReaderParameters::of_file(&path);
        let (mut source, files) = Source::open(&datasource, parameters)?;
        source.guess_header(&files)?;
        Ok((source, files))
    })
    .await
}

async fn opened(
    find: impl FnOnce() -> Result<(Source, Vec<Listed>)> + Send + 'static,
) -> Result<Box<dyn Reader>> {
    let (source, files) = blocking(find).await?;
    Ok(Box::new(FileReader {
        source: Arc::new(source),
        files: files.into(),
        plan: OnceCell::new(),
    }))
}

struct FileReader {
    source: Arc<Source>,
    files: Arc<[Listed]>,
    plan: OnceCell<Plan>,
}

/// A split as it travels.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct FilePart {
    file: Listed,
    part: Part,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Part {
    Whole,
    Bytes { start: u64, end: u64 },
    RowGroups { first: usize, end: usize },
}

impl FileReader {
    async fn plan(&self) -> Result<Plan> {
        let plan = self
            .plan
            .get_or_try_init(|| {
                let (source, files) = (self.source.clone(), self.files.clone());
                blocking(move || source.plan(&files))
            })
            .await?;
        Ok(plan.clone())
    }
}

#[async_trait]
impl Reader for FileReader {
    async fn schema(&self) -> Result<Vec<Column>> {
        Ok(self.plan().await?.columns())
    }

    async fn splits(&self, wanted: usize) -> Result<Splits> {
        let (source, files) = (self.source.clone(), self.files.clone());
        blocking(move || splits(&source, &files, wanted)).await
    }

    async fn read(&self, split: &Split, options: &ReadOptions) -> Result<BatchStream> {
        let part: FilePart = split.state.read()?;
        let plan = self.plan().await?;
        let source = self.source.clone();
        let options = options.clone();
        Ok(in_background(move |sender| {
            part.file.check_unchanged()?;
            read(&source, &part, &plan, &options, sender)?;
            // What was read while somebody wrote may be of two versions, or cut short.
            part.file.check_unchanged()
        }))
    }
}

/// Cuts every file so that parts have about the same size, largest files first.
fn splits(source: &Source, files: &[Listed], wanted: usize) -> Result<Splits> {
    let total: u64 = files.iter().map(|file| file.length).sum();
    let part_bytes = total
        .div_ceil(wanted.max(1) as u64)
        .max(source.min_split_bytes);
    let mut answer = Splits {
        notices: source.missing_keys(files)?,
        ..Splits::default()
    };
    let mut order: Vec<&Listed> = files.iter().filter(|file| file.length > 0).collect();
    order.sort_by_key(|file| Reverse(file.length));
    let mut uncut = None;
    for file in order {
        let pieces = file.length.div_ceil(part_bytes);
        if source.format == FileFormat::Parquet {
            row_group_splits(source, file, pieces, &mut answer)?;
            continue;
        }
        let compressed = source.compress_of(file) != Compress::None;
        let cuttable = !compressed && source.encoding == Encoding::Utf8;
        if pieces > 1 && !cuttable {
            uncut = Some(if compressed {
                "compressed"
            } else {
                "not UTF-8"
            });
        }
        if pieces <= 1 || !cuttable {
            push(&mut answer, file, Part::Whole, None)?;
            continue;
        }
        let targets: Vec<u64> = (1..pieces)
            .map(|piece| (u128::from(file.length) * u128::from(piece) / u128::from(pieces)) as u64)
            .collect();
        let mut start = 0;
        for end in row_starts(source, file, &targets)?
            .into_iter()
            .chain([file.length])
        {
            push(&mut answer, file, Part::Bytes { start, end }, None)?;
            start = end;
        }
    }
    if let Some(why) = uncut {
        answer.notices.push(format!(
            "files are read by one task each, since files that are {why} cannot be cut"
        ));
    }
    Ok(answer)
}

fn row_starts(source: &Source, file: &Listed, targets: &[u64]) -> Result<Vec<u64>> {
    let error = |error| read_error(&shown(&file.path), error);
    let mut opened = File::open(&file.path).map_err(error)?;
    match source.format {
        FileFormat::Json | FileFormat::Jsonl => lines(&mut opened, b'\n', targets),
        _ => cuts(&mut opened, &source.dialect, targets, source.row_limit),
    }
    .map_err(error)
}

fn row_group_splits(
    source: &Source,
    file: &Listed,
    pieces: u64,
    answer: &mut Splits,
) -> Result<()> {
    let groups = source.parquet(file)?.row_groups();
    let rows: u64 = groups.iter().sum();
    let rows_per_piece = rows.div_ceil(pieces.max(1)).max(1);
    let mut first = 0;
    let mut gathered = 0;
    for (group, rows) in groups.iter().enumerate() {
        gathered += rows;
        let last = group + 1 == groups.len();
        if gathered >= rows_per_piece || last {
            let part = Part::RowGroups {
                first,
                end: group + 1,
            };
            push(answer, file, part, Some(gathered))?;
            first = group + 1;
            gathered = 0;
        }
    }
    Ok(())
}

fn push(answer: &mut Splits, file: &Listed, part: Part, rows: Option<u64>) -> Result<()> {
    let name = shown(&file.path);
    let label = match part {
        Part::Whole => name,
        Part::Bytes { start, end } => format!("{name} bytes {start}..{end}"),
        Part::RowGroups { first, end } => format!("{name} row groups {first}..{end}"),
    };
    answer.splits.push(Split {
        label,
        estimated_rows: rows,
        state: State::new(&FilePart {
            file: file.clone(),
            part,
        })?,
    });
    Ok(())
}

/// Reads one split on the current thread.
fn read(
    source: &Source,
    part: &FilePart,
    plan: &Plan,
    options: &ReadOptions,
    sender: &BatchSender,
) -> Result<()> {
    let file = &part.file;
    let name = shown(&file.path);
    let (start, input) = match (plan, part.part) {
        (Plan::Parquet(plan), Part::RowGroups { first, end }) => {
            return source
                .parquet(file)?
                .read(first..end, plan, options, sender);
        }
        (_, Part::Bytes { start, end }) => (start, source.range(file, start, end)?),
        (_, Part::Whole) => (0, source.input(file)?),
        (_, Part::RowGroups { .. }) => {
            return Err(Error::new(
                Kind::Config,
                format!("{name} was planned as Parquet, but the job reads it as another format"),
            ));
        }
    };
    let batch = BatchLimits::new(options);
    let locate = source.locate(file, start);
    match plan {
        Plan::Csv {
            columns,
            width,
            all,
        } => {
            let (picks, width) = source.csv_picks(file, columns, *width, *all)?;
            let mut input = source.csv_rows(input, file, start);
            if source.header && start == 0 {
                input.skip_blank_lines()?;
                input.advance()?;
            }
            let mut rows = text_rows(columns, locate);
            while let Some(fields) = input.advance()? {
                if width != 1 && fields.is_blank() {
                    continue;
                }
                fields.add_to(&mut rows, &picks, width);
                if batch.is_full(&rows) && !sender.send(rows.finish()?) {
                    return Ok(());
                }
            }
            send_rest(rows, sender)
        }
        Plan::Json { columns, strict } => {
            let mut input = source.json_rows(input, file, start);
            let keys = KeyMap::new(columns, *strict);
            let mut rows = text_rows(columns, locate);
            while let Some((line, number)) = input.advance()? {
                keys.add_line(line, number, &mut rows);
                if batch.is_full(&rows) && !sender.send(rows.finish()?) {
                    return Ok(());
                }
            }
            send_rest(rows, sender)
        }
        Plan::Parquet(_) => Err(Error::new(
            Kind::Config,
            format!("{name} was planned as another format, but the job reads it as Parquet"),
        )),
    }
}

fn text_rows(columns: &Arc<[TextColumnPlan]>, locate: Locate) -> TextRows {
    TextRows::new(columns.to_vec(), locate)
}

fn send_rest(mut rows: TextRows, sender: &BatchSender) -> Result<()> {
    if rows.row_count() > 0 {
        // Nobody listening any more is no reason to fail at the end.
        let _ = sender.send(rows.finish()?);
    }
    Ok(())
}

struct BatchLimits {
    rows: usize,
    bytes: usize,
}

impl BatchLimits {
    fn new(options: &ReadOptions) -> Self {
        BatchLimits {
            rows: options.batch_rows.max(1),
            bytes: options.batch_bytes.clamp(1, MAX_BATCH_BYTES),
        }
    }

    #[inline]
    fn is_full(&self, rows: &TextRows) -> bool {
        rows.row_count() >= self.rows || rows.byte_count() >= self.bytes
    }
}

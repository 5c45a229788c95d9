//! Collects the cells of text rows straight into Arrow string buffers and finishes them as typed
//! batches: bytes that are not UTF-8 and text that is not of its column's type make the row
//! unreadable, and the rest of the batch is kept.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{Schema, SchemaRef};
use sdk::{Error, ReadBatch, Result, UnreadableRow};
use serde_json::{Map, Value};

use super::layout::{Pick, TextColumnPlan};
use super::parse;

/// The longest piece of a broken row that is kept for the dirty-row file.
const SHOWN_BYTES: usize = 4096;

/// The longest cell that [`TextRows::push_short`] takes.
pub(crate) const SHORT: usize = 16;

/// Where a row stands in its file.
pub(crate) type Place = u64;

/// Turns a place into words such as `people.csv line 7`.
pub(crate) type Locate = Box<dyn FnMut(Place) -> String + Send>;

/// The cells of one column, not yet parsed.
struct TextCells {
    values: Vec<u8>,
    offsets: Vec<i32>,
    /// The rows that are NULL, ascending.
    nulls: Vec<usize>,
}

impl TextCells {
    fn with_capacity(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        TextCells {
            values: Vec::with_capacity(bytes),
            offsets,
            nulls: Vec::new(),
        }
    }

    /// The validity of the rows; none if all have values.
    fn validity(&self) -> Option<NullBuffer> {
        if self.nulls.is_empty() {
            return None;
        }
        let row_count = self.offsets.len() - 1;
        let mut valid = BooleanBufferBuilder::new(row_count);
        valid.append_n(row_count, true);
        for row in &self.nulls {
            valid.set_bit(*row, false);
        }
        Some(NullBuffer::new(valid.finish()))
    }
}

/// Rows on their way to a batch.
pub(crate) struct TextRows {
    columns: Vec<TextColumnPlan>,
    schema: SchemaRef,
    cells: Vec<TextCells>,
    places: Vec<Place>,
    unreadable: Vec<UnreadableRow>,
    bytes: usize,
    locate: Locate,
}

/// How bytes that are not text are called in reasons.
const NOT_TEXT: &str = "holds bytes that are not valid in the file's encoding";

impl TextRows {
    /// An empty batch of these columns.
    pub(crate) fn new(columns: Vec<TextColumnPlan>, locate: Locate) -> Self {
        let fields: Vec<_> = columns.iter().map(|plan| plan.column().field()).collect();
        let cells = columns
            .iter()
            .map(|_| TextCells::with_capacity(0, 0))
            .collect();
        TextRows {
            columns,
            schema: Arc::new(Schema::new(fields)),
            cells,
            places: Vec::new(),
            unreadable: Vec::new(),
            bytes: 0,
            locate,
        }
    }

    /// Readable and unreadable rows so far.
    pub(crate) fn row_count(&self) -> usize {
        self.places.len() + self.unreadable.len()
    }

    /// Bytes of values so far.
    pub(crate) fn byte_count(&self) -> usize {
        self.bytes
    }

    /// Adds a cell to a column; every row gives one to each column that is not a constant, then
    /// calls [`TextRows::end_row`].
    #[inline]
    pub(crate) fn push(&mut self, column: usize, text: Option<&[u8]>) {
        let cells = &mut self.cells[column];
        match text {
            Some(text) => {
                cells.values.extend_from_slice(text);
                self.bytes += text.len();
            }
            None => cells.nulls.push(cells.offsets.len() - 1),
        }
        // A batch ends far below 2 GiB: its bytes are bounded and so is the longest row.
        cells.offsets.push(cells.values.len() as i32);
    }

    /// Adds the first `length` bytes of a window, which is [`TextRows::push`] for short cells: copying
    /// a fixed number of bytes and forgetting the rest needs no call.
    #[inline]
    pub(crate) fn push_short(&mut self, column: usize, window: &[u8; SHORT], length: usize) {
        let cells = &mut self.cells[column];
        let end = cells.values.len() + length;
        cells.values.extend_from_slice(window);
        cells.values.truncate(end);
        self.bytes += length;
        cells.offsets.push(end as i32);
    }

    /// Ends a row whose cells were all pushed.
    pub(crate) fn end_row(&mut self, place: Place) {
        self.places.push(place);
        self.bytes += 4 * self.columns.len();
    }

    /// Notes a row that has no cells because it is broken as a whole. It is kept as the line that it
    /// is: under the names of columns, its parts could be taken for values.
    pub(crate) fn broken(&mut self, place: Place, reason: &str, line: &[u8]) {
        let shown = &line[..line.len().min(SHOWN_BYTES)];
        self.bytes += shown.len();
        let shown = Value::String(String::from_utf8_lossy(shown).into());
        self.unreadable.push(UnreadableRow {
            column: None,
            reason: format!("{} {reason}", (self.locate)(place)),
            row: Map::from_iter([("line".to_string(), shown)]),
        });
    }

    /// The batch of all rows since the last one.
    pub(crate) fn finish(&mut self) -> Result<ReadBatch> {
        let row_count = self.places.len();
        let mut faults = Faults::default();
        let mut texts: Vec<StringArray> = Vec::with_capacity(self.columns.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (index, plan) in self.columns.iter().enumerate() {
            let cells = &mut self.cells[index];
            let empty = TextCells::with_capacity(row_count, cells.values.len());
            let cells = std::mem::replace(cells, empty);
            let text = match &plan.pick {
                Pick::Constant(value) => {
                    StringArray::from_iter_values(std::iter::repeat_n(value, row_count))
                }
                _ => strings(cells, index, &mut faults)?,
            };
            let array = parse::typed(&text, plan, |row, reason| {
                faults.note(row, index, reason);
            })?;
            texts.push(text);
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(row_count));
        let mut batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)?;
        if !faults.0.is_empty() {
            batch = self.set_faulty_rows_apart(&batch, &texts, faults)?;
        }
        self.places.clear();
        self.bytes = 0;
        Ok(ReadBatch {
            batch,
            unreadable: std::mem::take(&mut self.unreadable),
        })
    }

    fn set_faulty_rows_apart(
        &mut self,
        batch: &RecordBatch,
        texts: &[StringArray],
        mut faults: Faults,
    ) -> Result<RecordBatch> {
        faults.0.sort_by_key(|fault| (fault.row, fault.column));
        faults.0.dedup_by_key(|fault| fault.row);
        let mut keep = vec![true; batch.num_rows()];
        for fault in faults.0 {
            keep[fault.row] = false;
            let name = &self.columns[fault.column].name;
            let row = self
                .columns
                .iter()
                .zip(texts)
                .map(|(plan, text)| {
                    (
                        plan.name.clone(),
                        sdk::cell_to_json(&text.slice(fault.row, 1), 0),
                    )
                })
                .collect();
            self.unreadable.push(UnreadableRow {
                column: Some(name.clone()),
                reason: format!(
                    "{}: \"{name}\" {}",
                    (self.locate)(self.places[fault.row]),
                    fault.reason
                ),
                row,
            });
        }
        Ok(arrow_select::filter::filter_record_batch(
            batch,
            &BooleanArray::from(keep),
        )?)
    }
}

struct Fault {
    row: usize,
    column: usize,
    reason: String,
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn note(&mut self, row: usize, column: usize, reason: String) {
        self.0.push(Fault {
            row,
            column,
            reason,
        });
    }
}

/// The cells as a string array. Cells that are not UTF-8 are noted and replaced by readable text.
fn strings(cells: TextCells, column: usize, faults: &mut Faults) -> Result<StringArray> {
    let nulls = cells.validity();
    let TextCells {
        values, offsets, ..
    } = cells;
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    // Buffers share their memory, so trying costs nothing when it succeeds.
    let values = Buffer::from_vec(values);
    if let Ok(array) = StringArray::try_new(offsets.clone(), values.clone(), nulls.clone()) {
        return Ok(array);
    }
    let texts: Vec<Option<String>> = offsets
        .windows(2)
        .enumerate()
        .map(|(row, ends)| {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                return None;
            }
            let bytes = &values[ends[0] as usize..ends[1] as usize];
            if std::str::from_utf8(bytes).is_err() {
                faults.note(row, column, NOT_TEXT.to_string());
            }
            Some(String::from_utf8_lossy(bytes).into_owned())
        })
        .collect();
    if faults.0.iter().all(|fault| fault.column != column) {
        return Err(Error::internal("a text column was built wrongly"));
    }
    Ok(StringArray::from(texts))
}

//! One builder per way of reading a field: fixed-width values, text, bytes; decimals are in `decimal`,
//! lists in `list`. A builder takes the fields of its column and ends as an Arrow array.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, PrimitiveArray, StringArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use sdk::Result;

use super::{EPOCH_DAYS, EPOCH_MICROS, copy_field, numeric};

/// Why a field cannot be taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The bytes are not of the type: the stream is broken.
    Malformed,
    /// A good value that Arrow has no image for.
    Unreadable(String),
}

/// Collects one column of a batch. After a trouble a placeholder stands for the field, so that all
/// columns keep the same length.
pub(crate) trait Builder: Send {
    /// Takes one field; `None` is NULL.
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble>;

    /// Takes the fields of a block, noting troubles with their place in the block.
    fn append_block(
        &mut self,
        bytes: &[u8],
        index: &[(u32, i32)],
        troubles: &mut Vec<(usize, Trouble)>,
    ) {
        for (row, slot) in index.iter().enumerate() {
            let cell = cell_at(bytes, *slot);
            if let Err(trouble) = self.append(cell) {
                troubles.push((row, trouble));
            }
        }
    }

    /// Bytes of variable width collected so far.
    fn byte_len(&self) -> usize {
        0
    }

    /// The array of everything taken since the last call. Cells that turn out not to be text are
    /// replaced and returned with their rows.
    fn finish(&mut self, invalid: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef>;
}

/// The field at a slot of the index; `None` is NULL.
#[inline]
pub(crate) fn cell_at(bytes: &[u8], (start, length): (u32, i32)) -> Option<&[u8]> {
    let length = usize::try_from(length).ok()?;
    Some(&bytes[start as usize..][..length])
}

/// Notes which fields of a block are NULL; in most blocks none is.
#[inline]
pub(crate) fn note_nulls(nulls: &mut NullBufferBuilder, index: &[(u32, i32)]) {
    if index.iter().all(|(_, length)| *length >= 0) {
        nulls.append_n_non_nulls(index.len());
    } else {
        index
            .iter()
            .for_each(|(_, length)| nulls.append(*length >= 0));
    }
}

/// A type whose field has a fixed width and becomes one primitive value.
pub(crate) trait Scalar: Send + 'static {
    type Arrow: ArrowPrimitiveType;
    fn read(
        cell: &[u8],
    ) -> std::result::Result<<Self::Arrow as ArrowPrimitiveType>::Native, Trouble>;
}

fn bytes_of<const N: usize>(cell: &[u8]) -> std::result::Result<[u8; N], Trouble> {
    cell.try_into().map_err(|_| Trouble::Malformed)
}

pub(crate) struct Int2;
pub(crate) struct Int4;
pub(crate) struct Int8;
pub(crate) struct Float4;
pub(crate) struct Float8;
pub(crate) struct Date;
pub(crate) struct Time;
pub(crate) struct Timestamp;

impl Scalar for Int2 {
    type Arrow = Int16Type;
    fn read(cell: &[u8]) -> std::result::Result<i16, Trouble> {
        Ok(i16::from_be_bytes(bytes_of(cell)?))
    }
}

impl Scalar for Int4 {
    type Arrow = Int32Type;
    fn read(cell: &[u8]) -> std::result::Result<i32, Trouble> {
        Ok(i32::from_be_bytes(bytes_of(cell)?))
    }
}

impl Scalar for Int8 {
    type Arrow = Int64Type;
    fn read(cell: &[u8]) -> std::result::Result<i64, Trouble> {
        Ok(i64::from_be_bytes(bytes_of(cell)?))
    }
}

impl Scalar for Float4 {
    type Arrow = Float32Type;
    fn read(cell: &[u8]) -> std::result::Result<f32, Trouble> {
        Ok(f32::from_be_bytes(bytes_of(cell)?))
    }
}

impl Scalar for Float8 {
    type Arrow = Float64Type;
    fn read(cell: &[u8]) -> std::result::Result<f64, Trouble> {
        Ok(f64::from_be_bytes(bytes_of(cell)?))
    }
}

impl Scalar for Date {
    type Arrow = Date32Type;
    fn read(cell: &[u8]) -> std::result::Result<i32, Trouble> {
        match i32::from_be_bytes(bytes_of(cell)?) {
            i32::MAX | i32::MIN => Err(Trouble::Unreadable(
                "an infinite date has no counterpart".into(),
            )),
            days => days
                .checked_add(EPOCH_DAYS)
                .ok_or_else(|| Trouble::Unreadable("the date is out of range".into())),
        }
    }
}

impl Scalar for Time {
    type Arrow = Time64MicrosecondType;
    fn read(cell: &[u8]) -> std::result::Result<i64, Trouble> {
        match i64::from_be_bytes(bytes_of(cell)?) {
            micros @ 0..86_400_000_000 => Ok(micros),
            86_400_000_000 => Err(Trouble::Unreadable(
                "the time 24:00:00 has no counterpart".into(),
            )),
            _ => Err(Trouble::Malformed),
        }
    }
}

impl Scalar for Timestamp {
    type Arrow = TimestampMicrosecondType;
    fn read(cell: &[u8]) -> std::result::Result<i64, Trouble> {
        match i64::from_be_bytes(bytes_of(cell)?) {
            i64::MAX | i64::MIN => Err(Trouble::Unreadable(
                "an infinite timestamp has no counterpart".into(),
            )),
            micros => micros
                .checked_add(EPOCH_MICROS)
                .ok_or_else(|| Trouble::Unreadable("the timestamp is out of range".into())),
        }
    }
}

/// Collects values of a [`Scalar`].
pub(crate) struct Fixed<S: Scalar> {
    values: Vec<<S::Arrow as ArrowPrimitiveType>::Native>,
    nulls: NullBufferBuilder,
    data_type: DataType,
    scalar: PhantomData<fn() -> S>,
}

impl<S: Scalar> Fixed<S> {
    pub(crate) fn new(data_type: DataType, rows: usize) -> Self {
        Fixed {
            values: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
            data_type,
            scalar: PhantomData,
        }
    }
}

impl<S: Scalar> Builder for Fixed<S> {
    #[inline]
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        let Some(cell) = cell else {
            self.values.push(Default::default());
            self.nulls.append_null();
            return Ok(());
        };
        self.nulls.append_non_null();
        match S::read(cell) {
            Ok(value) => {
                self.values.push(value);
                Ok(())
            }
            Err(trouble) => {
                self.values.push(Default::default());
                Err(trouble)
            }
        }
    }

    fn append_block(
        &mut self,
        bytes: &[u8],
        index: &[(u32, i32)],
        troubles: &mut Vec<(usize, Trouble)>,
    ) {
        note_nulls(&mut self.nulls, index);
        let values = index.iter().enumerate().map(|(row, slot)| {
            let value = cell_at(bytes, *slot).map_or(Ok(Default::default()), S::read);
            value.unwrap_or_else(|trouble| {
                troubles.push((row, trouble));
                Default::default()
            })
        });
        self.values.extend(values);
    }

    fn finish(&mut self, _: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let rows = self.values.len();
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(rows));
        let nulls = self.nulls.finish();
        let array = PrimitiveArray::<S::Arrow>::try_new(ScalarBuffer::from(values), nulls)?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }
}

/// Collects booleans.
pub(crate) struct Bool {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Bool {
    pub(crate) fn new(rows: usize) -> Self {
        Bool {
            values: BooleanBufferBuilder::new(rows),
            nulls: NullBufferBuilder::new(rows),
        }
    }
}

impl Builder for Bool {
    #[inline]
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        self.nulls.append(cell.is_some());
        match cell {
            None | Some([0]) => self.values.append(false),
            Some([1]) => self.values.append(true),
            Some(_) => {
                self.values.append(false);
                return Err(Trouble::Malformed);
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let values = self.values.finish();
        Ok(Arc::new(BooleanArray::new(values, self.nulls.finish())))
    }
}

/// Collects UUIDs.
pub(crate) struct Uuid {
    values: Vec<u8>,
    nulls: NullBufferBuilder,
}

impl Uuid {
    pub(crate) fn new(rows: usize) -> Self {
        Uuid {
            values: Vec::with_capacity(rows * 16),
            nulls: NullBufferBuilder::new(rows),
        }
    }
}

impl Builder for Uuid {
    #[inline]
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        self.nulls.append(cell.is_some());
        let bytes = cell.map_or(Ok([0; 16]), bytes_of::<16>);
        self.values
            .extend_from_slice(bytes.as_ref().unwrap_or(&[0; 16]));
        bytes.map(|_| ())
    }

    fn finish(&mut self, _: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let rows = self.nulls.len();
        let values = std::mem::take(&mut self.values);
        self.values.reserve(values.len());
        let array = FixedSizeBinaryArray::try_new_with_len(
            16,
            Buffer::from_vec(values),
            self.nulls.finish(),
            rows,
        )?;
        Ok(Arc::new(array))
    }
}

/// What stands in the bytes of a variable-width field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// The bytes themselves: `bytea`, and everything in wire form.
    Bytes,
    /// Text in UTF-8.
    Text,
    /// A version byte, then JSON text.
    Jsonb,
    /// `numeric`, to be written out as decimal text.
    Numeric,
    /// One byte that PostgreSQL shows as text: the type `"char"`.
    Char,
}

/// Collects values of any width.
pub(crate) struct Variable {
    content: Content,
    bytes: Vec<u8>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Variable {
    pub(crate) fn new(content: Content, rows: usize) -> Self {
        Variable {
            content,
            bytes: Vec::with_capacity(rows * 8),
            ends: starting_ends(rows),
            nulls: NullBufferBuilder::new(rows),
        }
    }

    fn push(&mut self, cell: &[u8]) -> std::result::Result<(), Trouble> {
        match self.content {
            Content::Bytes | Content::Text => self.bytes.extend_from_slice(cell),
            Content::Jsonb => match cell {
                [1, text @ ..] => self.bytes.extend_from_slice(text),
                _ => return Err(Trouble::Malformed),
            },
            Content::Numeric => numeric::write_text(cell, &mut self.bytes)?,
            Content::Char => match cell {
                [0] => {}
                [byte @ 1..128] => self.bytes.push(*byte),
                [byte] => self
                    .bytes
                    .extend_from_slice(format!("\\{byte:03o}").as_bytes()),
                _ => return Err(Trouble::Malformed),
            },
        }
        Ok(())
    }
}

fn starting_ends(rows: usize) -> Vec<i32> {
    let mut ends = Vec::with_capacity(rows + 1);
    ends.push(0);
    ends
}

impl Builder for Variable {
    #[inline]
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        let outcome = match cell {
            None => {
                self.nulls.append_null();
                Ok(())
            }
            Some(cell) => {
                self.nulls.append_non_null();
                self.push(cell)
            }
        };
        // The decoder ends a batch before 32 bits run out; were it ever to fail in that, the array's
        // own check of its offsets would turn this into an error.
        self.ends.push(self.bytes.len() as i32);
        outcome
    }

    fn append_block(
        &mut self,
        bytes: &[u8],
        index: &[(u32, i32)],
        troubles: &mut Vec<(usize, Trouble)>,
    ) {
        if !matches!(self.content, Content::Bytes | Content::Text) {
            for (row, slot) in index.iter().enumerate() {
                if let Err(trouble) = self.append(cell_at(bytes, *slot)) {
                    troubles.push((row, trouble));
                }
            }
            return;
        }
        note_nulls(&mut self.nulls, index);
        let total: usize = index
            .iter()
            .map(|(_, length)| (*length).max(0) as usize)
            .sum();
        let mut end = self.bytes.len();
        self.bytes.resize(end + total, 0);
        let (out, ends) = (self.bytes.as_mut_slice(), &mut self.ends);
        ends.extend(index.iter().map(|slot| {
            if let Some(cell) = cell_at(bytes, *slot) {
                copy_field(&mut out[end..end + cell.len()], cell);
                end += cell.len();
            }
            end as i32
        }));
    }

    fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    fn finish(&mut self, invalid: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let rows = self.ends.len() - 1;
        let room = self.bytes.len();
        let bytes = std::mem::replace(&mut self.bytes, Vec::with_capacity(room));
        let ends = std::mem::replace(&mut self.ends, starting_ends(rows));
        let nulls = self.nulls.finish();
        if self.content == Content::Bytes {
            let offsets = checked_offsets(ends)?;
            return Ok(Arc::new(BinaryArray::try_new(
                offsets,
                Buffer::from_vec(bytes),
                nulls,
            )?));
        }
        let (bytes, ends) = if is_text(&bytes, &ends) {
            (bytes, ends)
        } else {
            without_invalid(&bytes, &ends, invalid)
        };
        let offsets = checked_offsets(ends)?;
        Ok(Arc::new(StringArray::try_new(
            offsets,
            Buffer::from_vec(bytes),
            nulls,
        )?))
    }
}

fn checked_offsets(ends: Vec<i32>) -> Result<OffsetBuffer<i32>> {
    if !ends.is_sorted() {
        return Err(sdk::Error::internal("a batch of text grew beyond 2 GiB"));
    }
    Ok(OffsetBuffer::new(ScalarBuffer::from(ends)))
}

/// Whether all the bytes are UTF-8 and no cell begins inside a character.
fn is_text(bytes: &[u8], ends: &[i32]) -> bool {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => text.is_ascii() || ends.iter().all(|end| text.is_char_boundary(*end as usize)),
        Err(_) => false,
    }
}

/// Empties the cells that are not UTF-8 and returns them with their rows.
fn without_invalid(
    bytes: &[u8],
    ends: &[i32],
    invalid: &mut Vec<(usize, Vec<u8>)>,
) -> (Vec<u8>, Vec<i32>) {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut kept_ends = starting_ends(ends.len());
    for (row, pair) in ends.windows(2).enumerate() {
        let cell = &bytes[pair[0] as usize..pair[1] as usize];
        if std::str::from_utf8(cell).is_ok() {
            kept.extend_from_slice(cell);
        } else {
            invalid.push((row, cell.to_vec()));
        }
        kept_ends.push(kept.len() as i32);
    }
    (kept, kept_ends)
}

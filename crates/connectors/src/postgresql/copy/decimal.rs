//! `numeric` of a fixed precision as Arrow decimals; how the digits are coded is in `numeric`.

use std::sync::Arc;

use arrow_array::types::{Decimal128Type, Decimal256Type};
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::{NullBufferBuilder, ScalarBuffer, i256};
use sdk::Result;

use super::build::{Builder, Trouble, cell_at, note_nulls};
use super::numeric;

/// Collects `numeric` of a fixed precision and scale.
pub(crate) struct Decimal128 {
    values: Vec<i128>,
    nulls: NullBufferBuilder,
    precision: u8,
    scale: i8,
}

impl Decimal128 {
    pub(crate) fn new(precision: u8, scale: i8, rows: usize) -> Self {
        Decimal128 {
            values: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
            precision,
            scale,
        }
    }
}

impl Builder for Decimal128 {
    #[inline]
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        self.nulls.append(cell.is_some());
        let value = cell.map_or(Ok(0), |cell| numeric::to_i128(cell, self.scale));
        self.values.push(*value.as_ref().unwrap_or(&0));
        value.map(|_| ())
    }

    fn append_block(
        &mut self,
        bytes: &[u8],
        index: &[(u32, i32)],
        troubles: &mut Vec<(usize, Trouble)>,
    ) {
        note_nulls(&mut self.nulls, index);
        let scale = self.scale;
        let values = index.iter().enumerate().map(|(row, slot)| {
            let cell = cell_at(bytes, *slot);
            let value = cell.map_or(Ok(0), |cell| numeric::to_i128(cell, scale));
            value.unwrap_or_else(|trouble| {
                troubles.push((row, trouble));
                0
            })
        });
        self.values.extend(values);
    }

    fn finish(&mut self, _: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let rows = self.values.len();
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(rows));
        let nulls = self.nulls.finish();
        let array = PrimitiveArray::<Decimal128Type>::try_new(ScalarBuffer::from(values), nulls)?;
        Ok(Arc::new(
            array.with_precision_and_scale(self.precision, self.scale)?,
        ))
    }
}

/// Collects `numeric` that needs more than 38 digits.
pub(crate) struct Decimal256 {
    values: Vec<i256>,
    nulls: NullBufferBuilder,
    precision: u8,
    scale: i8,
}

impl Decimal256 {
    pub(crate) fn new(precision: u8, scale: i8, rows: usize) -> Self {
        Decimal256 {
            values: Vec::with_capacity(rows),
            nulls: NullBufferBuilder::new(rows),
            precision,
            scale,
        }
    }
}

impl Builder for Decimal256 {
    fn append(&mut self, cell: Option<&[u8]>) -> std::result::Result<(), Trouble> {
        self.nulls.append(cell.is_some());
        let value = cell.map_or(Ok(i256::ZERO), |cell| numeric::to_i256(cell, self.scale));
        self.values.push(*value.as_ref().unwrap_or(&i256::ZERO));
        value.map(|_| ())
    }

    fn finish(&mut self, _: &mut Vec<(usize, Vec<u8>)>) -> Result<ArrayRef> {
        let rows = self.values.len();
        let values = std::mem::replace(&mut self.values, Vec::with_capacity(rows));
        let nulls = self.nulls.finish();
        let array = PrimitiveArray::<Decimal256Type>::try_new(ScalarBuffer::from(values), nulls)?;
        Ok(Arc::new(
            array.with_precision_and_scale(self.precision, self.scale)?,
        ))
    }
}

//! Finds the cells that the service would refuse, before anything is sent.
//!
//! Owns the ranges of `FORMATS.md`, section 10. Removing the rows is the caller's part: one bad cell in
//! a block makes the service refuse the whole block.

use arrow_array::RecordBatch;
use arrow_buffer::i256;

use super::source::{Cells, Source, sources};
use super::{BadCell, EncodeError};
use crate::types::Type;

/// What one field may hold unless the upload says otherwise (`MaxFieldSize`).
pub const MAX_FIELD_BYTES: usize = 8 << 20;

/// 0001-01-01 and 9999-12-31 as days since 1970-01-01.
const FIRST_DAY: i32 = -719_162;
const LAST_DAY: i32 = 2_932_896;
const MILLIS_PER_DAY: i64 = 86_400_000;
const FIRST_MILLI: i64 = FIRST_DAY as i64 * MILLIS_PER_DAY;
const LAST_MILLI: i64 = (LAST_DAY as i64 + 1) * MILLIS_PER_DAY - 1;

/// The cells of the batch that columns of these types refuse, sorted by row.
///
/// Fails like [`super::Encoder::encode`] when the arrays are not those of the types.
pub fn check(types: &[Type], batch: &RecordBatch) -> Result<Vec<BadCell>, EncodeError> {
    check_with_limit(types, batch, MAX_FIELD_BYTES)
}

/// Like [`check`], for an upload with another limit on the bytes of a field.
pub fn check_with_limit(
    types: &[Type],
    batch: &RecordBatch,
    max_field_bytes: usize,
) -> Result<Vec<BadCell>, EncodeError> {
    let mut bad_cells = Vec::new();
    for (column, (source, r#type)) in sources(types, batch)?.iter().zip(types).enumerate() {
        let mut report = |row: usize, reason: &str| {
            bad_cells.push(BadCell {
                row,
                column,
                reason: reason.to_owned(),
            });
        };
        let checked = Checked {
            r#type,
            source,
            max_field_bytes,
        };
        checked.find(0..batch.num_rows(), &mut report);
    }
    bad_cells.sort_by_key(|cell| (cell.row, cell.column));
    Ok(bad_cells)
}

struct Checked<'a> {
    r#type: &'a Type,
    source: &'a Source<'a>,
    max_field_bytes: usize,
}

impl Checked<'_> {
    /// Reports each refused value in the range by its position in the source.
    fn find(&self, range: std::ops::Range<usize>, report: &mut dyn FnMut(usize, &str)) {
        let mut each = |is_bad: &dyn Fn(usize) -> Option<&'static str>| {
            for index in range.clone() {
                if !self.source.is_null(index)
                    && let Some(reason) = is_bad(index)
                {
                    report(index, reason);
                }
            }
        };
        match (self.r#type, &self.source.cells) {
            (Type::BigInt, Cells::BigInt(values)) => {
                // The reserved value is so rare that a plain search first is the fast way.
                if values[range.clone()].contains(&i64::MIN) {
                    each(&|index| {
                        reason_if(values[index] == i64::MIN, "the reserved smallest BIGINT")
                    });
                }
            }
            (Type::Datetime, Cells::BigInt(values)) => {
                let good = FIRST_MILLI..=LAST_MILLI;
                if !values[range.clone()]
                    .iter()
                    .all(|milli| good.contains(milli))
                {
                    each(&|index| reason_if(!good.contains(&values[index]), OUT_OF_YEARS));
                }
            }
            (Type::Date, Cells::Int(values)) => {
                let good = FIRST_DAY..=LAST_DAY;
                if !values[range.clone()].iter().all(|day| good.contains(day)) {
                    each(&|index| reason_if(!good.contains(&values[index]), OUT_OF_YEARS));
                }
            }
            (Type::Decimal { precision, .. }, Cells::Decimal128(values, _)) => {
                let limit = 10_u128
                    .checked_pow(u32::from(*precision))
                    .unwrap_or(u128::MAX);
                each(&|index| reason_if(values[index].unsigned_abs() >= limit, TOO_WIDE));
            }
            (Type::Decimal { precision, .. }, Cells::Decimal256(values, _)) => {
                let limit = i256::from_i128(10)
                    .checked_pow(u32::from(*precision))
                    .unwrap_or(i256::MAX);
                each(&|index| {
                    let value = values[index];
                    reason_if(value >= limit || value <= limit.wrapping_neg(), TOO_WIDE)
                });
            }
            (Type::Varchar(length) | Type::Char(length), Cells::Bytes(offsets, bytes)) => {
                let limit = usize::try_from(*length).unwrap_or(usize::MAX);
                each(&|index| {
                    let value = &bytes[offsets[index] as usize..offsets[index + 1] as usize];
                    reason_if(
                        value.len() > limit && characters(value) > limit,
                        "a text with more characters than the type has",
                    )
                });
            }
            (_, Cells::Bytes(offsets, _)) => {
                let limit = self.max_field_bytes;
                let span = offsets[range.end] as usize - offsets[range.start] as usize;
                if span > limit {
                    each(&|index| {
                        let length = (offsets[index + 1] - offsets[index]) as usize;
                        reason_if(
                            length > limit,
                            "a value with more bytes than a field may have",
                        )
                    });
                }
            }
            _ => self.find_in_parts(range, report),
        }
    }

    fn find_in_parts(&self, range: std::ops::Range<usize>, report: &mut dyn FnMut(usize, &str)) {
        let parts: Vec<(&Type, &Source<'_>, Option<&[i32]>)> =
            match (self.r#type, &self.source.cells) {
                (Type::Array(item), Cells::List(offsets, items)) => {
                    vec![(item, items, Some(offsets))]
                }
                (Type::Map(key, value), Cells::Map(offsets, entries)) => vec![
                    (key, &entries.0, Some(offsets)),
                    (value, &entries.1, Some(offsets)),
                ],
                (Type::Struct(types), Cells::Struct(fields)) => types
                    .iter()
                    .zip(fields)
                    .map(|((_, field), source)| (field, source, None))
                    .collect(),
                _ => return,
            };
        for (r#type, source, offsets) in parts {
            let part = Checked {
                r#type,
                source,
                max_field_bytes: self.max_field_bytes,
            };
            let part_range = match offsets {
                Some(offsets) => offsets[range.start] as usize..offsets[range.end] as usize,
                None => range.clone(),
            };
            part.find(part_range, &mut |index, reason| {
                let owner = match offsets {
                    Some(offsets) => offsets.partition_point(|end| *end as usize <= index) - 1,
                    None => index,
                };
                // What lies under a null is not sent.
                if !self.source.is_null(owner) {
                    report(owner, reason);
                }
            });
        }
    }
}

const OUT_OF_YEARS: &str = "a time outside the years 1 to 9999";
const TOO_WIDE: &str = "a number with more digits than the type has";

fn reason_if(is_bad: bool, reason: &'static str) -> Option<&'static str> {
    is_bad.then_some(reason)
}

/// Characters of valid UTF-8: all bytes but the ones that continue a character.
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

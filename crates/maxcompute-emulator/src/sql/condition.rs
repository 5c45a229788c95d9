//! The WHERE clause: which rows of a column pass a test.

use arrow_array::{Array, ArrayRef, BooleanArray, Scalar};
use arrow_buffer::BooleanBuffer;
use arrow_ord::cmp;
use arrow_schema::{ArrowError, DataType};
use maxcompute::types::Type;

use super::SqlError;
use super::literal;
use super::statement::{Comparison, Literal, Test};

/// The rows that pass. A comparison with NULL is never true.
pub(super) fn passing(
    test: &Test,
    values: &ArrayRef,
    kind: &Type,
) -> Result<BooleanBuffer, SqlError> {
    match test {
        Test::IsNull => Ok(!&present(values)),
        Test::IsNotNull => Ok(present(values)),
        Test::Compare(comparison, value) => compare(*comparison, value, values, kind),
        Test::In(list) => {
            let mut any = BooleanBuffer::new_unset(values.len());
            for value in list {
                any = &any | &compare(Comparison::Equal, value, values, kind)?;
            }
            Ok(any)
        }
    }
}

fn present(values: &ArrayRef) -> BooleanBuffer {
    match values.nulls() {
        Some(nulls) => nulls.inner().clone(),
        None => BooleanBuffer::new_set(values.len()),
    }
}

fn compare(
    comparison: Comparison,
    value: &Literal,
    values: &ArrayRef,
    kind: &Type,
) -> Result<BooleanBuffer, SqlError> {
    // A whole number compared with a fraction must not lose the fraction.
    let fraction = matches!(value, Literal::Number(digits) if digits.parse::<i64>().is_err());
    let widened;
    let (values, kind) = if fraction && values.data_type().is_integer() {
        widened = literal::convert(values, &DataType::Float64, &Type::Double)?;
        (&widened, &Type::Double)
    } else {
        (values, kind)
    };
    let wanted = Scalar::new(literal::array(kind, std::iter::once(value))?);
    let compared = match comparison {
        Comparison::Equal => cmp::eq(values, &wanted),
        Comparison::NotEqual => cmp::neq(values, &wanted),
        Comparison::Less => cmp::lt(values, &wanted),
        Comparison::LessOrEqual => cmp::lt_eq(values, &wanted),
        Comparison::Greater => cmp::gt(values, &wanted),
        Comparison::GreaterOrEqual => cmp::gt_eq(values, &wanted),
    };
    let compared: BooleanArray = compared.map_err(|error: ArrowError| {
        SqlError::semantic(format!("values of type {kind} cannot be compared: {error}"))
    })?;
    Ok(match compared.nulls() {
        Some(nulls) => compared.values() & nulls.inner(),
        None => compared.values().clone(),
    })
}

//! A door to the codec for benchmarks and fuzzing, which are programs of their own. Nothing else
//! uses it, and it promises nothing.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field};
use sdk::{Error, ReadBatch, Result};

use super::copy::build::{Content, Variable};
use super::copy::decode::{Decoder, Decoding};
use super::copy::encode::{encode, write_header, write_trailer};
use super::copy::field::Target;
use super::typemap::{builder, coded};

/// Types of the columns of a COPY stream, by name and modifier; a name that ends in `[]` is an array.
pub type Types<'a> = &'a [(&'a str, i32)];

fn known(name: &str, modifier: i32) -> Result<(DataType, Target)> {
    let unknown = || Error::internal(format!("the codec has no type \"{name}\""));
    match name.strip_suffix("[]") {
        None => coded(name, modifier).ok_or_else(unknown),
        Some(item) => {
            let (data_type, coding) = coded(item, modifier).ok_or_else(unknown)?;
            let list = DataType::List(Arc::new(Field::new("item", data_type, true)));
            let item = Box::new(coding);
            Ok((list, Target::List { item, item_type: 0 }))
        }
    }
}

/// Decodes a COPY stream that arrives in pieces. With `wire`, fields stay as they are.
pub fn decode<'a>(
    types: Types<'_>,
    wire: bool,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<ReadBatch>> {
    let mut columns = Vec::with_capacity(types.len());
    for (number, (name, modifier)) in types.iter().enumerate() {
        let (data_type, coding) = known(name, *modifier)?;
        let field = format!("c{number}");
        columns.push(if wire {
            Decoding {
                field: Field::new(field, DataType::Binary, true),
                type_name: (*name).to_string(),
                builder: Box::new(Variable::new(Content::Bytes, 8192)),
            }
        } else {
            Decoding {
                builder: builder(&coding, &data_type, 8192),
                field: Field::new(field, data_type, true),
                type_name: (*name).to_string(),
            }
        });
    }
    let mut decoder = Decoder::new(columns, 8192, 8 << 20);
    let mut batches = Vec::new();
    for piece in pieces {
        decoder.pending().extend_from_slice(piece);
        while let Some(batch) = decoder.advance()? {
            batches.push(batch);
        }
    }
    batches.extend(decoder.finish()?);
    Ok(batches)
}

/// Appends batches to a buffer, as CopyData messages. Returns how many rows were refused.
pub fn encode_all(
    types: Types<'_>,
    wire: bool,
    batches: &[RecordBatch],
    out: &mut Vec<u8>,
) -> Result<usize> {
    let mut codings = Vec::with_capacity(types.len());
    for (name, modifier) in types {
        codings.push(if wire {
            Target::Wire
        } else {
            known(name, *modifier)?.1
        });
    }
    write_header(out);
    let mut refused = 0;
    for batch in batches {
        let encoded = encode(batch, &codings)?;
        refused += encoded.refused.len();
        encoded.write(None, out);
    }
    write_trailer(out);
    Ok(refused)
}

/// The stream inside CopyData messages.
pub fn without_messages(mut messages: &[u8]) -> Vec<u8> {
    let mut stream = Vec::with_capacity(messages.len());
    while let Some((head, rest)) = messages.split_first_chunk::<5>() {
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (data, after) = rest.split_at((length.saturating_sub(4)).min(rest.len()));
        stream.extend_from_slice(data);
        messages = after;
    }
    stream
}

//! Writes rows as JSON objects, one per line: every key in every row, NULL as `null`.

use arrow_schema::Schema;

use crate::format::RowFault;
use crate::format::cell::{Cells, Shape};

/// Writes rows of one file.
pub(crate) struct JsonEncoder {
    /// `{"id":`, `,"name":` and so on, by column.
    keys: Vec<Vec<u8>>,
}

impl JsonEncoder {
    pub(crate) fn new(schema: &Schema) -> Self {
        let keys = schema
            .fields()
            .iter()
            .enumerate()
            .map(|(column, field)| {
                let mut key = vec![if column == 0 { b'{' } else { b',' }];
                string(field.name().as_bytes(), &mut key);
                key.push(b':');
                key
            })
            .collect();
        JsonEncoder { keys }
    }

    /// One row; what was written of a refused one is for the caller to take back.
    pub(crate) fn row(
        &self,
        cells: &[Cells],
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), RowFault> {
        if cells.is_empty() {
            out.push(b'{');
        }
        for (column, (cell, key)) in cells.iter().zip(&self.keys).enumerate() {
            out.extend_from_slice(key);
            if cell.is_null(row) {
                out.extend_from_slice(b"null");
                continue;
            }
            let fault = |reason: String| RowFault {
                column: Some(column),
                reason,
            };
            let shape = cell.shape(row);
            if shape == Shape::Literal {
                cell.write(row, out).map_err(fault)?;
                continue;
            }
            if shape == Shape::Plain && cell.is_plain() {
                out.push(b'"');
                cell.write(row, out).map_err(fault)?;
                out.push(b'"');
                continue;
            }
            let start = out.len();
            cell.write(row, out).map_err(fault)?;
            if shape == Shape::Json {
                let valid = std::str::from_utf8(&out[start..])
                    .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
                if !valid {
                    return Err(fault("is not valid JSON".to_string()));
                }
                // A line end can only stand between the parts of a JSON value, never inside a string.
                for byte in &mut out[start..] {
                    if matches!(byte, b'\n' | b'\r') {
                        *byte = b' ';
                    }
                }
                continue;
            }
            let text = out.split_off(start);
            string(&text, out);
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// A JSON string (<https://www.rfc-editor.org/rfc/rfc8259#section-7>).
fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=31 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

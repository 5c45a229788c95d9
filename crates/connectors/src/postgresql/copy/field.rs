//! A column of a batch as the fields of COPY: what its values measure, and how they are laid out.
//! How the fields are made from Arrow arrays is in `prepare`.

use arrow_buffer::NullBuffer;

use super::copy_field;

/// What a target column expects in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The batch's bytes as they are: wire form.
    Wire,
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    /// `numeric`; with a scale, digits beyond it are refused rather than rounded.
    Numeric {
        precision: Option<i32>,
        scale: Option<i32>,
    },
    /// Text of at most so many characters.
    Text {
        limit: Option<usize>,
    },
    Bytes,
    Date,
    /// A time of day; values are multiples of so many microseconds.
    Time {
        step: i64,
    },
    /// With or without time zone; values are multiples of so many microseconds.
    Timestamp {
        step: i64,
    },
    Uuid,
    Jsonb,
    /// The one-byte type `"char"`.
    Char,
    /// A one-dimensional array of items with this type number.
    List {
        item: Box<Target>,
        item_type: u32,
    },
}

/// A value that must not be sent: its row and why.
pub(crate) type Refusal = (usize, String);

/// The fields of one column of a batch. Refused rows hold a placeholder.
pub(crate) enum Fields {
    One(Vec<u8>, Option<NullBuffer>),
    Two(Vec<[u8; 2]>, Option<NullBuffer>),
    Four(Vec<[u8; 4]>, Option<NullBuffer>),
    Eight(Vec<[u8; 8]>, Option<NullBuffer>),
    Variable {
        ends: Vec<i32>,
        bytes: arrow_buffer::Buffer,
        nulls: Option<NullBuffer>,
        /// A byte in front of every value.
        version: Option<u8>,
    },
}

impl Fields {
    fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Fields::One(_, nulls)
            | Fields::Two(_, nulls)
            | Fields::Four(_, nulls)
            | Fields::Eight(_, nulls)
            | Fields::Variable { nulls, .. } => nulls.as_ref(),
        }
    }

    /// Adds the length of each field, its length word included, to the rows from `first` on.
    pub(crate) fn measure(&self, first: usize, sizes: &mut [usize]) {
        let width = match self {
            Fields::One(..) => 1,
            Fields::Two(..) => 2,
            Fields::Four(..) => 4,
            Fields::Eight(..) => 8,
            Fields::Variable { ends, version, .. } => {
                let extra = 4 + usize::from(version.is_some());
                let lengths = ends[first..]
                    .windows(2)
                    .map(|pair| (pair[1] - pair[0]) as usize);
                match self.nulls() {
                    None => {
                        for (size, length) in sizes.iter_mut().zip(lengths) {
                            *size += extra + length;
                        }
                    }
                    Some(nulls) => {
                        for (row, (size, length)) in sizes.iter_mut().zip(lengths).enumerate() {
                            *size += match nulls.is_null(first + row) {
                                true => 4,
                                false => extra + length,
                            };
                        }
                    }
                }
                return;
            }
        };
        match self.nulls() {
            None => sizes.iter_mut().for_each(|size| *size += 4 + width),
            Some(nulls) => {
                for (row, size) in sizes.iter_mut().enumerate() {
                    *size += 4 + width * usize::from(nulls.is_valid(first + row));
                }
            }
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Writes each field at its row's place in `out` and moves the place behind it.
    pub(crate) fn scatter(&self, first: usize, places: &mut [usize], out: &mut [u8]) {
        match self {
            Fields::One(values, nulls) => {
                let field = |row: usize| [0, 0, 0, 1, values[row]];
                scatter_fixed(first, places, out, nulls.as_ref(), field);
            }
            Fields::Two(values, nulls) => {
                let field = |row: usize| {
                    let [a, b] = values[row];
                    [0, 0, 0, 2, a, b]
                };
                scatter_fixed(first, places, out, nulls.as_ref(), field);
            }
            Fields::Four(values, nulls) => {
                let field = |row: usize| {
                    let [a, b, c, d] = values[row];
                    [0, 0, 0, 4, a, b, c, d]
                };
                scatter_fixed(first, places, out, nulls.as_ref(), field);
            }
            Fields::Eight(values, nulls) => {
                let field = |row: usize| {
                    let [a, b, c, d, e, f, g, h] = values[row];
                    [0, 0, 0, 8, a, b, c, d, e, f, g, h]
                };
                scatter_fixed(first, places, out, nulls.as_ref(), field);
            }
            Fields::Variable {
                ends,
                bytes,
                version,
                ..
            } => {
                let nulls = self.nulls();
                let spans = ends[first..].windows(2);
                for (row, (place, span)) in places.iter_mut().zip(spans).enumerate() {
                    if nulls.is_some_and(|nulls| nulls.is_null(first + row)) {
                        out[*place..*place + 4].copy_from_slice(&NULL);
                        *place += 4;
                        continue;
                    }
                    let value = &bytes[span[0] as usize..span[1] as usize];
                    let extra = usize::from(version.is_some());
                    // Arrow's 32-bit offsets keep a value below 2 GiB.
                    let length = value.len() + extra;
                    let field = &mut out[*place..][..4 + length];
                    let (head, rest) = field.split_at_mut(4);
                    head.copy_from_slice(&(length as u32).to_be_bytes());
                    if let (Some(version), [first, ..]) = (version, &mut *rest) {
                        *first = *version;
                    }
                    copy_field(&mut rest[extra..], value);
                    *place += 4 + length;
                }
            }
        }
    }

    /// One field with its length word, for the items of a list.
    pub(super) fn write_one(&self, row: usize, out: &mut Vec<u8>) {
        let mut size = [0];
        self.measure(row, &mut size);
        let mut place = [out.len()];
        out.resize(out.len() + size[0], 0);
        self.scatter(row, &mut place, out);
    }
}

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

#[inline]
fn scatter_fixed<const N: usize>(
    first: usize,
    places: &mut [usize],
    out: &mut [u8],
    nulls: Option<&NullBuffer>,
    field: impl Fn(usize) -> [u8; N],
) {
    for (row, place) in places.iter_mut().enumerate() {
        if nulls.is_some_and(|nulls| nulls.is_null(first + row)) {
            out[*place..*place + 4].copy_from_slice(&NULL);
            *place += 4;
        } else {
            out[*place..*place + N].copy_from_slice(&field(first + row));
            *place += N;
        }
    }
}

//! Random batches of every type survive encoding and decoding.

use arrow_array::RecordBatch;
use maxcompute::record::{Decoder, Encoder, check};
use maxcompute::types::Type;
use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::cells::batch_of;

fn leaf_type() -> BoxedStrategy<Type> {
    let texts = [
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "float",
        "double",
        "boolean",
        "string",
        "varchar(65535)",
        "char(255)",
        "binary",
        "decimal",
        "decimal(38,18)",
        "decimal(5,5)",
        "decimal(1,0)",
        "date",
        "datetime",
        "timestamp",
        "timestamp_ntz",
        "json",
        "interval_day_time",
        "interval_year_month",
    ];
    proptest::sample::select(texts.map(|text| text.parse::<Type>().unwrap()).to_vec()).boxed()
}

fn any_type() -> BoxedStrategy<Type> {
    leaf_type()
        .prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|item| Type::Array(Box::new(item))),
                (leaf_type(), inner.clone())
                    .prop_map(|(key, value)| Type::Map(Box::new(key), Box::new(value))),
                vec(inner, 1..4).prop_map(|fields| {
                    let named = fields.into_iter().enumerate();
                    Type::Struct(named.map(|(n, field)| (format!("f{n}"), field)).collect())
                }),
            ]
        })
        .boxed()
}

/// A value of the type, never null at the top.
fn value_of(r#type: &Type) -> BoxedStrategy<Value> {
    match r#type {
        Type::TinyInt => any::<i8>().prop_map(Value::from).boxed(),
        Type::SmallInt => any::<i16>().prop_map(Value::from).boxed(),
        Type::Int | Type::IntervalYearMonth => any::<i32>().prop_map(Value::from).boxed(),
        Type::BigInt => (-i64::MAX..=i64::MAX).prop_map(Value::from).boxed(),
        Type::Float => (-1e30_f32..1e30).prop_map(Value::from).boxed(),
        Type::Double => (-1e300..1e300).prop_map(Value::from).boxed(),
        Type::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Type::String | Type::Json => ".{0,40}".prop_map(Value::from).boxed(),
        Type::Varchar(_) | Type::Char(_) => prop_oneof![Just(""), Just("ä\u{0}😀")]
            .prop_map(Value::from)
            .boxed(),
        Type::Binary => vec(any::<u8>(), 0..1500)
            .prop_map(|bytes| {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({ "hex": hex })
            })
            .boxed(),
        Type::Decimal { precision, scale } => {
            let whole = usize::from(precision - scale);
            let pattern = format!("-?0[0-9]{{0,{whole}}}\\.[0-9]{{{scale}}}");
            proptest::string::string_regex(&pattern)
                .unwrap()
                .prop_map(Value::from)
                .boxed()
        }
        Type::Date => (-719_162..=2_932_896).prop_map(Value::from).boxed(),
        Type::Datetime => (-62_135_596_800_000_i64..=253_402_300_799_999)
            .prop_map(Value::from)
            .boxed(),
        Type::Timestamp | Type::TimestampNtz | Type::IntervalDayTime => {
            (-9_223_372_036_i64..9_223_372_036, 0..1_000_000_000)
                .prop_map(|(seconds, nanos)| json!([seconds, nanos]))
                .boxed()
        }
        Type::Array(item) => vec(nullable(item), 0..4).prop_map(Value::from).boxed(),
        Type::Map(key, value) => vec((value_of(key), nullable(value)), 0..4)
            .prop_map(|pairs| pairs.into_iter().map(|(k, v)| json!([k, v])).collect())
            .boxed(),
        Type::Struct(fields) => fields
            .iter()
            .map(|(_, field)| nullable(field))
            .collect::<Vec<_>>()
            .prop_map(Value::from)
            .boxed(),
    }
}

fn nullable(r#type: &Type) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 3 => value_of(r#type)].boxed()
}

fn table() -> impl Strategy<Value = (Vec<Type>, Vec<Vec<Value>>)> {
    vec(any_type(), 0..20).prop_flat_map(|types| {
        let row: Vec<BoxedStrategy<Value>> = types.iter().map(nullable).collect();
        (Just(types), vec(row, 0..12))
    })
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    #[test]
    fn encoded_batches_decode_to_themselves((types, rows) in table(), piece in 1_usize..300) {
        let batch = batch_of(&types, &rows);
        assert_eq!(check(&types, &batch), Ok(Vec::new()));
        let mut body = Vec::new();
        let mut encoder = Encoder::new(&types);
        encoder.encode(&batch, &mut body).unwrap();
        encoder.finish(&mut body);

        let mut decoder = Decoder::new(&types);
        let mut batches: Vec<RecordBatch> = Vec::new();
        for bytes in body.chunks(piece) {
            decoder.push(bytes);
            while let Some(decoded) = decoder.next_batch(5).unwrap() {
                assert_eq!(decoded.bad_cells, []);
                batches.push(decoded.batch);
            }
        }
        assert_eq!(decoder.finish(), Ok(rows.len() as u64));
        let joined = arrow_select::concat::concat_batches(&batch.schema(), &batches).unwrap();
        assert_eq!(joined.columns(), batch.columns());
        assert_eq!(joined.num_rows(), batch.num_rows());
    }
}

//! Values of every type, written by SQL and read by us, and the reverse; the server compares.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_schema::{DataType, TimeUnit};
use futures::TryStreamExt;
use sdk::ReadBatch;
use serde_json::json;

use super::{Schema, copy, options, read_one};

/// Type, values with an exact Arrow image, and values that only the wire form carries.
const TYPES: &[(&str, &[&str], &[&str])] = &[
    ("bool", &["true", "false"], &[]),
    ("int2", &["-32768", "0", "32767"], &[]),
    ("int4", &["-2147483648", "2147483647"], &[]),
    (
        "int8",
        &["-9223372036854775808", "9223372036854775807"],
        &[],
    ),
    (
        "float4",
        &[
            "1.17549e-38",
            "3.4028235e38",
            "'NaN'",
            "'-Infinity'",
            "'-0'",
        ],
        &[],
    ),
    (
        "float8",
        &[
            "5e-324",
            "1.7976931348623157e308",
            "'NaN'",
            "'Infinity'",
            "'-0'",
            "0.1",
        ],
        &[],
    ),
    (
        "numeric(15,2)",
        &["9999999999999.99", "-0.01", "0", "1000000", "100.10"],
        &["'NaN'"],
    ),
    (
        "numeric(38,0)",
        &["99999999999999999999999999999999999999", "-1", "10000"],
        &["'NaN'"],
    ),
    (
        "numeric(38,38)",
        &["0.00000000000000000000000000000000000001"],
        &[],
    ),
    (
        "numeric(38,5)",
        &["999999999999999999999999999999999.99999", "-0.00001"],
        &[],
    ),
    (
        "numeric(76,30)",
        &[
            "1234567890123456789012345678901234567890.123456789012345678901234567891",
            "-0.5",
        ],
        &["'NaN'"],
    ),
    (
        "numeric(100,3)",
        &[
            "-123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890.125",
        ],
        &["'NaN'"],
    ),
    (
        "numeric",
        &[
            "0",
            "0.000",
            "1e-30",
            "-12345.678900",
            "1e100",
            "10000",
            "'NaN'",
            "'Infinity'",
            "'-Infinity'",
            "0.00010001",
        ],
        &[],
    ),
    (
        "text",
        &[
            "''",
            "'a'",
            "'héllo 🦀'",
            "repeat('x', 100000)",
            "E'tab\\tnl\\n\\\\N'",
        ],
        &[],
    ),
    ("varchar(10)", &["''", "'ten chars!'", "'äöüäöüäöüä'"], &[]),
    ("char(5)", &["'ab'", "'abcde'", "''"], &[]),
    ("name", &["'a_name'"], &[]),
    ("\"char\"", &["'x'", "''"], &[]),
    (
        "bytea",
        &["''", "'\\x00ff10'", "decode(repeat('ab', 5000), 'hex')"],
        &[],
    ),
    (
        "date",
        &[
            "'1970-01-01'",
            "'0001-01-01'",
            "'4713-01-01 BC'",
            "'9999-12-31'",
            "'5874897-12-31'",
        ],
        &["'infinity'", "'-infinity'"],
    ),
    ("time", &["'00:00'", "'23:59:59.999999'"], &["'24:00'"]),
    ("time(0)", &["'12:34:56'"], &[]),
    ("timetz", &["'12:00:00.5+05:30'", "'00:00-12:59:59'"], &[]),
    (
        "timestamp",
        &[
            "'1969-12-31 23:59:59.999999'",
            "'4713-01-01 00:00:00 BC'",
            "'294246-01-01'",
        ],
        &[
            "'infinity'",
            "'-infinity'",
            "'294276-12-31 23:59:59.999999'",
        ],
    ),
    ("timestamp(3)", &["'2024-02-29 12:00:00.123'"], &[]),
    (
        "timestamptz",
        &[
            "'2024-02-29 12:00:00.123456+05'",
            "'0044-03-15 12:00:00+00 BC'",
        ],
        &["'infinity'", "'-infinity'"],
    ),
    (
        "interval",
        &[
            "'1 year -2 mons 3 days -04:05:06.000007'",
            "'0'",
            "'178000000 years'",
        ],
        &[],
    ),
    (
        "uuid",
        &[
            "'00000000-0000-0000-0000-000000000000'",
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        ],
        &[],
    ),
    ("json", &["'{\"b\": 1,  \"a\": [null]}'", "'null'"], &[]),
    (
        "jsonb",
        &["'{\"b\": 1, \"a\": [null, 1.50]}'", "'\"x\"'"],
        &[],
    ),
    ("bit(5)", &["B'10110'"], &[]),
    ("varbit", &["B''", "B'1'", "B'101010101'"], &[]),
    (
        "inet",
        &["'10.0.0.1'", "'10.1.2.3/8'", "'::1'", "'2001:db8::/32'"],
        &[],
    ),
    ("cidr", &["'10.0.0.0/8'", "'2001:db8::/32'"], &[]),
    ("macaddr", &["'08:00:2b:01:02:03'"], &[]),
    ("macaddr8", &["'08:00:2b:01:02:03:04:05'"], &[]),
    ("money", &["'-12.34'", "'92233720368547758.07'"], &[]),
    ("xml", &["'<a b=\"1\">x</a>'"], &[]),
    ("point", &["'(1.5,-2)'"], &[]),
    ("polygon", &["'((0,0),(1,1),(2,0))'"], &[]),
    ("tsvector", &["'a:1A fat:2 cat:3'"], &[]),
    ("oid", &["4294967295"], &[]),
    ("int4range", &["'[1,5)'", "'empty'", "'(,5)'"], &[]),
    ("numrange", &["'[1.5,)'"], &[]),
    ("tstzrange", &["'[2024-01-01 00:00+00,infinity)'"], &[]),
    ("mood", &["'happy'", "'so so'"], &[]),
    ("email", &["'a@b.c'"], &[]),
    ("cents", &["12.34"], &["'NaN'"]),
    ("pair", &["(1, 'a,b')"], &[]),
    (
        "int4[]",
        &["'{}'", "'{1,NULL,-3}'"],
        &["'{{1,2},{3,4}}'", "'[0:1]={7,8}'"],
    ),
    ("text[]", &["'{a,\"b c\",NULL,\"\"}'"], &["'{{a},{b}}'"]),
    ("numeric(5,2)[]", &["'{1.50,NULL,-999.99}'"], &["'{NaN}'"]),
    (
        "timestamptz[]",
        &["'{\"2024-01-01 00:00:00+00\"}'"],
        &["'{infinity}'"],
    ),
    (
        "uuid[]",
        &["'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}'"],
        &[],
    ),
    ("bool[]", &["'{t,f,NULL}'"], &[]),
    ("jsonb[]", &["ARRAY['{\"a\": 1}'::jsonb, NULL]"], &[]),
    ("inet[]", &["'{10.0.0.1,NULL}'"], &["'{{10.0.0.1}}'"]),
    ("mood[]", &["'{happy,NULL}'"], &[]),
    (
        "bytea[]",
        &["ARRAY['\\x00ff5c'::bytea, NULL, '']"],
        &["ARRAY[['\\x00'::bytea], ['']]"],
    ),
    (
        "date[]",
        &["'{0001-01-01,NULL,9999-12-31}'"],
        &["'{infinity}'", "'{{2024-02-29}}'"],
    ),
    (
        "float8[]",
        &["'{NaN,-Infinity,-0,0.1,NULL}'", "'{5e-324}'"],
        &["'{{1.5},{NULL}}'"],
    ),
    (
        "interval[]",
        &["ARRAY['10 mons 3 days -04:05:06.000007'::interval, NULL, '0']"],
        &["'{{1 day}}'"],
    ),
    ("bit[]", &["'{1,0,NULL}'"], &["'{{1},{0}}'"]),
    ("bit(5)[]", &["'{10110,NULL}'"], &[]),
];

const OWN_TYPES: &str = "CREATE TYPE mood AS ENUM ('happy', 'so so'); \
     CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%'); \
     CREATE DOMAIN cents AS numeric(10,2); \
     CREATE TYPE pair AS (n int, t text);";

/// A table with a column per type: each value once, and rows of NULLs.
async fn fill(schema: &Schema, name: &str, wire_only: bool) {
    let columns: Vec<String> = TYPES
        .iter()
        .enumerate()
        .map(|(i, (name, ..))| format!("c{i} {name}"))
        .collect();
    schema
        .run(&format!(
            "CREATE TABLE {name} (row int PRIMARY KEY, {})",
            columns.join(", ")
        ))
        .await;
    let mut row = 0;
    for (place, (type_name, values, more)) in TYPES.iter().enumerate() {
        let more = more.iter().filter(|_| wire_only);
        for value in values.iter().chain(more) {
            row += 1;
            let sql = format!(
                "INSERT INTO {name} (row, c{place}) VALUES ({row}, ({value})::{type_name})"
            );
            schema.run(&sql).await;
        }
    }
    schema
        .run(&format!("INSERT INTO {name} (row) VALUES (0), (100000)"))
        .await;
}

async fn assert_same(schema: &Schema, a: &str, b: &str) {
    let left = schema
        .rows(&format!("SELECT {a}::text FROM {a} ORDER BY row"))
        .await;
    let right = schema
        .rows(&format!("SELECT {b}::text FROM {b} ORDER BY row"))
        .await;
    assert!(left.len() > 100);
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(&right) {
        assert_eq!(left, right);
    }
}

#[tokio::test]
async fn every_value_is_identical_after_a_copy_in_wire_form() {
    let schema = Schema::new("wire").await;
    schema.run(OWN_TYPES).await;
    fill(&schema, "a", true).await;
    schema.run("CREATE TABLE b (LIKE a)").await;
    let outcome = copy(&schema, "a", json!({ "table": "b" }), true).await;
    assert!(outcome.refused.is_empty());
    assert_same(&schema, "a", "b").await;
}

/// `update` and `ignore` stage the rows in a temporary table, whose columns must hold the same values.
#[tokio::test]
async fn every_value_is_identical_after_an_update_or_beside_what_is_kept() {
    for (mode, wire) in [
        ("update(row)", true),
        ("ignore(row)", true),
        ("update(row)", false),
        ("ignore(row)", false),
    ] {
        let schema = Schema::new("staged").await;
        schema.run(OWN_TYPES).await;
        fill(&schema, "a", wire).await;
        // Of every second row the key is there already, under `ignore` with its values.
        let known = match mode {
            "update(row)" => "b (row) SELECT row",
            _ => "b SELECT *",
        };
        schema
            .run(&format!(
                "CREATE TABLE b (LIKE a); CREATE UNIQUE INDEX ON b (row); \
                 INSERT INTO {known} FROM a WHERE row % 2 = 0"
            ))
            .await;
        let to = json!({ "table": "b", "writeMode": mode });
        let outcome = copy(&schema, "a", to, wire).await;
        assert!(outcome.refused.is_empty(), "{mode}: {:?}", outcome.refused);
        assert_same(&schema, "a", "b").await;
    }
}

#[tokio::test]
async fn every_value_with_an_arrow_image_is_identical_after_a_copy_through_arrow() {
    let schema = Schema::new("arrow").await;
    schema.run(OWN_TYPES).await;
    fill(&schema, "a", false).await;
    schema.run("CREATE TABLE b (LIKE a)").await;
    let outcome = copy(&schema, "a", json!({ "table": "b" }), false).await;
    assert!(outcome.refused.is_empty());
    assert_same(&schema, "a", "b").await;
}

#[tokio::test]
async fn arrow_values_mean_what_postgresql_means() {
    let schema = Schema::new("meaning").await;
    schema
        .run(
            "CREATE TABLE t (i int8, n numeric(15,2), d date, t time, ts timestamp, tz timestamptz, \
             u numeric, f float8, j jsonb, id uuid, a int8[], e interval, p char(4)); \
             INSERT INTO t VALUES (-5, -12.34, '2000-01-02', '00:00:01.5', '1970-01-01 00:00:00.000001', \
             '2000-01-01 00:00:00+01', 1234567890.0500, 0.25, '{\"a\":1}', \
             '00000000-0000-0000-0000-0000000000ff', '{1,NULL,3}', '1 day', 'x')",
        )
        .await;
    let reader = schema
        .reader(json!({ "table": "t", "column": ["*"] }))
        .await;
    let columns = reader.schema().await.unwrap();
    let types: Vec<&DataType> = columns.iter().map(|column| &column.data_type).collect();
    let micros = TimeUnit::Microsecond;
    assert_eq!(types[1], &DataType::Decimal128(15, 2));
    assert_eq!(types[4], &DataType::Timestamp(micros, None));
    assert_eq!(types[5], &DataType::Timestamp(micros, Some("UTC".into())));
    assert_eq!(columns[1].native, "numeric(15,2)");
    assert_eq!(columns[6].native, "numeric");
    assert_eq!(columns[8].extension, Some(sdk::Extension::Json));
    assert_eq!(columns[9].extension, Some(sdk::Extension::Uuid));
    let (batch, unreadable) = read_one(reader.as_ref(), false).await;
    assert!(unreadable.is_empty());
    let column = |place: usize| batch.column(place);
    assert_eq!(column(0).as_primitive::<Int64Type>().value(0), -5);
    assert_eq!(column(1).as_primitive::<Decimal128Type>().value(0), -1234);
    assert_eq!(column(2).as_primitive::<Date32Type>().value(0), 10_958);
    assert_eq!(
        column(3).as_primitive::<Time64MicrosecondType>().value(0),
        1_500_000
    );
    assert_eq!(
        column(4)
            .as_primitive::<TimestampMicrosecondType>()
            .value(0),
        1
    );
    let hour_before = 946_684_800_000_000 - 3_600_000_000;
    assert_eq!(
        column(5)
            .as_primitive::<TimestampMicrosecondType>()
            .value(0),
        hour_before
    );
    assert_eq!(column(6).as_string::<i32>().value(0), "1234567890.0500");
    assert_eq!(column(7).as_primitive::<Float64Type>().value(0), 0.25);
    assert_eq!(column(8).as_string::<i32>().value(0), "{\"a\": 1}");
    assert_eq!(column(9).as_fixed_size_binary().value(0)[15], 255);
    let list = column(10).as_list::<i32>().value(0);
    let list = list.as_primitive::<Int64Type>();
    assert_eq!(
        (list.value(0), list.is_null(1), list.value(2)),
        (1, true, 3)
    );
    assert_eq!(column(11).as_string::<i32>().value(0), "1 day");
    assert_eq!(column(12).as_string::<i32>().value(0), "x   ");
}

#[tokio::test]
async fn values_without_an_arrow_image_leave_the_other_rows_readable() {
    let schema = Schema::new("unreadable").await;
    schema
        .run(
            "CREATE TABLE t (id int, n numeric(6,2), d date, ts timestamptz, a int[]); \
             INSERT INTO t VALUES (1, 1.5, '2024-01-01', '2024-01-01 00:00+00', '{1}'), \
             (2, 'NaN', '2024-01-01', NULL, NULL), (3, 2.5, 'infinity', '-infinity', NULL), \
             (4, 3.5, NULL, NULL, '{{1,2},{3,4}}'), (5, NULL, NULL, NULL, NULL)",
        )
        .await;
    let reader = schema.reader(json!({ "table": "t" })).await;
    let (batch, unreadable) = read_one(reader.as_ref(), false).await;
    let ids = batch
        .column(0)
        .as_primitive::<arrow_array::types::Int32Type>();
    assert_eq!(ids.values().to_vec(), [1, 5]);
    let seen: Vec<(&str, &str)> = unreadable
        .iter()
        .map(|row| (row.column.as_deref().unwrap(), row.reason.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("n", "NaN has no counterpart among decimals"),
            ("d", "an infinite date has no counterpart"),
            ("a", "an array of 2 dimensions has no counterpart"),
        ]
    );
    assert_eq!(
        serde_json::Value::Object(unreadable[1].row.clone()),
        json!({ "id": 3, "n": "2.50", "d": "infinity", "ts": "-infinity", "a": null })
    );
    // Columns that pass in wire form stand in such a row as text, too, so that it can be fed back.
    let split = &reader.splits(1).await.unwrap().splits[0];
    let wire = options(vec![false, false, true, true, true]);
    let read: Vec<ReadBatch> = reader
        .read(split, &wire)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(read[0].unreadable.len(), 1);
    assert_eq!(
        serde_json::Value::Object(read[0].unreadable[0].row.clone()),
        json!({ "id": 2, "n": "NaN", "d": "2024-01-01", "ts": null, "a": null })
    );
}

#[tokio::test]
async fn wire_values_are_shown_as_text() {
    let schema = Schema::new("wire_text").await;
    schema.run(OWN_TYPES).await;
    fill(&schema, "a", true).await;
    let reader = schema.reader(json!({ "table": "a" })).await;
    let columns = reader.schema().await.unwrap();
    let (batch, _) = read_one(reader.as_ref(), true).await;
    let expected = schema.rows("SELECT * FROM a").await;
    let mut compared = 0;
    for (place, column) in columns.iter().enumerate() {
        let native = column.native.as_str();
        // These are shown as hexadecimal digits, or with their shape in front.
        if column.wire.is_none() || ["point", "polygon", "tsvector"].contains(&native) {
            continue;
        }
        let cells = batch.column(place).as_binary::<i32>();
        for (row, expected) in expected.iter().enumerate() {
            let Some(expected) = expected[place].as_deref().filter(|_| cells.is_valid(row)) else {
                continue;
            };
            if expected.contains("}}")
                || expected.starts_with("[0:1]=")
                || native.ends_with("[]") && expected.contains('+')
            {
                continue;
            }
            compared += 1;
            let text = reader.wire_text(place, cells.value(row));
            let plain = |text: &str| text.replace("\"", "");
            assert_eq!(plain(&text), plain(expected), "{native}");
        }
    }
    assert!(compared > 60);
}

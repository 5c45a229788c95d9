//! Expressions and filters at their public functions.

mod transformer;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema};
use chrono::{DateTime, Utc};
use sdk::{Error, Kind};

use super::Expression;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

/// Four rows: `id`, `Name`, `price`, `weight`, `at` and `odd name`, each with a NULL.
fn batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "id",
            Arc::new(Int64Array::from(vec![
                Some(1),
                Some(0),
                None,
                Some(i64::MAX),
            ])),
        ),
        (
            "Name",
            Arc::new(StringArray::from(vec![
                Some("Ada"),
                Some("7"),
                Some("é"),
                None,
            ])),
        ),
        (
            "price",
            Arc::new(
                Decimal128Array::from(vec![Some(150), None, Some(-5), Some(0)])
                    .with_precision_and_scale(15, 2)
                    .unwrap(),
            ),
        ),
        (
            "weight",
            Arc::new(Float64Array::from(vec![
                Some(0.5),
                Some(-0.0),
                None,
                Some(f64::NAN),
            ])),
        ),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![
                Some(0),
                Some(1),
                None,
                Some(2),
            ])),
        ),
        (
            "odd name",
            Arc::new(StringArray::from(vec![
                Some(""),
                None,
                Some("x"),
                Some("y"),
            ])),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn plan(sql: &str) -> Result<Expression, Error> {
    Expression::plan(sql, &batch().schema(), now())
}

/// The results as text, failed rows as `!`.
fn shown(sql: &str) -> Vec<String> {
    let converted = plan(sql).unwrap().evaluate(&batch()).unwrap();
    assert_eq!(converted.array.len(), 4);
    let bad: Vec<usize> = converted.bad.iter().map(|bad| bad.row).collect();
    (0..4)
        .map(|row| {
            if bad.contains(&row) {
                assert!(converted.array.is_null(row), "a failed row is NULL");
                return "!".to_string();
            }
            match sdk::cell_to_json(converted.array.as_ref(), row) {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            }
        })
        .collect()
}

fn refusal(sql: &str) -> (String, String) {
    let error = plan(sql).unwrap_err();
    assert_eq!(error.kind(), Kind::Config, "{sql}");
    (
        error.to_string(),
        error.hint_text().unwrap_or_default().to_string(),
    )
}

#[test]
fn columns_are_named_in_order_and_keep_their_case() {
    let names = Expression::column_names(
        "CASE WHEN \"odd name\" = 'x' THEN upper(Name) ELSE id::text || Name END",
    );
    assert_eq!(names.unwrap(), ["odd name", "Name", "id"]);
    assert_eq!(
        Expression::column_names("extract(year FROM a.b) + 1").unwrap(),
        ["a"]
    );
    assert!(Expression::column_names("now()").unwrap().is_empty());
}

#[test]
fn functions_and_operators_see_one_row() {
    assert_eq!(shown("upper(Name)"), ["ADA", "7", "É", "null"]);
    assert_eq!(shown("\"odd name\" || '!'"), ["!", "null", "x!", "y!"]);
    assert_eq!(
        shown("coalesce(id, -1)"),
        ["1", "0", "-1", "9223372036854775807"]
    );
    assert_eq!(shown("substring(Name from 2)"), ["da", "", "", "null"]);
    assert_eq!(
        shown("regexp_like(Name, '^[0-9]+$')"),
        ["false", "true", "false", "null"]
    );
    assert_eq!(
        shown("CASE WHEN id > 0 THEN 'many' ELSE 'none' END"),
        ["many", "none", "none", "many"]
    );
    assert_eq!(
        shown("md5(lower(left(Name, 1)))")[0],
        "0cc175b9c0f1b6a831c399e269772661"
    );
    assert_eq!(shown("encode(sha256('a'::bytea), 'hex')")[0].len(), 64);
    assert_eq!(shown("date_trunc('day', at)")[1], "1970-01-01T00:00:00");
    assert_eq!(shown("`odd name`")[2], "x");
}

#[test]
fn a_dot_reaches_into_a_struct_and_quotes_into_a_name() {
    let fields = vec![Field::new("b", DataType::Int64, true)];
    let inner: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
    let columns: [(&str, ArrayRef); 2] = [
        (
            "a",
            Arc::new(StructArray::new(fields.into(), vec![inner.clone()], None)),
        ),
        ("a.b", Arc::new(Int64Array::from(vec![1, 2]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let evaluate = |sql: &str| {
        let expression = Expression::plan(sql, &batch.schema(), now()).unwrap();
        expression.evaluate(&batch).unwrap().array
    };
    assert_eq!(&evaluate("a.b"), &inner);
    assert_eq!(
        evaluate("\"a.b\" + 1").as_primitive::<Int64Type>().values(),
        &[2, 3]
    );
}

#[test]
fn decimals_stay_decimals() {
    assert_eq!(shown("price * 1.1"), ["1.650", "null", "-0.055", "0.000"]);
    let expression = plan("price + 0.001").unwrap();
    assert!(matches!(expression.data_type(), DataType::Decimal128(_, 3)));
    let array = expression.evaluate(&batch()).unwrap().array;
    assert_eq!(array.as_primitive::<Decimal128Type>().value(0), 1_501);
}

#[test]
fn only_the_rows_that_fail_are_bad() {
    assert_eq!(shown("10 / id"), ["10", "!", "null", "0"]);
    assert_eq!(shown("id + 1"), ["2", "1", "null", "!"]);
    assert_eq!(shown("id * 2"), ["2", "0", "null", "!"]);
    assert_eq!(shown("- (id - 9223372036854775807 - 1 + 0 * id)")[1], "!");
    assert_eq!(shown("CAST(Name AS bigint)"), ["!", "7", "!", "null"]);
    assert_eq!(
        shown("TRY_CAST(Name AS bigint)"),
        ["null", "7", "null", "null"]
    );
    let bad = plan("10 / id").unwrap().evaluate(&batch()).unwrap().bad;
    assert_eq!(bad[0].row, 1);
    assert_eq!(
        bad[0].reason,
        "expression `10 / id` failed: divide by zero error"
    );
}

#[test]
fn few_failures_in_a_large_batch_are_found() {
    let ids = (0..10_000).map(|row| if row % 3_333 == 0 { 0 } else { row });
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
    let expression = Expression::plan("100000 / id", &batch.schema(), now()).unwrap();
    let converted = expression.evaluate(&batch).unwrap();
    let bad: Vec<usize> = converted.bad.iter().map(|bad| bad.row).collect();
    assert_eq!(bad, [0, 3_333, 6_666, 9_999]);
    assert_eq!(converted.array.len(), 10_000);
    assert_eq!(converted.array.as_primitive::<Int64Type>().value(2), 50_000);
    let sliced = expression.evaluate(&batch.slice(3_330, 5)).unwrap();
    assert_eq!(sliced.bad[0].row, 3);
    assert_eq!(
        expression.evaluate(&batch.slice(0, 0)).unwrap().array.len(),
        0
    );
}

#[test]
fn the_clock_is_read_once() {
    let today = plan("current_date").unwrap().evaluate(&batch()).unwrap();
    assert_eq!(today.array.as_primitive::<Date32Type>().value(3), 19_675);
    assert_eq!(shown("now() = now()"), ["true"; 4]);
    assert_eq!(
        shown("to_char(now(), '%Y-%m-%d %H:%M:%S')"),
        ["2023-11-14 22:13:20"; 4]
    );
    assert_ne!(shown("uuid()")[0], shown("uuid()")[1]);
}

#[test]
fn constants_are_evaluated_when_planned() {
    assert_eq!(shown("1 + 1"), ["2"; 4]);
    assert_eq!(plan("NULL").unwrap().data_type(), &DataType::Null);
    assert_eq!(shown("CAST(NULL AS text)"), ["null"; 4]);
    assert!(refusal("1 / 0").0.ends_with("divide by zero error"));
    assert!(refusal("9223372036854775807 + 1").0.contains("overflow"));
    assert!(refusal("CAST('x' AS int)").0.contains("cast"));
}

#[test]
fn types_and_nullability_are_known_before_any_row() {
    let schema = Schema::new(vec![Field::new("n", DataType::Int32, false)]);
    let expression = Expression::plan("n + 1", &schema, now()).unwrap();
    assert_eq!(expression.data_type(), &DataType::Int64);
    assert!(!expression.nullable());
    assert_eq!(plan("Name").unwrap().data_type(), &DataType::Utf8);
    assert_eq!(
        plan("CAST(id AS varchar)").unwrap().data_type(),
        &DataType::Utf8
    );
    assert!(plan("id").unwrap().nullable());
}

#[test]
fn what_cannot_be_used_is_refused_with_a_way_out() {
    let one_row = "an expression sees one row at a time; do this in the reader's query";
    let cases = [
        ("name", "there is no column `name`", "did you mean `Name`?"),
        (
            "upperr(Name)",
            "there is no function `upperr`",
            "did you mean `upper`?",
        ),
        ("sum(id)", "`sum` aggregates over many rows", one_row),
        ("count(*)", "`count` aggregates over many rows", one_row),
        (
            "row_number() OVER (ORDER BY id)",
            "`row_number` is a window function",
            one_row,
        ),
        ("(SELECT 1)", "it holds a subquery", one_row),
        ("id IN (SELECT 1)", "it holds a subquery", one_row),
        (
            "id AS x",
            "`AS x` has no place here",
            "name the result with `name` beside the expression",
        ),
        (
            "$1",
            "`$1` is a placeholder without a value",
            "write a parameter as `${name}`",
        ),
        (
            "\"Ada\"",
            "there is no column `Ada`",
            "text stands in single quotes: 'text'",
        ),
        (" ", "it is empty", ""),
    ];
    for (sql, why, hint) in cases {
        let (message, said) = refusal(sql);
        assert_eq!(message, format!("cannot use expression `{sql}`: {why}"));
        assert_eq!(said, hint, "{sql}");
    }
    for sql in [
        "id +",
        "upper(",
        "id id",
        "'open",
        "upper(Name, Name, Name)",
        "id + Name",
        "SELECT 1",
        "Name AND id",
    ] {
        let (message, _) = refusal(sql);
        assert!(message.starts_with("cannot use expression `"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
    assert!(
        refusal("id +").0.contains("expected: an expression"),
        "{}",
        refusal("id +").0
    );
}

#[test]
fn no_text_exhausts_the_stack() {
    for (open, close) in [
        ("(", ")"),
        ("NOT ", ""),
        ("-", ""),
        ("upper(", ")"),
        ("id + ", ""),
    ] {
        for depth in [20, 90, 250, 2_000] {
            let sql = format!("{}id{}", open.repeat(depth), close.repeat(depth));
            if let Ok(expression) = plan(&sql) {
                let _ = expression.evaluate(&batch());
            }
        }
    }
    assert!(
        refusal(&"x".repeat(20_000))
            .0
            .ends_with("it is longer than 16 KiB")
    );
    let chain = format!("id{}", " + 1".repeat(200));
    assert_eq!(shown(&chain)[0], "201");
    let (message, hint) = refusal(&format!("id{}", " + 1".repeat(300)));
    assert!(
        message.ends_with("it is nested more than 256 levels deep"),
        "{message}"
    );
    assert_eq!(hint, "use IN (…) or CASE instead of a long chain");
}

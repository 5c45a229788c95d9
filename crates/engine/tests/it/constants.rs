//! Constants in the reader's list: each becomes the target's type once, or the job is refused.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type};
use arrow_schema::DataType;
use sdk::Column;
use testkit::{id_column, run_job};

use crate::setup::{Bench, document};

fn target(bench: &Bench, types: &[DataType]) {
    let typed = types.iter().enumerate();
    let typed = typed.map(|(place, data_type)| Column::new(format!("c{place}"), data_type.clone()));
    bench
        .target
        .offer([id_column()].into_iter().chain(typed).collect(), Vec::new());
}

#[tokio::test]
async fn a_constant_becomes_what_the_target_column_is() {
    let bench = Bench::new("typed constants").with_rows(1, 2);
    let decimal = DataType::Decimal128(10, 2);
    target(
        &bench,
        &[
            DataType::Int32,
            decimal.clone(),
            DataType::Boolean,
            DataType::Int32,
            decimal,
            DataType::Boolean,
            DataType::Utf8,
        ],
    );
    let text = document(
        r#"["id", 1, "2.50", true, null, "'3.5'", "'yes'", "'${bdp.system.bizdate}'"]"#,
        "",
        "{}",
    );
    let ended = run_job(&bench.run(&text)).await;
    assert!(ended.failure.is_none(), "{:?}", ended.failure);
    assert_eq!(ended.report.counts.rows_written, 2);
    for row in bench.target.rows() {
        let column = |place: usize| row.column(place);
        assert_eq!(column(1).as_primitive::<Int32Type>().value(0), 1);
        assert_eq!(column(2).as_primitive::<Decimal128Type>().value(0), 250);
        assert!(column(3).as_boolean().value(0));
        assert!(column(4).is_null(0));
        assert_eq!(column(5).as_primitive::<Decimal128Type>().value(0), 350);
        assert!(column(6).as_boolean().value(0));
        // The tests' clock stands on 4 October 2024.
        assert_eq!(column(7).as_string::<i32>().value(0), "20241003");
    }
}

#[tokio::test]
async fn a_constant_that_does_not_fit_stops_the_job_before_a_row_moves() {
    for (constant, data_type, reason) in [
        ("\"'x'\"", DataType::Int32, "\"x\" does not fit"),
        ("2.5", DataType::Int32, "it is not a whole number"),
        ("3000000000", DataType::Int32, "does not fit"),
        ("\"'maybe'\"", DataType::Boolean, "neither true nor false"),
    ] {
        let bench = Bench::new(&format!("unfit {constant} {data_type}")).with_rows(1, 2);
        target(&bench, &[data_type]);
        let text = document(&format!(r#"["id", {constant}]"#), "", "{}");
        let error = bench.run(&text).plan().await.err().unwrap();
        assert!(
            error.contains("cannot be mapped") && error.contains(reason),
            "{constant}: {error}"
        );
    }
}

//! Dates and times: text in, units and zones.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date64Array, DurationNanosecondArray, DurationSecondArray, Int64Array,
    IntervalYearMonthArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::{UTC, convert, shown, text, timestamp};

#[test]
fn text_becomes_dates_and_times_strictly() {
    let dates = text(&[
        "2024-02-29",
        "20240229",
        "2024-02-29 00:00:00",
        "2024-02-29T00:00",
        "2023-02-29",
        "2024-02-29 00:00:01",
        "0001-01-01",
        "0000-01-01",
        "00000101",
        "-0000-01-01",
        "+0000-01-01",
        "-0043-03-15",
        "294276-12-31",
        "2024-2-9",
        "infinity",
    ]);
    let date = "! it is not a date like 2024-02-29";
    assert_eq!(
        shown(dates, &DataType::Date32),
        [
            "2024-02-29",
            "2024-02-29",
            "2024-02-29",
            "2024-02-29",
            "! the calendar has no such day",
            "! its time of day is not midnight",
            "0001-01-01",
            "! the calendar has no year 0",
            "! the calendar has no year 0",
            "! the calendar has no year 0",
            "+0000-01-01",
            "-0043-03-15",
            "294276-12-31",
            date,
            date
        ]
    );
    let timestamps = text(&[
        "2024-01-01T08:00:00.5+08:00",
        "2024-01-01 00:00:00 -0530",
        "20240101123456",
        "2024-01-01",
        "9999-12-31 23:59:59.999999",
        "294247-01-10 04:00:54.775807Z",
        "2016-12-31 23:59:60",
        "2024-01-01 24:00:00",
        "2024-01-01 00:00:00.0000001",
        "2024-01-01 00:00:00.0000000000",
        "294247-01-10 04:00:54.775808",
        "2024-01-01 00:00:00+25",
        "2024-01-01 00:00:00 ",
    ]);
    let wanted = [
        "2024-01-01 00:00:00.5",
        "2024-01-01 05:30:00",
        "2024-01-01 12:34:56",
        "2024-01-01 00:00:00",
        "9999-12-31 23:59:59.999999",
        "294247-01-10 04:00:54.775807",
        "! a leap second has no place in any timestamp",
        "! it is not a time of day like 23:59:59.5",
        "! it is finer than a microsecond",
        "2024-01-01 00:00:00",
        "! it is out of range",
        "! it is not a date and time like 2024-02-29 23:59:59.5",
        "2024-01-01 00:00:00",
    ];
    assert_eq!(
        shown(timestamps.clone(), &timestamp(TimeUnit::Microsecond)),
        wanted
    );
    let zoned = shown(
        timestamps,
        &DataType::Timestamp(TimeUnit::Microsecond, Some("Asia/Shanghai".into())),
    );
    assert_eq!(zoned[0], "2024-01-01 00:00:00.5+00:00");
    let times = text(&[
        "23:59:59.999999",
        "07:05",
        "24:00:00",
        "1:02:03",
        "12:00:00Z",
    ]);
    let time = "! it is not a time of day like 23:59:59.5";
    assert_eq!(
        shown(times, &DataType::Time64(TimeUnit::Microsecond)),
        ["23:59:59.999999", "07:05:00", time, time, time]
    );
}

#[test]
fn time_units_and_zones_keep_the_instant() {
    let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![
        1_500_000,
        -1,
        i64::MAX,
        86_400_000_000,
    ]));
    let fine = "! it is finer than a millisecond";
    assert_eq!(
        shown(micros.clone(), &timestamp(TimeUnit::Millisecond)),
        ["1970-01-01 00:00:01.5", fine, fine, "1970-01-02 00:00:00"]
    );
    assert_eq!(
        shown(micros.clone(), &timestamp(TimeUnit::Nanosecond))[2],
        "! it is out of range"
    );
    let midnight = "! its time of day is not midnight";
    assert_eq!(
        shown(micros.clone(), &DataType::Date32),
        [midnight, midnight, midnight, "1970-01-02"]
    );
    assert_eq!(shown(micros.clone(), &DataType::Int64)[0], "1500");
    let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("Asia/Shanghai".into()));
    let shanghai = convert(micros.clone(), &zoned).array;
    assert_eq!(shanghai.data_type(), &zoned);
    let back = convert(shanghai, &timestamp(TimeUnit::Microsecond)).array;
    assert_eq!(&back, &micros);
    let millis: ArrayRef = Arc::new(Int64Array::from(vec![1_700_000_000_000, i64::MAX]));
    assert_eq!(
        shown(
            millis,
            &DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
        ),
        ["2023-11-14 22:13:20+00:00", "! it is out of range"]
    );
    let date64: ArrayRef = Arc::new(Date64Array::from(vec![86_400_000, 1]));
    assert_eq!(
        shown(date64.clone(), &DataType::Date32),
        ["1970-01-02", midnight]
    );
    assert_eq!(
        shown(date64, &DataType::Utf8),
        ["1970-01-02", "1970-01-01 00:00:00.001"]
    );
}

#[test]
fn spans_become_text_that_postgresql_reads() {
    let nanos: ArrayRef = Arc::new(DurationNanosecondArray::from(vec![
        Some(86_402_000_000_003),
        Some(-500_000_000),
        Some(0),
        None,
        Some(i64::MIN),
    ]));
    assert_eq!(
        shown(nanos, &DataType::Utf8),
        [
            "PT86402.000000003S",
            "PT-0.5S",
            "PT0S",
            "NULL",
            "PT-9223372036.854775808S"
        ]
    );
    let seconds: ArrayRef = Arc::new(DurationSecondArray::from(vec![i64::MIN, 60]));
    assert_eq!(
        shown(seconds, &DataType::Utf8),
        ["PT-9223372036854775808S", "PT60S"]
    );
    let months: ArrayRef = Arc::new(IntervalYearMonthArray::from(vec![14, -14, 0]));
    assert_eq!(
        shown(months, &DataType::Utf8),
        // Two years back and ten months on.
        ["1 years 2 mons", "-2 years 10 mons", "0 years 0 mons"]
    );
}

//! Parameters from the outside: baselines, declared values, substitution.

use chrono::{Days, NaiveDate, NaiveDateTime};
use job::{Document, Parameters, RunNumber, parse_bizdate, parse_cyctime};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::{STREAM, now, read_with, seed};

fn date(text: &str) -> NaiveDate {
    parse_bizdate(text).expect("a date")
}

fn time(text: &str) -> NaiveDateTime {
    parse_cyctime(text).expect("a time")
}

#[test]
fn baselines_follow_from_each_other() {
    let values = |bizdate: Option<&str>, cyctime: Option<&str>| {
        let parameters = Parameters::at(now(), bizdate.map(date), cyctime.map(time));
        ["bdp.system.bizdate", "bdp.system.cyctime"].map(|name| parameters.value(name).expect(name))
    };
    assert_eq!(values(None, None), ["20240229", "20240301000000"]);
    assert_eq!(
        values(Some("20231231"), None),
        ["20231231", "20240101000000"]
    );
    assert_eq!(
        values(None, Some("20240101083000")),
        ["20231231", "20240101083000"]
    );
    assert_eq!(
        values(Some("20200101"), Some("20240101083000")),
        ["20200101", "20240101083000"]
    );
}

#[test]
fn declared_values_are_expressions_or_constants() {
    let mut parameters = Parameters::at(now(), None, Some(time("20240301083005")));
    parameters.set_number(RunNumber::Job, "7");
    parameters.set_number(RunNumber::Node, "31");
    parameters.set_number(RunNumber::Task, "42");
    for (value, expected) in [
        ("$bizdate", "20240229"),
        ("$cyctime", "20240301083005"),
        ("$gmtdate", "20240301"),
        ("$bizmonth", "202402"),
        ("$jobid", "7"),
        ("$nodeid", "31"),
        ("$taskid", "42"),
        ("${yyyymmdd}", "20240229"),
        ("${yyyy-mm-dd-29}", "2024-01-31"),
        ("${yyyymm-1}", "202401"),
        ("$[yyyymmddhh24miss-10/24/60]", "20240301082005"),
        ("$[add_months(yyyymmdd,12*-1)]", "20230301"),
        ("${bdp.system.bizdate}", "20240229"),
        ("pt_${yyyymmdd}_$[hh24]", "pt_20240229_08"),
        ("'$bizdate'", "$bizdate"),
        ("'${x}'", "${x}"),
        ("123", "123"),
        ("", ""),
        ("'", "'"),
        ("costs $5", "costs $5"),
    ] {
        parameters.set("k", value).expect(value);
        assert_eq!(parameters.value("k").as_deref(), Ok(expected), "{value}");
    }
}

#[test]
fn bizmonth_steps_back_only_in_the_current_month() {
    let month = |bizdate: &str, today: &str| {
        let mut parameters = Parameters::at(now(), Some(date(bizdate)), None);
        parameters.set_gmtdate(date(today));
        parameters.set("m", "$bizmonth").expect("a known word");
        parameters.value("m").expect("a month")
    };
    assert_eq!(month("20240115", "20240116"), "202312");
    assert_eq!(month("20240131", "20240201"), "202401");
    assert_eq!(month("20230116", "20240116"), "202301");
}

#[test]
fn wrong_values_are_refused_where_they_are_given() {
    let mut parameters = Parameters::at(now(), None, None);
    for (name, value, expected) in [
        ("k", "$bizdat", "did you mean `$bizdate`?"),
        ("k", "$[yyyymmddhh]", "hh24"),
        ("k", "$[yyyymmdd", "has no end"),
        ("k", "${other}", "does not begin with"),
        ("1k", "x", "is no parameter name"),
        ("a b", "x", "is no parameter name"),
        ("", "x", "is no parameter name"),
    ] {
        let error = parameters.set(name, value).expect_err(value).to_string();
        assert!(error.contains(expected), "{error}");
    }
    parameters.set("n", "$nodeid").expect("a known word");
    let error = parameters
        .value("n")
        .expect_err("no number yet")
        .to_string();
    assert_eq!(error, "`$nodeid` is known in scheduled runs only");
}

#[test]
fn dates_are_read_in_two_forms_and_no_other() {
    assert_eq!(date("20240229"), date("2024-02-29"));
    assert_eq!(time("20240229083000"), time("2024-02-29 08:30:00"));
    for text in [
        "",
        "20230229",
        "2024",
        "2024022",
        "+2240229",
        "2024022９",
        "x",
    ] {
        assert!(parse_bizdate(text).is_err(), "{text}");
        assert!(parse_cyctime(text).is_err(), "{text}");
    }
    assert!(parse_cyctime("20240229240000").is_err());
}

#[test]
fn substitution_leaves_structure_and_keys_alone() {
    let reader = r#"{"plugin": "stream", "parameter": {"a ${x}": "<${x}>", "where": "c = '$5' and j = '$[0].a' and d = $1"}}"#;
    let mut parameters = Parameters::at(now(), None, None);
    let hostile = "\"}], \"evil\": {\" \\ \n ${x} $[yyyy]";
    parameters
        .set("x", &format!("'{hostile}'"))
        .expect("a constant");
    let (job, warnings) = read_with(&seed(reader, STREAM), parameters).expect("a job");
    assert!(warnings.is_empty(), "{warnings}");
    let parameter = &job.reader.parameter;
    assert_eq!(parameter.len(), 2);
    assert_eq!(parameter["a ${x}"], format!("<{hostile}>"));
    assert_eq!(parameter["where"], "c = '$5' and j = '$[0].a' and d = $1");
}

#[test]
fn every_reference_is_listed_once_with_its_places() {
    let text = seed(
        r#"{"plugin": "stream", "parameter": {"a": "${x}", "b": ["${x} $[yyyy]"], "password": "${x}", "c": "${nowhere}"}}"#,
        STREAM,
    );
    let document = Document::parse("job.json", &text).expect("a document");
    let mut parameters = Parameters::at(now(), None, None);
    parameters.set("x", "1").expect("a constant");
    parameters.set("unused", "2").expect("a constant");
    let resolved: Vec<_> = parameters
        .resolve_all(&document)
        .into_iter()
        .map(|one| {
            (
                one.reference,
                one.value.map_err(|error| error.to_string()),
                one.pointers,
            )
        })
        .collect();
    let at = |key: &str| format!("/configuration/reader/parameter/{key}");
    let known = |reference: &str, value: &str, places: Vec<String>| {
        (reference.to_owned(), Ok(value.to_owned()), places)
    };
    assert_eq!(
        resolved,
        [
            known("${x}", "1", vec![at("a"), at("b/0")]),
            known("$[yyyy]", "2024", vec![at("b/0")]),
            known("${x}", "***", vec![at("password")]),
            (
                "${nowhere}".to_owned(),
                Err("parameter `nowhere` has no value".to_owned()),
                vec![at("c")]
            ),
            known("${unused}", "2", vec![]),
        ]
    );
}

#[test]
fn the_guide_is_right() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guide/parameters.md"
    );
    let guide = std::fs::read_to_string(path).expect("the guide");
    let (_, examples) = guide.split_once("## Examples").expect("its examples");
    let parameters = Parameters::at(now(), Some(date("20240131")), None);
    let mut count = 0;
    for row in examples.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('`').collect();
        let reader = format!(
            r#"{{"plugin": "stream", "parameter": {{"a": "{}"}}}}"#,
            cells[1]
        );
        let (job, _) = read_with(&seed(&reader, STREAM), parameters.clone()).expect("a job");
        assert_eq!(job.reader.parameter["a"], cells[3], "{row}");
        count += 1;
    }
    assert_eq!(count, 5);
}

proptest! {
    #[test]
    fn day_offsets_are_calendar_days(days in 0_u64..80_000, back in any::<bool>()) {
        let base = date("19990228");
        let (sign, expected) = match back {
            true => ('-', base - Days::new(days)),
            false => ('+', base + Days::new(days)),
        };
        let mut parameters = Parameters::at(now(), Some(base), Some(base.into()));
        for (open, close) in [("${", "}"), ("$[", "]")] {
            parameters.set("k", &format!("{open}yyyymmdd{sign}{days}{close}")).expect("an expression");
            prop_assert_eq!(parameters.value("k").expect("a date"), expected.format("%Y%m%d").to_string());
        }
    }

    #[test]
    fn minute_offsets_add_up(minutes in 0_i64..500_000) {
        let base = time("20240301000000");
        let mut parameters = Parameters::at(now(), None, Some(base));
        parameters.set("k", &format!("$[yyyymmddhh24miss-{minutes}/24/60]")).expect("an expression");
        let expected = base - chrono::TimeDelta::minutes(minutes);
        prop_assert_eq!(parameters.value("k").expect("a time"), expected.format("%Y%m%d%H%M%S").to_string());
    }

    #[test]
    fn values_pass_through_unchanged(value in any::<String>()) {
        let mut parameters = Parameters::at(now(), None, None);
        parameters.set("x", &format!("'{value}'")).expect("a constant");
        let reader = r#"{"plugin": "stream", "parameter": {"a": "${x}"}}"#;
        let (job, _) = read_with(&seed(reader, STREAM), parameters).expect("a job");
        prop_assert_eq!(job.reader.parameter["a"].as_str(), Some(value.as_str()));
    }

    #[test]
    fn no_expression_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("yyyy".to_owned()), Just("mm".to_owned()), Just("dd".to_owned()), Just("hh24".to_owned()),
                Just("add_months(".to_owned()), Just(",".to_owned()), Just(")".to_owned()), Just("-".to_owned()),
                Just("*".to_owned()), Just("/".to_owned()), "[0-9]{1,12}", any::<char>().prop_map(String::from),
            ],
            0..12,
        ),
        open in prop_oneof![Just("${"), Just("$["), Just("$")],
    ) {
        let close = if open == "${" { "}" } else { "]" };
        let mut parameters = Parameters::at(now(), None, None);
        let value = format!("{open}{}{close}", pieces.concat());
        if parameters.set("k", &value).is_ok() {
            let first = parameters.value("k");
            prop_assert!(first == parameters.value("k"));
        }
    }
}

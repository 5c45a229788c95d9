//! Conversion: the same job comes out of the document and of what it is converted to.

use job::{Document, Job, Options, Parameters, Strictness};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::now;

/// One document of each spelling with everything in it that `convert` touches.
pub(crate) const SAMPLES: [&str; 3] = [
    include_str!("../golden/datax_full.json"),
    include_str!("../golden/dataworks2_full.json"),
    include_str!("../../../../examples/import.json"),
];

fn job(text: &str, strictness: Option<Strictness>) -> Job {
    let document =
        Document::parse("job.json", text).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    let mut parameters = Parameters::at(now(), None, None);
    for name in ["table", "channels", "day"] {
        parameters.set(name, "7").expect("a constant");
    }
    let options = Options {
        strictness,
        parameters,
    };
    let (mut job, _) =
        job::normalise(&document, &options).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    job.origins = Default::default();
    job
}

fn converted(text: &str) -> String {
    let document = Document::parse("job.json", text).expect("a document");
    job::convert(&document)
        .expect("a document that can be converted")
        .0
}

#[test]
fn samples_mean_the_same_afterwards() {
    for text in SAMPLES {
        let out = converted(text);
        assert_eq!(
            job(&out, Some(Strictness::Strict)),
            job(text, None),
            "{out}"
        );
        assert_eq!(converted(&out), out);
    }
}

#[test]
fn comments_stay_with_what_they_describe() {
    let out = converted(SAMPLES[0]);
    for comment in [
        "// the file begins",
        "# the name on its line",
        "/* before the column */",
        "# inside the column",
        "// how many channels",
        "// the file ends",
    ] {
        assert_eq!(out.matches(comment).count(), 1, "{comment}\n{out}");
    }
}

#[test]
fn a_limit_that_needs_a_number_is_not_lost() {
    let text = r#"{"core": {"transport": {"channel": {"speed": {"byte": 1000}}}}, "job": {"setting": {"speed": {"channel": "${channels}"}},
        "content": [{"reader": {"name": "streamreader", "parameter": {}}, "writer": {"name": "streamwriter", "parameter": {}}}]}}"#;
    let document = Document::parse("job.json", text).expect("a document");
    let problems = job::convert(&document).expect_err("a parameter where a number is needed");
    assert!(
        problems.to_string().contains("the limits follow from it"),
        "{problems}"
    );
    assert_eq!(job(text, None).setting.bytes_per_second, Some(7_000));
}

#[test]
fn names_take_the_place_of_what_is_written_into_the_document() {
    let names = job::DatasourceNames {
        reader: Some("orders"),
        writer: Some("lake"),
    };
    for text in SAMPLES {
        let document = Document::parse("job.json", text).expect("a document");
        let (out, _) = job::convert_naming(&document, names).expect("a document");
        let (named, before) = (job(&out, Some(Strictness::Strict)), job(text, None));
        let wanted = |name: &str| job::Datasource::Named(name.to_owned());
        assert_eq!(named.reader.datasource, wanted("orders"), "{out}");
        assert_eq!(named.writer.datasource, wanted("lake"), "{out}");
        assert_eq!(named.reader.parameter, before.reader.parameter, "{out}");
        assert_eq!(named.writer.columns, before.writer.columns, "{out}");
        assert!(job::written_secrets(&out).is_empty(), "{out}");
    }
    let document = Document::parse("job.json", SAMPLES[2]).expect("a document");
    let (out, _) = job::convert_naming(&document, names).expect("a document");
    assert_eq!(
        out.matches("//").count(),
        SAMPLES[2].matches("//").count(),
        "{out}"
    );
}

fn text_value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_filter("references need a value", |text| !text.contains('$')),
        Just("a ${table} b $day".to_owned()),
        Just("line one\nline two".to_owned()),
        Just("${bdp.system.bizdate}".to_owned()),
    ]
    .prop_map(|text| serde_json::Value::from(text).to_string())
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.join(","))
}

fn speed() -> impl Strategy<Value = String> {
    let amount = prop_oneof![
        (1..1_000_000_u64).prop_map(|number| number.to_string()),
        (1..1_000_000_u64).prop_map(|number| format!("\"{number}\"")),
        Just("-1".to_owned()),
    ];
    let channel = prop_oneof![
        Just("5".to_owned()),
        Just("\"3\"".to_owned()),
        Just("\"${channels}\"".to_owned())
    ];
    let member = |key: &'static str, value: proptest::strategy::BoxedStrategy<String>| {
        proptest::option::of(value)
            .prop_map(move |value| value.map(|value| format!("\"{key}\": {value}")))
    };
    (
        member("channel", channel.boxed()),
        member("byte", amount.clone().boxed()),
        member("record", amount.boxed()),
    )
        .prop_map(|(channel, byte, record)| {
            let members: Vec<String> = [channel, byte, record].into_iter().flatten().collect();
            format!("{{{}}} // how fast", members.join(", /* and */ "))
        })
}

proptest! {
    #[test]
    fn any_datax_job_means_the_same_afterwards(
        tables in proptest::collection::vec(text_value(), 1..3),
        urls in proptest::collection::vec(text_value(), 1..3),
        // A bare `$day` inside a secret stays as it is, and only DataX knows it.
        password in text_value().prop_filter("see above", |text| !text.contains("$day")),
        wheres in text_value(),
        columns in proptest::collection::vec("[a-z]{1,8}", 1..4),
        speed in speed(),
        limit in prop_oneof![Just("{}"), Just("{\"record\": \"\"}"), Just("{\"record\": 0, \"percentage\": 0.02}"), Just("{\"percentage\": \"0.5\"}")],
        rates in prop_oneof![Just(""), Just(", \"core\": {\"transport\": {\"channel\": {\"speed\": {\"byte\": 1000, \"record\": \"100\"}}}}")],
    ) {
        let columns: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let text = format!(
            r#"{{"job": {{ # a job
                "setting": {{"speed": {speed}
                , "errorLimit": {limit}}},
                "content": [{{"reader": {{"name": "mysqlreader", "parameter": {{"username": "u", "password": {password},
                    "connection": [{{"table": {tables}, "jdbcUrl": {urls}}}],
                    "where": {wheres}, // which rows
                    "column": {columns}}}}},
                  "writer": {{"parameter": {{"print": false}}, "name": "streamwriter"}},
                  "transformer": [{{"name": "dx_filter", "parameter": {{"columnIndex": 0, "paras": ["=", "null"]}}}}]
                }}]}}{rates}}}"#,
            tables = list(&tables),
            urls = list(&urls),
            columns = list(&columns),
        );
        let document = Document::parse("job.json", &text).expect("a document");
        match job::convert(&document) {
            // Limits that are too high are refused both ways.
            Ok((out, _)) => prop_assert_eq!(try_job(&out), try_job(&text), "{}", out),
            Err(problems) => {
                let about_rates = problems.to_string().contains("the limits follow from it");
                prop_assert!(about_rates && text.contains("\"${channels}\""), "{}", problems);
            }
        }
    }
}

/// The job, or nothing when it is refused.
fn try_job(text: &str) -> Option<Job> {
    let document = Document::parse("job.json", text).expect("a document");
    let mut parameters = Parameters::at(now(), None, None);
    for name in ["table", "channels", "day"] {
        parameters.set(name, "7").expect("a constant");
    }
    let (mut job, _) = job::normalise(&document, &Options::new(parameters)).ok()?;
    job.origins = Default::default();
    Some(job)
}

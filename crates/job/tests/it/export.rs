//! The way out: the same job comes in again wherever nothing is lost, and what is lost is told.

use job::{DatasourceNames, Document, Job, Options, Parameters, Spelling};

use crate::convert::SAMPLES;
use crate::now;

const SHOP: &str = r#"{"type": "job", "version": "1.0", "configuration": {
  // from the shop
  "reader": {"plugin": "postgresql", "parameter": {"datasource": "my-shop", "table": ["a", "b"],
    "column": ["id", "'x'", 1, null, true], "where": "day = '${day}'", "splitPk": "id"}},
  "writer": {"plugin": "odps", "parameter": {"datasource": "lake", "table": "orders", "partition": "pt=${day}",
    "column": ["*"], "truncate": true}},
  "transformer": [{"name": "dx_substr", "parameter": {"columnIndex": 1, "paras": ["0", "1"]}}],
  "setting": {"errorLimit": {"record": "0"}, "speed": {"concurrent": 7, "throttle": true, "mbps": 7}, "retries": 2}}}"#;

const FILES: &str = r#"{"type": "job", "version": "1.0", "configuration": {
  "reader": {"plugin": "file", "parameter": {"path": ["/in"], "column": [{"index": 0, "type": "long"}], "fieldDelimiter": ","}},
  "writer": {"plugin": "stream", "parameter": {"print": false}},
  "setting": {"speed": {"concurrent": 2, "record": 5000}, "errorLimit": {"percentage": 0.02}}}}"#;

fn parse(text: &str) -> Document {
    Document::parse("job.json", text).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn job(text: &str) -> Job {
    let mut parameters = Parameters::at(now(), None, None);
    for name in [
        "table",
        "channels",
        "day",
        "reader_password",
        "writer_password",
        "reader_accessKey",
        "writer_accessKey",
        "reader_securityToken",
        "writer_securityToken",
    ] {
        parameters.set(name, "7").expect("a constant");
    }
    let made = job::normalise(&parse(text), &Options::new(parameters));
    let (mut job, _) = made.unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    job.origins = Default::default();
    job
}

/// The text in a spelling, and the pointers of what is lost.
fn exported(text: &str, to: Spelling) -> (String, Vec<String>) {
    let (text, problems) = job::export(&parse(text), to).unwrap_or_else(|found| panic!("{found}"));
    let lost = problems
        .iter()
        .filter(|found| found.severity == job::Severity::Error);
    (text, lost.map(|found| found.pointer.clone()).collect())
}

/// What comes in again of it, with data sources named as an import names them.
fn imported(text: &str, names: DatasourceNames<'_>) -> String {
    let made = job::convert_naming(&parse(text), names);
    made.unwrap_or_else(|found| panic!("{text}\n{found}")).0
}

#[test]
fn what_datax_has_words_for_comes_in_again_as_it_was() {
    let (out, lost) = exported(SHOP, Spelling::DataX);
    assert_eq!(lost, [""; 0], "{out}");
    for part in [
        "// from the shop",
        "\"postgresqlreader\"",
        "\"${my_shop_password}\"",
        "\"odpsServer\": \"${lake_odpsServer}\"",
        "\"channel\": 7",
        "\"byte\": 1048576",
    ] {
        assert!(out.contains(part), "{part}\n{out}");
    }
    let names = DatasourceNames {
        reader: Some("my-shop"),
        writer: Some("lake"),
    };
    let mut back = job(&imported(&out, names));
    let rule = back.writer.parameter.remove("missingColumns");
    assert_eq!(
        rule,
        Some("refuse".into()),
        "said, where DataX does otherwise"
    );
    assert_eq!(back, job(SHOP), "{out}");

    let (out, lost) = exported(FILES, Spelling::DataX);
    assert_eq!(lost, [""; 0]);
    assert_eq!(
        job(&imported(&out, DatasourceNames::default())),
        job(FILES),
        "{out}"
    );
}

#[test]
fn samples_of_every_spelling_leave_as_dataworks_2() {
    for text in SAMPLES.into_iter().chain([FILES]) {
        let (out, lost) = exported(text, Spelling::DataWorks2);
        assert!(matches!(parse(&out).spelling(), Spelling::DataWorks2));
        let (mut back, mut was) = (job(&out), job(text));
        if !lost.is_empty() {
            // The sample of DataX has transformers, which DataWorks has no words for.
            assert!(
                lost.iter().all(|pointer| pointer.ends_with("/transformer")),
                "{lost:?}"
            );
            was.transformers.clear();
        }
        // Secrets stay behind.
        for job in [&mut back, &mut was] {
            for step in [&mut job.reader, &mut job.writer] {
                if let job::Datasource::Inline(fields) = &mut step.datasource {
                    fields.retain(|key, _| !job::is_secret_key(key));
                }
            }
        }
        assert_eq!(back, was, "{out}");
    }
}

#[test]
fn all_that_is_lost_is_told_at_its_place() {
    let text = r#"{"type": "job", "version": "1.0", "configuration": {
        "reader": {"plugin": "postgresql", "parameter": {"datasource": "shop", "table": "t", "session": ["set x"],
            "column": ["id", {"expression": "upper(name)", "name": "n"}], "where": "day = '${bdp.system.bizdate}' and t = '$[yyyymmdd]'"}},
        "writer": {"plugin": "file", "parameter": {"datasource": "files", "path": "out", "fileName": "a", "format": "parquet"}},
        "filter": "id > 1",
        "setting": {"speed": {"concurrent": "${channels}", "mbps": 3}, "errorLimit": {"record": 1, "percentage": 0.1}}}}"#;
    let (out, mut lost) = exported(text, Spelling::DataX);
    lost.sort();
    assert_eq!(
        lost,
        [
            "/configuration/filter",
            "/configuration/reader/parameter/column/1",
            "/configuration/reader/parameter/session",
            "/configuration/reader/parameter/where",
            "/configuration/reader/parameter/where",
            "/configuration/setting/errorLimit/percentage",
            "/configuration/setting/speed/mbps",
            "/configuration/writer/parameter/datasource",
            "/configuration/writer/parameter/format",
        ]
    );
    assert!(!out.contains("filter") && !out.contains("parquet"), "{out}");
    assert!(matches!(parse(&out).spelling(), Spelling::DataX));
    let (_, lost) = exported(text, Spelling::DataWorks2);
    assert_eq!(lost, ["/configuration/filter"]);
}

#[test]
fn no_secret_leaves() {
    let text = r#"{"type": "job", "version": "1.0", "configuration": {
        "reader": {"plugin": "postgresql", "parameter": {"table": "t",
            "datasource": {"jdbcUrl": "jdbc:postgresql://h/d?password=hunter2", "username": "u", "password": "hunter2"}}},
        "writer": {"plugin": "odps", "parameter": {"accessId": "id", "accessKey": "hunter2", "project": "p",
            "endpoint": "http://h/api", "table": "t", "column": ["*"], "truncate": false}}}}"#;
    for to in [Spelling::Seed, Spelling::DataX, Spelling::DataWorks2] {
        let (out, lost) = exported(text, to);
        assert!(!out.contains("hunter2"), "{out}");
        assert_eq!(lost, [""; 0]);
        assert!(
            out.contains("${reader_password}") && out.contains("${writer_accessKey}"),
            "{out}"
        );
    }
}

#[test]
fn a_document_that_is_no_job_is_refused() {
    for text in [
        "{}",
        r#"{"configuration": {"reader": {"plugin": "stream"}}}"#,
        r#"{"steps": []}"#,
        "[1]",
    ] {
        for to in [Spelling::DataX, Spelling::DataWorks2] {
            let problems = job::export(&parse(text), to).expect_err(text);
            assert!(problems.has_errors(), "{text}");
        }
    }
}

//! Secrets never show: not in debug output, not in diagnostics, not in lists of parameters.

use job::{Colour, Document, Parameters};

use crate::{now, read};

const SECRET: &str = "hunter2";

const DOCUMENT: &str = r#"{"job": {
  "content": [{
    "reader": {"name": "mysqlreader", "parameter": {"username": "u", "password": "hunter2", "nmae": 1,
      "connection": [{"jdbcUrl": ["jdbc:mysql://me:hunter2@h/d?user=u&password=hunter2"], "table": ["t"], "tabel": []}]}},
    "writer": {"name": "odpswriter", "parameter": {"accessId": "id", "accessKey": "hunter2", "securityToken": ["hunter2"],
      "project": "p", "odpsServer": "http://h/api", "table": "t", "truncate": true, "nested": {"sftpPassword": {"x": "hunter2"}}}},
    "passwort": "x", "oops": 1}],
  "setting": {"speed": {"channel": 1, "token": "hunter2", "chanel": 2}, "password": "hunter2"}}}"#;

#[test]
fn nothing_printed_holds_a_secret() {
    let (job, warnings) = read(DOCUMENT).expect("a job");
    assert!(warnings.len() >= 4, "{warnings}");
    for text in [
        format!("{job:?}"),
        format!("{job:#?}"),
        warnings.to_string(),
        warnings.render(Colour::Ansi),
        format!("{warnings:?}"),
        serde_json::to_string(&warnings).expect("plain data"),
    ] {
        assert!(!text.contains(SECRET), "{text}");
    }
    let datasource = format!("{:?}", job.writer.datasource);
    assert!(datasource.contains("\"accessId\": \"id\""), "{datasource}");
    assert!(datasource.contains("\"accessKey\": ***"), "{datasource}");
    // The job itself carries them, or it could not run.
    assert!(
        serde_json::to_string(&job)
            .expect("plain data")
            .contains(SECRET)
    );
}

#[test]
fn broken_documents_hide_them_too() {
    for text in [
        r#"{"password": "hunter2" "b": 1}"#,
        r#"{"password": "hunter2", "b": }"#,
        r#"{'password': 'hunter2', b: 1}"#,
        r#"{"accessKey": hunter2 }"#,
        r#"{"a": 1, "secret": "hunter2"#,
    ] {
        let problems = match Document::parse("job.json", text) {
            Ok(document) => {
                assert!(!format!("{document:?}").contains(SECRET));
                let options = job::Options::new(Parameters::at(now(), None, None));
                job::normalise(&document, &options).expect_err(text)
            }
            Err(problems) => problems,
        };
        let shown = problems.to_string();
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn parameters_inside_secrets_are_used_and_not_shown() {
    let text = DOCUMENT.replace(
        r#""password": "hunter2", "nmae""#,
        r#""password": "pa$x${y}$$z", "nmae""#,
    );
    let document = Document::parse("job.json", &text).expect("a document");
    let mut parameters = Parameters::at(now(), None, None);
    parameters.set("y", "hunter2").expect("a constant");
    assert!(!format!("{parameters:?}").contains(SECRET));
    let listed = format!("{:?}", parameters.resolve_all(&document));
    assert!(!listed.contains(SECRET), "{listed}");
    let options = job::Options::new(parameters);
    let (job, warnings) = job::normalise(&document, &options).expect("a job");
    let json = serde_json::to_string(&job).expect("plain data");
    assert!(json.contains("pa$xhunter2$$z"), "{json}");
    assert!(!warnings.to_string().contains("$x"), "{warnings}");
}

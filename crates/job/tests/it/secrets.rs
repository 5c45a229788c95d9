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
        // Quotes and colons in the wrong place make other things of a secret than a value.
        r#"{"password" "hunter2"}"#,
        r#"{"password" = "hunter2"}"#,
        r#"{"password: "hunter2"}"#,
        r#"{"password: hunter2", "b": }"#,
        r#"{"password": "pass"hunter2"}"#,
        r#"{"Access-Key" "hunter2", "password": 1}"#,
        r#"{"password": "a", hunter2}"#,
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
fn a_number_that_is_no_json_is_not_quoted() {
    let document = Document::parse("job.json", r#"{"password": 0x1F2E}"#).expect("a document");
    let options = job::Options::new(Parameters::at(now(), None, None));
    let shown = job::normalise(&document, &options)
        .expect_err("no job")
        .to_string();
    assert!(
        shown.contains("this is not a JSON number") && !shown.contains("0x1F2E"),
        "{shown}"
    );
}

#[test]
fn the_password_of_an_address_is_a_secret_wherever_it_comes_from() {
    let text = r#"{"job": {"setting": {"speed": {"channel": 1}}, "content": [{
        "reader": {"name": "postgresqlreader", "parameter": {"column": ["*"], "connection": [
            {"jdbcUrl": ["jdbc:postgresql://h/d?user=u&password=${given}$x"], "table": ["t"]}]}},
        "writer": {"name": "streamwriter", "parameter": {}}}]}}"#;
    let document = Document::parse("job.json", text).expect("a document");
    let mut parameters = Parameters::at(now(), None, None);
    for name in ["given", "unusedPassword"] {
        parameters.set(name, SECRET).expect("a constant");
    }
    let listed = format!("{:?}", parameters.resolve_all(&document));
    assert!(
        listed.contains("${given}") && listed.contains("${unusedPassword}"),
        "{listed}"
    );
    assert!(!listed.contains(SECRET), "{listed}");
    let (job, warnings) =
        job::normalise(&document, &job::Options::new(parameters.clone())).expect("a job");
    assert!(!format!("{job:?}{warnings}").contains(SECRET));
    assert!(!warnings.to_string().contains("`$x`"), "{warnings}");
    let (converted, warnings) = job::convert(&document).expect("a document");
    assert!(converted.contains("password=${given}$x"), "{converted}");
    assert!(
        warnings
            .to_string()
            .contains("a `$` in this secret stays as it is"),
        "{warnings}"
    );
    for value in ["$hunter2", "${hunter2", "$[hunter2]"] {
        let error = parameters.set("password", value).expect_err(value);
        assert!(!error.to_string().contains(SECRET), "{error}");
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

#[test]
fn those_written_into_a_text_are_found_at_their_places() {
    let found = job::written_secrets(DOCUMENT);
    let places: Vec<&str> = found
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "/job/content/0/reader/parameter/password",
            "/job/content/0/reader/parameter/connection/0/jdbcUrl/0",
            "/job/content/0/writer/parameter/accessKey",
            "/job/content/0/writer/parameter/securityToken/0",
            "/job/content/0/writer/parameter/nested/sftpPassword/x",
            "/job/setting/speed/token",
            "/job/setting/password",
        ]
    );
    assert!(found.iter().all(|problem| problem.span.is_some()));
    for text in [
        r#"{"password": "", "accessKey": null, "accessId": "x", "table": "tokens"}"#,
        include_str!("../../../../examples/import.json"),
    ] {
        assert!(job::written_secrets(text).is_empty(), "{text}");
    }
    assert_eq!(
        job::written_secrets(r#"{"password": "hunter2" oops"#).len(),
        1
    );
}

#[test]
fn a_draft_tells_its_sides_in_spite_of_errors() {
    let text = r#"{"type": "job", "version": "1.0", "oops": 1, "configuration": {"reader":
        {"plugin": "odps", "parameter": {"datasource": "lake", "column": ["*"]}}}}"#;
    let document = Document::parse("job.json", text).expect("a document");
    let options = job::Options::new(Parameters::at(now(), None, None));
    let draft = job::read_draft(&document, &options);
    assert!(draft.problems.has_errors());
    let reader = draft.reader.as_ref().expect("a reader");
    assert_eq!(reader.datasource, job::Datasource::Named("lake".to_owned()));
    assert!(draft.writer.is_none());
    assert!(draft.into_job().0.is_none());
}

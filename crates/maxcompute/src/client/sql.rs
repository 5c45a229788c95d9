//! SQL jobs, which the service calls instances: submit, poll, result.
//!
//! Owns the requests of `PROTOCOL.md`, section 5. Building statements is up to the caller.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;

use super::Client;
use super::error::{Error, ErrorClass};
use super::http::{Call, Repeat, Service};
use super::poll::Polling;
use super::xml::{self, InstanceDocument, cdata};

/// How far a job is.
#[derive(Debug, PartialEq)]
enum State {
    /// Waiting or running.
    Running,
    Success,
    /// Ended by an error of the statement.
    Failed,
    /// Stopped by somebody.
    Cancelled,
}

impl Client {
    /// Runs a statement to its end; an error of the statement is an error here. Settings are such as
    /// `odps.sql.type.system.odps2`.
    ///
    /// When the answer to the submission is lost, only a statement with `IF EXISTS` or `IF NOT EXISTS`
    /// is submitted again, because any other one might run twice.
    pub async fn run_sql(&self, statement: &str, settings: &[(&str, &str)]) -> Result<(), Error> {
        self.run(statement, settings).await.map(drop)
    }

    /// Runs a query and returns its result as CSV with a header line, NULL as `\N`, at most 10,000 rows.
    pub async fn query(&self, query: &str, settings: &[(&str, &str)]) -> Result<String, Error> {
        let id = self.run(query, settings).await?;
        result_of(self.instance(&id, "result").await?)
    }

    /// Returns the id of the instance.
    async fn run(&self, statement: &str, settings: &[(&str, &str)]) -> Result<String, Error> {
        let id = self.submit(statement, settings).await?;
        let mut polling = Polling::new();
        loop {
            let document = self.instance(&id, "taskstatus").await?;
            match state_of(&document) {
                Some(State::Success) => return Ok(id),
                Some(State::Failed) => {
                    let text = result_of(self.instance(&id, "result").await?)?;
                    return Err(Error::from_job(&text));
                }
                Some(State::Cancelled) => {
                    let message = format!("instance `{id}` was cancelled");
                    return Err(Error::new(ErrorClass::Conflict, message));
                }
                Some(State::Running) => {}
                None => {
                    return Err(Error::new(
                        ErrorClass::Protocol,
                        format!("instance `{id}` has no task"),
                    ));
                }
            }
            polling.pause("the statement of instance", &id).await;
        }
    }

    async fn submit(&self, statement: &str, settings: &[(&str, &str)]) -> Result<String, Error> {
        let schema = self.inner.endpoint.schema.as_deref();
        let in_schema = schema.map(|schema| {
            [
                ("odps.namespace.schema", "true"),
                ("odps.default.schema", schema),
            ]
        });
        let in_schema: &[_] = in_schema.as_ref().map_or(&[], |pairs| pairs);
        let settings = [settings, in_schema].concat();
        let mut call = Call::new(Service::Rest, Method::POST, &["instances"])
            .header("content-type", "application/xml");
        call.body = job_document(statement, &settings).into();
        if !is_repeatable(statement) {
            call.repeat = Repeat::OnlyIfRefused;
        }
        let response = self.send(&call).await?;
        let location = response.headers().get("location");
        let location = location.and_then(|value| value.to_str().ok()).unwrap_or("");
        match location.rsplit('/').next() {
            Some(id) if !id.is_empty() => Ok(id.to_owned()),
            _ => Err(Error::new(
                ErrorClass::Protocol,
                "the service did not name the instance of a submitted statement",
            )),
        }
    }

    async fn instance(&self, id: &str, view: &'static str) -> Result<InstanceDocument, Error> {
        let call = Call::new(Service::Rest, Method::GET, &["instances", id]).flag(view);
        xml::read(&format!("instance `{id}`"), &self.answer(&call).await?.text)
    }
}

/// Whether running a statement a second time changes nothing. The same words inside of a text that is
/// inserted mean nothing.
fn is_repeatable(statement: &str) -> bool {
    let upper = statement.to_ascii_uppercase();
    let words: Vec<&str> = upper.split_whitespace().collect();
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|words| words == wanted);
    matches!(words.first(), Some(&("CREATE" | "DROP" | "ALTER")))
        && (has(&["IF", "EXISTS"]) || has(&["IF", "NOT", "EXISTS"]))
}

fn job_document(statement: &str, settings: &[(&str, &str)]) -> String {
    let statement = statement.trim();
    let end = if statement.ends_with(';') { "" } else { ";" };
    let query = cdata(&format!("{statement}{end}"));
    let settings: serde_json::Map<String, serde_json::Value> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    let settings = cdata(&serde_json::Value::Object(settings).to_string());
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Instance><Job><Priority>9</Priority><Tasks><SQL><Name>AnonymousSQLTask</Name>\
         <Config><Property><Name>settings</Name><Value>{settings}</Value></Property></Config>\
         <Query>{query}</Query></SQL></Tasks><DAG><RunMode>Sequence</RunMode></DAG></Job></Instance>"
    )
}

/// The state that the document tells; the cause of a failure is asked for separately.
fn state_of(document: &InstanceDocument) -> Option<State> {
    let Some(task) = document.tasks.task.first() else {
        return (document.status != "Terminated").then_some(State::Running);
    };
    Some(match task.status.to_ascii_uppercase().as_str() {
        "SUCCESS" => State::Success,
        "FAILED" => State::Failed,
        "CANCELLED" => State::Cancelled,
        // Also what is not known: as long as the instance lives, it is not over.
        _ => State::Running,
    })
}

fn result_of(document: InstanceDocument) -> Result<String, Error> {
    let task = document.tasks.task.into_iter().next().unwrap_or_default();
    let result = task.result.unwrap_or_default();
    if !result
        .transform
        .is_some_and(|name| name.eq_ignore_ascii_case("base64"))
    {
        return Ok(result.text);
    }
    let wrong = || {
        Error::new(
            ErrorClass::Protocol,
            "the result of a statement cannot be read",
        )
    };
    let bytes = BASE64
        .decode(result.text.trim())
        .map_err(|error| wrong().with_source(error))?;
    String::from_utf8(bytes).map_err(|error| wrong().with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_quoted_whole() {
        let document = job_document("select ']]>' ", &[("odps.sql.timezone", "Etc/GMT")]);
        assert!(
            document.contains("<![CDATA[select ']]]]><![CDATA[>';]]>"),
            "{document}"
        );
        assert!(
            document.contains(r#"{"odps.sql.timezone":"Etc/GMT"}"#),
            "{document}"
        );
        assert!(job_document("a;", &[]).contains("[a;]"));
    }

    #[test]
    fn only_conditional_statements_are_repeatable() {
        assert!(is_repeatable("create table if not exists t (a int)"));
        assert!(is_repeatable(
            "ALTER TABLE t DROP IF  EXISTS PARTITION (pt='x')"
        ));
        assert!(!is_repeatable(
            "insert into t values ('say if exists or not')"
        ));
        assert!(!is_repeatable("truncate table t"));
    }

    fn document(text: &str) -> InstanceDocument {
        xml::read("a test", text).unwrap()
    }

    #[test]
    fn states_are_read() {
        let task = |status: &str| {
            document(&format!(
                "<Instance><Status>Terminated</Status><Tasks><Task Type=\"SQL\">\
                 <Name>AnonymousSQLTask</Name><Status>{status}</Status><Histories/></Task></Tasks></Instance>"
            ))
        };
        for (status, state) in [
            ("Success", State::Success),
            ("FAILED", State::Failed),
            ("Cancelled", State::Cancelled),
            ("Waiting", State::Running),
            ("Suspended", State::Running),
            ("Newer", State::Running),
        ] {
            assert_eq!(state_of(&task(status)), Some(state));
        }
        let running = document("<Instance><Status>Running</Status></Instance>");
        assert_eq!(state_of(&running), Some(State::Running));
        let empty = document("<Instance><Status>Terminated</Status></Instance>");
        assert!(state_of(&empty).is_none());
    }

    #[test]
    fn results_are_decoded() {
        let coded = document(
            "<Instance><Tasks><Task Type=\"SQL\"><Name>n</Name><Result Transform=\"Base64\" Format=\"csv\">\
             <![CDATA[ImEiCjEK]]></Result></Task></Tasks></Instance>",
        );
        assert_eq!(result_of(coded).unwrap(), "\"a\"\n1\n");
        let literal = document(
            "<Instance><Tasks><Task><Result Format=\"text\"><![CDATA[ODPS-1: x < y]]></Result></Task></Tasks></Instance>",
        );
        assert_eq!(result_of(literal).unwrap(), "ODPS-1: x < y");
        let none = document("<Instance><Tasks><Task><Name>n</Name></Task></Tasks></Instance>");
        assert_eq!(result_of(none).unwrap(), "");
        let broken = document(
            "<Instance><Tasks><Task><Result Transform=\"Base64\">%%</Result></Task></Tasks></Instance>",
        );
        assert!(result_of(broken).is_err());
    }
}

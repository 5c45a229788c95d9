//! SQL jobs, which the service calls instances: submit, poll, result.
//!
//! Owns the requests of `PROTOCOL.md`, section 5. Building statements is up to the caller.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Client;
use super::error::{Error, ErrorClass};
use super::http::{Call, Repeat, Service};
use super::xml::{self, InstanceDocument, cdata};

/// One submitted SQL job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Names it to the service.
    pub id: String,
}

/// How far a job is.
#[derive(Debug)]
pub enum InstanceState {
    /// Waiting or running.
    Running,
    /// Done; a result can be fetched.
    Success,
    /// Ended by an error of the statement.
    Failed(Error),
    /// Stopped by somebody.
    Cancelled,
}

const FIRST_POLL: Duration = Duration::from_millis(100);
const SLOWEST_POLL: Duration = Duration::from_secs(5);

impl Client {
    /// Submits a statement with settings such as `odps.sql.type.system.odps2`.
    ///
    /// When the answer is lost, only a statement with `IF EXISTS` or `IF NOT EXISTS` is submitted again,
    /// because any other one might run twice.
    pub async fn run_sql(
        &self,
        statement: &str,
        settings: &[(&str, &str)],
    ) -> Result<Instance, Error> {
        let mut call = Call::new(Service::Rest, Method::POST, &["instances"])
            .header("content-type", "application/xml");
        call.body = job_document(statement, settings).into();
        if !is_repeatable(statement) {
            call.repeat = Repeat::OnlyIfRefused;
        }
        let response = self.send(&call).await?;
        let location = response.headers().get("location");
        let location = location.and_then(|value| value.to_str().ok()).unwrap_or("");
        match location.rsplit('/').next() {
            Some(id) if !id.is_empty() => Ok(Instance { id: id.to_owned() }),
            _ => Err(Error::new(
                ErrorClass::Protocol,
                "the service did not name the instance of a submitted statement",
            )),
        }
    }

    /// How far the job is now.
    pub async fn poll(&self, instance: &Instance) -> Result<InstanceState, Error> {
        let document = self.instance(instance, "taskstatus").await?;
        match state_of(&document) {
            Some(InstanceState::Failed(_)) => {
                let text = self.result_text(instance).await?;
                Ok(InstanceState::Failed(Error::from_job(&text)))
            }
            Some(state) => Ok(state),
            None => Err(Error::new(
                ErrorClass::Protocol,
                format!("instance `{}` has no task", instance.id),
            )),
        }
    }

    /// Polls until the job has ended well; an error of the statement is an error here.
    pub async fn wait(&self, instance: &Instance) -> Result<(), Error> {
        let mut pause = FIRST_POLL;
        loop {
            match self.poll(instance).await? {
                InstanceState::Success => return Ok(()),
                InstanceState::Failed(error) => return Err(error),
                InstanceState::Cancelled => {
                    let message = format!("instance `{}` was cancelled", instance.id);
                    return Err(Error::new(ErrorClass::Conflict, message));
                }
                InstanceState::Running => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(SLOWEST_POLL);
        }
    }

    /// The result of a SELECT as CSV with a header line, NULL as `\N`, at most 10,000 rows.
    pub async fn result_csv(&self, instance: &Instance) -> Result<String, Error> {
        self.result_text(instance).await
    }

    /// Asks the service to end a job.
    pub async fn stop(&self, instance: &Instance) -> Result<(), Error> {
        let mut call = Call::new(Service::Rest, Method::PUT, &["instances", &instance.id])
            .header("content-type", "application/xml");
        call.body = "<Instance><Status>Terminated</Status></Instance>".into();
        self.send(&call).await.map(drop)
    }

    async fn instance(
        &self,
        instance: &Instance,
        view: &'static str,
    ) -> Result<InstanceDocument, Error> {
        let call = Call::new(Service::Rest, Method::GET, &["instances", &instance.id]).flag(view);
        let what = format!("instance `{}`", instance.id);
        xml::read(&what, &self.answer(&call).await?.text)
    }

    async fn result_text(&self, instance: &Instance) -> Result<String, Error> {
        let document = self.instance(instance, "result").await?;
        result_of(document)
    }
}

fn is_repeatable(statement: &str) -> bool {
    let upper = statement.to_ascii_uppercase();
    let words: Vec<&str> = upper.split_whitespace().collect();
    let has = |wanted: &[&str]| words.windows(wanted.len()).any(|words| words == wanted);
    has(&["IF", "EXISTS"]) || has(&["IF", "NOT", "EXISTS"])
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
fn state_of(document: &InstanceDocument) -> Option<InstanceState> {
    let Some(task) = document.tasks.task.first() else {
        return (document.status != "Terminated").then_some(InstanceState::Running);
    };
    Some(match task.status.to_ascii_uppercase().as_str() {
        "SUCCESS" => InstanceState::Success,
        "FAILED" => InstanceState::Failed(Error::from_job("")),
        "CANCELLED" => InstanceState::Cancelled,
        // Also what is not known: as long as the instance lives, it is not over.
        _ => InstanceState::Running,
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
        assert!(!is_repeatable("insert into t values ('notif exists')"));
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
        assert!(matches!(
            state_of(&task("Success")),
            Some(InstanceState::Success)
        ));
        assert!(matches!(
            state_of(&task("Failed")),
            Some(InstanceState::Failed(_))
        ));
        assert!(matches!(
            state_of(&task("Cancelled")),
            Some(InstanceState::Cancelled)
        ));
        for waiting in ["Waiting", "Running", "Suspended", "Newer"] {
            assert!(matches!(
                state_of(&task(waiting)),
                Some(InstanceState::Running)
            ));
        }
        let running = document("<Instance><Status>Running</Status></Instance>");
        assert!(matches!(state_of(&running), Some(InstanceState::Running)));
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

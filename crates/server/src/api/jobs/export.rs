//! Documents on their way out, as files.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use job::Spelling;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::save::{found, version};
use crate::access::role::Right;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem, Severity};
use crate::api::page::QueryOf;
use crate::documents::{self, convert};
use crate::state::App;

/// What is lost or said differently in an export.
const PROBLEMS: HeaderName = HeaderName::from_static("x-problems");
/// Proxies refuse longer ones.
const LONGEST_HEADER: usize = 4_000;

/// How a document is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ExportFormat {
    /// In Longshore's spelling, which is script mode 1.0 of DataWorks.
    #[default]
    Longshore,
    /// As it is kept, in whatever spelling, to the byte.
    Original,
    /// As a job of DataX. Registered data sources become parameters such as `${shop_password}`, which its command
    /// line sets.
    Datax,
    /// In script mode 2.0 of DataWorks.
    Dataworks2,
}

/// What is exported.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportQuery {
    #[serde(default)]
    #[param(inline)]
    format: ExportFormat,
    /// The draft unless said.
    version: Option<i64>,
    /// Leaves out what the format has no words for, instead of refusing.
    #[serde(default)]
    lossy: bool,
}

/// The text of a document, for saving as a file. A format that cannot say all of it is refused with the list of what
/// would be lost. With `lossy` that is left out; `X-Problems` lists it, and what is said differently.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/export", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "text/plain",
            headers(("X-Problems" = String, description = "a list of problems as JSON in ASCII, if there are any"))),
        (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn export(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    QueryOf(query): QueryOf<ExportQuery>,
) -> ApiResult<(HeaderMap, String)> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let (row, draft) = found(&app, &access, &job).await?;
    let chosen = match query.version {
        Some(number) => {
            let mut c = app.store.read().await?;
            version(&mut c, &row.job, number).await?
        }
        None => draft,
    };
    let (made, program) = match query.format {
        ExportFormat::Original => (Ok((chosen.document, Vec::new())), ""),
        ExportFormat::Longshore => (convert(&chosen.document, None, None).await?, ""),
        ExportFormat::Datax => (
            documents::export(&chosen.document, Spelling::DataX).await?,
            "DataX",
        ),
        ExportFormat::Dataworks2 => {
            let made = documents::export(&chosen.document, Spelling::DataWorks2).await?;
            (made, "DataWorks 2.0")
        }
    };
    let name = &row.job.name;
    let (text, problems) = made.map_err(|problems| {
        ApiError::invalid(problems)
            .said(format!("job `{name}` cannot be converted"))
            .hint("mend its document, or export it as `original`")
    })?;
    let is_lost = |problem: &&Problem| problem.severity == Severity::Error;
    let lost = problems.iter().filter(is_lost).count();
    if lost > 0 && !query.lossy {
        return Err(ApiError::invalid(problems)
            .said(format!("{program} cannot say {lost} parts of job `{name}`"))
            .hint("change them, export it as `longshore`, or leave them out with `lossy=true`"));
    }
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    let wrong = |error| ApiError::internal("naming a file", error);
    headers.insert(
        CONTENT_DISPOSITION,
        attachment(name).parse().map_err(wrong)?,
    );
    if query.format != ExportFormat::Longshore && !problems.is_empty() {
        headers.insert(PROBLEMS, in_ascii(problems)?);
    }
    Ok((headers, text))
}

/// Problems as a header: JSON in ASCII, as many as have room.
fn in_ascii(mut problems: Vec<Problem>) -> ApiResult<HeaderValue> {
    let failed = |error: &dyn std::fmt::Display| ApiError::internal("writing a header", error);
    loop {
        let text = serde_json::to_string(&problems).map_err(|error| failed(&error))?;
        let mut ascii = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter.is_ascii() {
                true => ascii.push(letter),
                false => {
                    let mut units = [0; 2];
                    for unit in letter.encode_utf16(&mut units) {
                        ascii.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        if ascii.len() <= LONGEST_HEADER {
            return ascii.parse().map_err(|error| failed(&error));
        }
        problems.truncate(problems.len() / 2);
    }
}

/// A file name for people, by RFC 6266; a job's name may hold what a file's may not.
fn attachment(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let ascii: String = name
        .chars()
        .map(|letter| if plain(letter) { letter } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match plain(char::from(byte)) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("attachment; filename=\"{ascii}.json\"; filename*=UTF-8''{encoded}.json")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::{attachment, in_ascii};
    use crate::api::error::Problem;

    #[test]
    fn problems_fit_into_a_header_of_ascii() {
        let problem = Problem::at("/ä", "😀");
        let header = in_ascii(vec![problem; 200]).unwrap_or(HeaderValue::from_static(""));
        let text = header.to_str().unwrap_or_default();
        assert!(
            text.contains(r#""/\u00e4""#) && text.contains(r#""\ud83d\ude00""#),
            "{text}"
        );
        let read: Result<Vec<serde_json::Value>, _> = serde_json::from_str(text);
        assert!(read.is_ok_and(|read| read.len() > 10), "{text}");
    }

    #[test]
    fn file_names_hold_nothing_that_leaves_their_header() {
        assert_eq!(
            attachment("täglich \"x\""),
            "attachment; filename=\"t_glich__x_.json\"; filename*=UTF-8''t%C3%A4glich%20%22x%22.json"
        );
    }
}

//! Documents on their way out, as files.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::save::{found, version};
use crate::access::role::Right;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody};
use crate::api::page::QueryOf;
use crate::documents::convert;
use crate::state::App;

/// How a document is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ExportFormat {
    /// In Longshore's spelling.
    #[default]
    Longshore,
    /// As it is kept, in whatever spelling, to the byte.
    Original,
    /// Not offered; the answer says so.
    Datax,
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
}

/// The text of a document, for saving as a file.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/export", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), ExportQuery),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn export(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    QueryOf(query): QueryOf<ExportQuery>,
) -> ApiResult<impl IntoResponse> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let (row, draft) = found(&app, &access, &job).await?;
    let chosen = match query.version {
        Some(number) => {
            let mut c = app.store.read().await?;
            version(&mut c, &row.job, number).await?
        }
        None => draft,
    };
    let text = match query.format {
        ExportFormat::Original => chosen.document,
        ExportFormat::Longshore => match convert(&chosen.document, None, None).await? {
            Ok((text, _)) => text,
            Err(problems) => {
                return Err(ApiError::invalid(problems)
                    .said(format!("job `{}` cannot be converted", row.job.name))
                    .hint("mend its document, or export it as `original`"));
            }
        },
        ExportFormat::Datax => {
            return Err(ApiError::conflict("jobs cannot be exported as DataX")
                .hint("export it as `longshore`, which is also script mode 1.0 of DataWorks"));
        }
    };
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, attachment(&row.job.name)),
    ];
    Ok((headers, text))
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
    use super::attachment;

    #[test]
    fn file_names_hold_nothing_that_leaves_their_header() {
        assert_eq!(
            attachment("täglich \"x\""),
            "attachment; filename=\"t_glich__x_.json\"; filename*=UTF-8''t%C3%A4glich%20%22x%22.json"
        );
    }
}

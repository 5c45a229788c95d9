//! Jobs from elsewhere: documents of DataX and of both script modes of DataWorks become jobs.
//!
//! Texts only, each at most as long and as deeply nested as any document, and so many in one request; there
//! is nothing to unpack.

use std::collections::HashSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::Form;
use super::save::{self, Draft, Filed};
use super::view::{JobItem, JobMode};
use super::{draft_scope, note};
use crate::access::role::Right;
use crate::api::body::Body;
use crate::api::caller::{Access, SignedIn};
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::documents::{Checked, Scope, Variables, convert};
use crate::state::App;
use crate::store::job::name_key;
use crate::store::{Connection, StoreError, job};

/// Documents in one request.
const MOST_DOCUMENTS: usize = 100;

/// Documents to make jobs of: all of them, or none if one cannot be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct JobImport {
    /// Where the jobs go; it is made if it does not exist. Empty for the top.
    #[serde(default)]
    folder: String,
    /// Gives a job whose name is taken another one, with a number at its end, instead of refusing.
    #[serde(default)]
    rename: bool,
    /// At most 100.
    jobs: Vec<ForeignJob>,
}

/// A document from elsewhere.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "orders", "document": "{\"job\": {\"content\": [{\"reader\": {\"name\": \"streamreader\", \"parameter\": {}}, \"writer\": {\"name\": \"streamwriter\", \"parameter\": {}}}]}}"}))]
pub(crate) struct ForeignJob {
    name: String,
    #[serde(default)]
    description: String,
    /// The text of a job of DataX, of DataWorks script mode 1.0 or 2.0, or of Longshore.
    document: String,
    /// Declared parameters: name to expression.
    #[serde(default)]
    variables: Variables,
    /// Registered data sources to name in place of addresses and passwords that are written into the document.
    #[serde(default)]
    datasources: SideNames,
}

/// Names of registered data sources.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SideNames {
    reader: Option<String>,
    writer: Option<String>,
}

/// The jobs that were made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportedJobs {
    jobs: Vec<ImportedJob>,
}

/// A job that was made of a document from elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportedJob {
    job: JobItem,
    /// What became different on the way, by pointers into the document as it was sent.
    warnings: Vec<Problem>,
    /// What is wrong with the draft, by pointers into its document.
    problems: Vec<Problem>,
}

/// A document that was converted.
struct Converted {
    text: String,
    warnings: Vec<Problem>,
    checked: Checked,
}

/// Makes jobs in script mode of documents from elsewhere. The documents are converted to Longshore's spelling;
/// those in that spelling stay as they are, to the byte.
#[utoipa::path(post, path = "/projects/{project}/jobs/import", tag = "jobs", request_body = JobImport,
    params(("project" = String, Path)),
    responses((status = 201, body = ImportedJobs), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsEdit"))))]
pub(crate) async fn import(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<JobImport>,
) -> ApiResult<(StatusCode, Json<ImportedJobs>)> {
    let access = caller.enter(&app, &project, Right::JobsEdit).await?;
    let mut form = Form::default();
    let folder = form.folder("/folder", &body.folder);
    if body.jobs.is_empty() || body.jobs.len() > MOST_DOCUMENTS {
        let message = format!(
            "there are {} documents, 1 to {MOST_DOCUMENTS} can be imported at once",
            body.jobs.len()
        );
        return Err(ApiError::invalid(vec![Problem::at("/jobs", message)]));
    }
    let scope = draft_scope(&app, &access).await?;
    let mut converted = Vec::new();
    for (index, foreign) in body.jobs.iter().enumerate() {
        let pointer = format!("/jobs/{index}");
        form.name(&format!("{pointer}/name"), &foreign.name);
        form.description(&format!("{pointer}/description"), &foreign.description);
        form.variables(&format!("{pointer}/variables"), &foreign.variables);
        form.document(&format!("{pointer}/document"), &foreign.document);
        converted.extend(read(&scope, &pointer, foreign, &mut form).await?);
    }
    form.sound()?;

    let mut t = app.store.begin().await?;
    let names = names(&access, &mut t, &body).await?;
    let mut jobs = Vec::new();
    for ((name, foreign), converted) in names.iter().zip(body.jobs).zip(converted) {
        let filed = Filed {
            name,
            folder: &folder,
            description: &foreign.description,
            mode: JobMode::Script,
            draft: Draft {
                document: converted.text,
                variables: foreign.variables,
                note: "imported".to_owned(),
            },
        };
        let (item, _) = save::add(&app, &access, &mut t, filed, &converted.checked).await?;
        note(&access, &mut t, "job.import", (None, Some(&item))).await?;
        jobs.push(ImportedJob {
            job: item,
            warnings: converted.warnings,
            problems: converted.checked.problems,
        });
    }
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Json(ImportedJobs { jobs })))
}

/// Converts and checks a document; what keeps it from becoming a job goes to the form.
async fn read(
    scope: &Scope,
    pointer: &str,
    foreign: &ForeignJob,
    form: &mut Form,
) -> ApiResult<Option<Converted>> {
    let names = &foreign.datasources;
    let document = format!("{pointer}/document");
    let mut refuse = |problems: Vec<Problem>| {
        for problem in problems {
            form.add(Problem {
                pointer: format!("{document}{}", problem.pointer),
                ..problem
            });
        }
    };
    let made = convert(
        &foreign.document,
        names.reader.clone(),
        names.writer.clone(),
    )
    .await?;
    let (text, warnings) = match made {
        Ok(made) => made,
        Err(problems) => {
            refuse(problems);
            return Ok(None);
        }
    };
    let checked = scope.check(&text, &foreign.variables).await?;
    if !checked.secrets.is_empty() {
        // They are placed in the text that was sent, not in what became of it.
        let sent = scope.check(&foreign.document, &foreign.variables).await?;
        let hint = "register a data source that holds it, and name that in `datasources` beside the document";
        refuse(
            sent.secrets
                .into_iter()
                .map(|problem| problem.hint(hint))
                .collect(),
        );
        return Ok(None);
    }
    if checked.sides.source.is_none() && checked.sides.target.is_none() {
        refuse(checked.problems);
        return Ok(None);
    }
    for problem in &checked.variable_problems {
        form.add(Problem {
            pointer: format!("{pointer}{}", problem.pointer),
            ..problem.clone()
        });
    }
    Ok(Some(Converted {
        text,
        warnings,
        checked,
    }))
}

/// The names that the jobs get; all that are taken are told at once.
async fn names(access: &Access, c: &mut Connection, body: &JobImport) -> ApiResult<Vec<String>> {
    let mut given = HashSet::new();
    let mut names = Vec::new();
    let mut taken = Vec::new();
    for (index, foreign) in body.jobs.iter().enumerate() {
        let mut name = foreign.name.clone();
        let mut number = 1;
        while given.contains(&name_key(&name))
            || job::is_taken(c, &access.project.id, &name).await?
        {
            if !body.rename {
                let message = format!("there is already a job `{name}`");
                taken.push(Problem::at(format!("/jobs/{index}/name"), message));
                break;
            }
            number += 1;
            name = format!("{}_{number}", foreign.name);
        }
        given.insert(name_key(&name));
        names.push(name);
    }
    if taken.is_empty() {
        return Ok(names);
    }
    Err(
        ApiError::conflict(format!("{} names are taken", taken.len()))
            .with(taken)
            .hint("choose other names, or let them be numbered with `rename`"),
    )
}

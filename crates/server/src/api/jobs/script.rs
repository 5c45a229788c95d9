//! What editors of documents ask for: a check without saving, the schema, templates.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::form::Form;
use crate::access::role::Right;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::api::page::QueryOf;
use crate::documents::{JobOutline, ParameterValue, Scope, Stage, Variables, schema, template};
use crate::state::App;

/// A document to check.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DocumentCheck {
    document: String,
    /// Declared parameters: name to expression.
    #[serde(default)]
    variables: Variables,
    /// The business date that values are shown for, `2026-03-04`; yesterday unless said.
    bizdate: Option<String>,
    /// Checks for production, as publishing does, instead of as a draft.
    #[serde(default)]
    for_production: bool,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DocumentSpelling {
    /// Longshore's own, which is script mode 1.0 of DataWorks.
    Longshore,
    /// Script mode 2.0 of DataWorks.
    Dataworks2,
    /// DataX.
    Datax,
}

/// What is known of a document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentReport {
    /// Whether the job could be published.
    is_valid: bool,
    /// By pointers into the document.
    problems: Vec<Problem>,
    /// By pointers `/variables/…`.
    variable_problems: Vec<Problem>,
    /// Absent if the text could not be read at all.
    spelling: Option<DocumentSpelling>,
    /// How the job would run; absent while a side is missing.
    job: Option<JobOutline>,
    /// What each parameter stands for.
    parameters: Vec<ParameterValue>,
    /// The registered data sources that it names.
    datasources: Vec<String>,
}

/// Checks a document without saving it, and connects nowhere.
#[utoipa::path(post, path = "/projects/{project}/jobs/validate", tag = "jobs", request_body = DocumentCheck,
    params(("project" = String, Path)),
    responses((status = 200, body = DocumentReport), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsEdit"))))]
pub(crate) async fn validate(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<DocumentCheck>,
) -> ApiResult<Json<DocumentReport>> {
    let access = caller.enter(&app, &project, Right::JobsEdit).await?;
    let mut form = Form::default();
    form.document("/document", &body.document);
    form.variables("/variables", &body.variables);
    let bizdate = match body.bizdate.as_deref().map(job::parse_bizdate) {
        None => None,
        Some(Ok(date)) => Some(date),
        Some(Err(error)) => {
            form.add(Problem::at("/bizdate", error.to_string()));
            None
        }
    };
    form.sound()?;
    let stage = match body.for_production {
        true => Stage::Published,
        false => Stage::Draft,
    };
    let scope = Scope::load(&app, &access.project, stage, bizdate).await?;
    let checked = scope.check(&body.document, &body.variables).await?;
    Ok(Json(DocumentReport {
        is_valid: !checked.has_errors(),
        problems: checked.problems,
        variable_problems: checked.variable_problems,
        spelling: checked.spelling.map(|spelling| match spelling {
            job::Spelling::Seed => DocumentSpelling::Longshore,
            job::Spelling::DataWorks2 => DocumentSpelling::Dataworks2,
            job::Spelling::DataX => DocumentSpelling::Datax,
        }),
        job: checked.outline,
        parameters: checked.parameters,
        datasources: checked.datasources,
    }))
}

/// The JSON Schema of job documents, for editors.
#[utoipa::path(get, path = "/projects/{project}/jobs/schema", tag = "jobs",
    params(("project" = String, Path)),
    responses((status = 200, body = Value), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn document_schema(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
) -> ApiResult<Json<Value>> {
    caller.enter(&app, &project, Right::JobsView).await?;
    Ok(Json(schema::of(&app.registry)))
}

/// Which template is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TemplateQuery {
    /// The connector to read with.
    reader: String,
    /// The connector to write with.
    writer: String,
}

/// A document to begin with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Template {
    /// The text, with comments that say what may be said.
    document: String,
}

/// A commented document for two connectors.
#[utoipa::path(get, path = "/projects/{project}/jobs/template", tag = "jobs",
    params(("project" = String, Path), TemplateQuery),
    responses((status = 200, body = Template), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn document_template(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<TemplateQuery>,
) -> ApiResult<Json<Template>> {
    caller.enter(&app, &project, Right::JobsView).await?;
    let find = |name: &str| {
        app.registry.find(name).ok_or_else(|| {
            let error = ApiError::not_found("connector", name);
            match app.registry.nearest(name) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        })
    };
    let (reader, writer) = (find(&query.reader)?, find(&query.writer)?);
    let document = template::of(reader, writer).ok_or_else(|| {
        ApiError::conflict(format!(
            "no job can read with {} and write with {}",
            reader.title, writer.title
        ))
        .hint("choose connectors that have these sides")
    })?;
    Ok(Json(Template { document }))
}

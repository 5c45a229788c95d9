//! Folders: the tree that the jobs of a project are in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::page::{Listed, PageQuery, QueryOf};
use crate::access::role::Right;
use crate::state::App;
use crate::store::{Connection, StoreError, folder};

const LONGEST_PART: usize = 60;
const MOST_PARTS: usize = 10;

/// A folder.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Folder {
    /// From the top, for example `daily/orders`.
    pub(crate) path: String,
    /// The jobs in the folder itself.
    pub(crate) job_count: i64,
}

/// The folder of a new path.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FolderPath {
    /// Parts of at most 60 characters with slashes between them, at most 10.
    path: String,
}

/// Which folder is meant.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FolderQuery {
    /// From the top, for example `daily/orders`.
    path: String,
}

/// A path as it is kept: without blanks around its parts and slashes at its ends. Empty for the top.
pub(crate) fn folder_path(pointer: &str, text: &str) -> Result<String, Problem> {
    let wrong = |message: String| {
        Problem::at(pointer, message)
            .hint("write names with slashes between them, for example `daily/orders`")
    };
    let mut parts = Vec::new();
    for part in text
        .split('/')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        if part.chars().count() > LONGEST_PART {
            let part: String = part.chars().take(LONGEST_PART).collect();
            return Err(wrong(format!(
                "`{part}…` is longer than {LONGEST_PART} characters"
            )));
        }
        if part == "."
            || part == ".."
            || part.contains(|letter: char| letter.is_control() || letter == '\\')
        {
            return Err(wrong(format!(
                "`{}` cannot be the name of a folder",
                part.escape_debug()
            )));
        }
        parts.push(part);
    }
    if parts.len() > MOST_PARTS {
        return Err(wrong(format!("folders are at most {MOST_PARTS} deep")));
    }
    Ok(parts.join("/"))
}

/// A path that is not the top.
fn below_top(pointer: &str, text: &str) -> ApiResult<String> {
    let path = folder_path(pointer, text).map_err(|wrong| ApiError::invalid(vec![wrong]))?;
    if path.is_empty() {
        return Err(ApiError::invalid(vec![Problem::at(
            pointer,
            "a folder needs a name",
        )]));
    }
    Ok(path)
}

/// The folders of a project by path.
#[utoipa::path(get, path = "/projects/{project}/folders", tag = "folders",
    params(("project" = String, Path), PageQuery),
    responses((status = 200, body = Listed<Folder>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<Folder>>> {
    let access = caller.enter(&app, &project, Right::ProjectView).await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = folder::list(&mut c, &access.project.id, &page).await?;
    let listed = Listed::new(
        rows,
        &page,
        |row| row.path.clone(),
        |row| Folder {
            path: row.path,
            job_count: row.job_count,
        },
    );
    Ok(Json(listed))
}

/// Creates a folder, and those on the way to it.
#[utoipa::path(post, path = "/projects/{project}/folders", tag = "folders", request_body = FolderPath,
    params(("project" = String, Path)),
    responses((status = 201, body = Folder), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("foldersEdit"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<FolderPath>,
) -> ApiResult<(StatusCode, Json<Folder>)> {
    let access = caller.enter(&app, &project, Right::FoldersEdit).await?;
    let path = below_top("/path", &body.path)?;
    let mut t = app.store.begin().await?;
    if folder::exists(&mut t, &access.project.id, &path).await? {
        return Err(
            ApiError::conflict(format!("there is already a folder `{path}`"))
                .hint("choose another name"),
        );
    }
    folder::ensure(&mut t, &access.project.id, &path).await?;
    note(&access, &mut t, "folder.create", (None, Some(&path))).await?;
    t.commit().await.map_err(StoreError::from)?;
    let folder = Folder { path, job_count: 0 };
    Ok((StatusCode::CREATED, Json(folder)))
}

/// Renames or moves a folder with everything below it.
#[utoipa::path(patch, path = "/projects/{project}/folders", tag = "folders", request_body = FolderPath,
    params(("project" = String, Path), FolderQuery),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("foldersEdit"))))]
pub(crate) async fn rename(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<FolderQuery>,
    Body(body): Body<FolderPath>,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::FoldersEdit).await?;
    let from = below_top("/path", &query.path)?;
    let to = below_top("/path", &body.path)?;
    if to.starts_with(&format!("{from}/")) {
        return Err(
            ApiError::conflict(format!("folder `{from}` cannot go into itself"))
                .hint("choose a place outside of it"),
        );
    }
    let mut t = app.store.begin().await?;
    let project = &access.project.id;
    if !folder::exists(&mut t, project, &from).await? {
        return Err(ApiError::not_found("folder", &from));
    }
    if from != to {
        if folder::exists(&mut t, project, &to).await? {
            return Err(
                ApiError::conflict(format!("there is already a folder `{to}`"))
                    .hint("choose another name, or move the jobs one by one"),
            );
        }
        if let Some((parent, _)) = to.rsplit_once('/') {
            folder::ensure(&mut t, project, parent).await?;
        }
        folder::rename(&mut t, project, &from, &to).await?;
        note(&access, &mut t, "folder.rename", (Some(&from), Some(&to))).await?;
    }
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes an empty folder.
#[utoipa::path(delete, path = "/projects/{project}/folders", tag = "folders",
    params(("project" = String, Path), FolderQuery),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("foldersEdit"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<FolderQuery>,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::FoldersEdit).await?;
    let path = below_top("/path", &query.path)?;
    let mut t = app.store.begin().await?;
    let project = &access.project.id;
    if !folder::exists(&mut t, project, &path).await? {
        return Err(ApiError::not_found("folder", &path));
    }
    let content = folder::content(&mut t, project, &path).await?;
    if content.folders + content.jobs > 0 {
        return Err(ApiError::conflict(format!(
            "folder `{path}` is not empty: {} jobs and {} folders are below it",
            content.jobs, content.folders
        ))
        .hint("move or delete them first"));
    }
    folder::delete(&mut t, project, &path).await?;
    note(&access, &mut t, "folder.delete", (Some(&path), None)).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn note(
    access: &Access,
    c: &mut Connection,
    action: &str,
    (before, after): (Option<&String>, Option<&String>),
) -> ApiResult<()> {
    let path = after.or(before).map_or("", String::as_str);
    let object = Object {
        kind: "folder",
        id: path,
        name: path,
    };
    access
        .note(c, action, object, Change::of(before, after))
        .await
}

#[cfg(test)]
mod tests {
    use super::folder_path;

    #[test]
    fn paths_have_one_form() {
        for (text, path) in [
            ("", ""),
            ("/", ""),
            ("daily", "daily"),
            (" /daily// orders /", "daily/orders"),
            ("täglich/a.b", "täglich/a.b"),
        ] {
            assert_eq!(folder_path("/folder", text).as_deref(), Ok(path), "{text}");
        }
        let long = "x".repeat(61);
        let deep = "x/".repeat(11);
        for text in ["..", "a/../b", "a/.", "a\\b", "a\0", "a\nb", &long, &deep] {
            assert!(folder_path("/folder", text).is_err(), "{text}");
        }
    }
}

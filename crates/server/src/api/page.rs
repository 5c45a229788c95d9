//! Lists in pages: opaque cursors, one limit for all.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, Problem};
use crate::store::Page;

const USUAL: u32 = 50;
const MOST: u32 = 500;

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageQuery {
    /// The `nextCursor` of the page before.
    cursor: Option<String>,
    /// How many items at most; 50 unless said, at most 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed<T> {
    /// The items of this page.
    pub(crate) items: Vec<T>,
    /// Names the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

impl PageQuery {
    /// For lists that have more to ask for than their page.
    pub(crate) fn of(cursor: Option<String>, limit: Option<u32>) -> Self {
        PageQuery { cursor, limit }
    }

    /// One item more than wanted is asked for, to know whether another page follows.
    pub(crate) fn page(&self) -> ApiResult<Page> {
        let limit = self.limit.unwrap_or(USUAL);
        if limit == 0 || limit > MOST {
            return Err(ApiError::invalid(vec![Problem::at(
                "/limit",
                format!("`limit` must be 1 to {MOST}"),
            )]));
        }
        let after = match self.cursor.as_deref() {
            None | Some("") => None,
            Some(cursor) => Some(decode(cursor).ok_or_else(|| {
                ApiError::bad_request("the cursor is not one of this list")
                    .hint("pass the `nextCursor` of the page before, or none for the first page")
            })?),
        };
        Ok(Page {
            after,
            limit: i64::from(limit) + 1,
        })
    }
}

impl<T> Listed<T> {
    /// Makes a page of rows that were read with [`PageQuery::page`]; `key` is what the store orders by.
    pub(crate) fn new<R>(
        mut rows: Vec<R>,
        page: &Page,
        key: impl Fn(&R) -> String,
        item: impl FnMut(R) -> T,
    ) -> Self {
        let most = usize::try_from(page.limit - 1).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next_cursor = rows
            .last()
            .filter(|_| more)
            .map(|row| URL_SAFE_NO_PAD.encode(key(row)));
        Listed {
            items: rows.into_iter().map(item).collect(),
            next_cursor,
        }
    }
}

impl<T> Listed<ApiResult<T>> {
    /// The page, if every row could be read.
    pub(crate) fn sound(self) -> ApiResult<Listed<T>> {
        Ok(Listed {
            items: self.items.into_iter().collect::<ApiResult<Vec<T>>>()?,
            next_cursor: self.next_cursor,
        })
    }
}

fn decode(cursor: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// Query parameters; those that cannot be read are named in the answer.
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(QueryOf(value)),
            Err(rejection) => Err(ApiError::bad_request(rejection.body_text())),
        }
    }
}

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
            Some(cursor) => Some(decode(cursor).ok_or_else(foreign_cursor)?),
        };
        Ok(Page {
            after,
            limit: i64::from(limit) + 1,
        })
    }
}

/// The answer to a cursor of something else.
pub(crate) fn foreign_cursor() -> ApiError {
    ApiError::bad_request("the cursor is not one of this list")
        .hint("pass the `nextCursor` of the page before, or none for the first page")
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

/// What the web framework says before it comes to the parameter.
const PREAMBLE: &str = "Failed to deserialize query string: ";

/// Names the parameter that cannot be read, and what to do.
fn unreadable(text: &str) -> ApiError {
    let text = text.strip_prefix(PREAMBLE).unwrap_or(text);
    let lacking = text.strip_prefix("missing field `");
    if let Some(name) = lacking.and_then(|rest| rest.strip_suffix('`')) {
        return ApiError::bad_request(format!("the query parameter `{name}` is missing"))
            .with(vec![Problem::at(format!("/{name}"), "it is missing")])
            .hint(format!("add `{name}=…` behind the `?` of the address"));
    }
    // What was sent is not repeated; a secret may have got there by mistake.
    let expected = text
        .rsplit_once(", expected ")
        .map(|(_, expected)| expected);
    let (name, reason) = match text.split_once(": ") {
        Some((name, reason)) if !name.contains([' ', '`']) => (name, reason),
        _ => {
            let reason =
                expected.map_or(text.to_string(), |expected| format!("expected {expected}"));
            return ApiError::bad_request(format!("the query cannot be read: {reason}"))
                .hint("write it as `name=value`, with `&` between, each name once");
        }
    };
    let reason = match expected {
        Some(expected) => format!("expected {expected}"),
        None => reason.to_string(),
    };
    let message = format!("the query parameter `{name}` cannot be read: {reason}");
    ApiError::bad_request(message)
        .with(vec![Problem::at(format!("/{name}"), reason)])
        .hint("correct its value, or leave the parameter out if you do not need it")
}

/// Query parameters; those that cannot be read are named in the answer.
pub(crate) struct QueryOf<T>(pub(crate) T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(QueryOf(value)),
            Err(rejection) => Err(unreadable(&rejection.body_text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wanted {
        #[expect(dead_code, reason = "only how it is refused is looked at")]
        table: String,
        #[expect(dead_code, reason = "only how it is refused is looked at")]
        row_count: Option<u32>,
    }

    async fn refused(query: &str) -> (String, Vec<String>) {
        let request = Request::get(format!("/x?{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        match QueryOf::<Wanted>::from_request_parts(&mut parts, &()).await {
            Ok(QueryOf(wanted)) => panic!("{wanted:?}"),
            Err(error) => {
                let pointers = error.problems().iter();
                let pointers = pointers.map(|problem| problem.pointer.clone()).collect();
                (error.message().to_string(), pointers)
            }
        }
    }

    #[tokio::test]
    async fn a_parameter_that_cannot_be_read_is_named() {
        let (message, pointers) = refused("table=a&rowCount=many").await;
        assert!(
            message.starts_with("the query parameter `rowCount` cannot be read"),
            "{message}"
        );
        assert_eq!(pointers, ["/rowCount"]);
        let (message, pointers) = refused("rowCount=1").await;
        assert_eq!(message, "the query parameter `table` is missing");
        assert_eq!(pointers, ["/table"]);
        let (message, _) = refused("table=a&table=b").await;
        assert!(message.contains("duplicate field `table`"), "{message}");
    }
}

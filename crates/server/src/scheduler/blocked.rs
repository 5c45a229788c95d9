//! Keeps what waits for something that has failed out of the way of the ticks.
//!
//! Whoever sees to what has failed lets those that wait for it be looked at again in the same transaction. This here
//! notes who is blocked, and finds out what else has changed: instances that were deleted, and other dependencies.

use crate::api::error::ApiResult;
use crate::state::App;
use crate::store::instance::blocked;
use crate::store::{Alone, StoreError};

/// Notes who is blocked now.
pub(super) async fn review(app: &App, now: i64) -> ApiResult<()> {
    let Some(mut t) = app.store.try_alone(Alone::ReleaseInstances).await? else {
        return Ok(());
    };
    // Each step is one further away from what has failed.
    while blocked::clear(&mut t).await? > 0 {}
    while blocked::mark(&mut t, now).await? > 0 {}
    t.commit().await.map_err(StoreError::from)?;
    Ok(())
}

//! Seals every stored secret anew with the newest key, while the server goes on.
//!
//! Each secret is exchanged only for the one that was read, so a change at the same time wins; whoever makes
//! that change seals with the newest key anyway. A rotation can be stopped and repeated at any time.

use serde::Serialize;
use utoipa::ToSchema;

use crate::alerts::channel;
use crate::api::caller::sealed_as;
use crate::api::error::ApiResult;
use crate::datasources::owner;
use crate::state::App;
use crate::store::{Connection, StoreError, StoreResult, access_key, alert_channel, datasource};

/// So many secrets are read at a time.
const PIECE: i64 = 200;

/// What was sealed anew.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rotation {
    access_keys: u64,
    datasources: u64,
    alert_channels: u64,
    /// Secrets that no key can open, as `datasource/<id>`, `accessKey/<id>` and `alertChannel/<id>`. As long as there are any, a key
    /// may still be missing.
    unreadable: Vec<String>,
}

/// Whose secrets.
#[derive(Clone, Copy)]
enum Owners {
    AccessKeys,
    Datasources,
    AlertChannels,
}

impl Owners {
    fn name(self, id: &str) -> String {
        match self {
            Owners::AccessKeys => sealed_as(id),
            Owners::Datasources => owner(id),
            Owners::AlertChannels => channel::owner(id),
        }
    }

    async fn piece(self, c: &mut Connection, after: &str) -> StoreResult<Vec<(String, String)>> {
        match self {
            Owners::AccessKeys => access_key::sealed(c, after, PIECE).await,
            Owners::Datasources => datasource::sealed(c, after, PIECE).await,
            Owners::AlertChannels => alert_channel::sealed(c, after, PIECE).await,
        }
    }

    async fn exchange(
        self,
        c: &mut Connection,
        id: &str,
        old: &str,
        new: &str,
    ) -> StoreResult<bool> {
        match self {
            Owners::AccessKeys => access_key::reseal(c, id, old, new).await,
            Owners::Datasources => datasource::reseal(c, id, old, new).await,
            Owners::AlertChannels => alert_channel::reseal(c, id, old, new).await,
        }
    }
}

/// Seals all secrets of access keys, data sources and alert channels with the newest key.
pub(crate) async fn rotate(app: &App) -> ApiResult<Rotation> {
    let mut unreadable = Vec::new();
    Ok(Rotation {
        access_keys: rotate_of(app, Owners::AccessKeys, &mut unreadable).await?,
        datasources: rotate_of(app, Owners::Datasources, &mut unreadable).await?,
        alert_channels: rotate_of(app, Owners::AlertChannels, &mut unreadable).await?,
        unreadable,
    })
}

async fn rotate_of(app: &App, owners: Owners, unreadable: &mut Vec<String>) -> ApiResult<u64> {
    let mut count = 0;
    let mut after = String::new();
    loop {
        let mut c = app.store.read().await?;
        let piece = owners.piece(&mut c, &after).await?;
        drop(c);
        let Some((last, _)) = piece.last() else {
            return Ok(count);
        };
        after.clone_from(last);
        for (id, old) in &piece {
            let name = owners.name(id);
            let new = match app.keys.reseal(&name, old) {
                Ok(Some(new)) => new,
                Ok(None) => continue,
                Err(error) => {
                    tracing::error!(owner = name, %error, "a secret could not be sealed anew");
                    unreadable.push(name);
                    continue;
                }
            };
            let mut t = app.store.begin().await?;
            count += u64::from(owners.exchange(&mut t, id, old, &new).await?);
            t.commit().await.map_err(StoreError::from)?;
        }
    }
}

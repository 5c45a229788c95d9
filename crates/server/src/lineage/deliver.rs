//! Sends the events that wait in the store to the catalogue.
//!
//! Every server does so; an event that one of them tries is put off for the others. What fails is tried again, later
//! each time, and given up after some days.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use sdk::{Error, Kind};

use crate::config::Lineage;
use crate::serve::use_tls;
use crate::state::App;
use crate::store::StoreResult;
use crate::store::lineage::{self as store, Waiting};

/// The store is looked at this often.
const TICK: Duration = Duration::from_secs(1);
/// The catalogue may take so long to answer.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);
/// When the server stops it may take so long to send what is left.
const LONGEST_GOODBYE: Duration = Duration::from_secs(3);
/// Events that are read at a time.
const PIECE: i64 = 100;
const SECOND_MICROS: i64 = 1_000_000;
/// An event that is tried is not tried by others for so long.
const CLAIM_MICROS: i64 = 60 * SECOND_MICROS;
/// The longest time between two attempts.
const LONGEST_WAIT_MICROS: i64 = 300 * SECOND_MICROS;
/// Events are given up when they are older.
const KEPT_MICROS: i64 = 3 * 86_400 * SECOND_MICROS;

/// Sends events as they come until the server stops.
pub(crate) async fn work(app: App) {
    let Some(sender) = Sender::of(&app) else {
        return;
    };
    while !app.stop.is_cancelled() {
        if let Err(error) = sender.pass().await {
            tracing::warn!(
                ?error,
                "the events of lineage could not be read; trying again"
            );
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Sends what is left when all runs have ended. What does not arrive in time stays in the store.
pub(crate) async fn finish(app: &App) {
    if let Some(sender) = Sender::of(app) {
        let _ = tokio::time::timeout(LONGEST_GOODBYE, sender.pass()).await;
    }
}

struct Sender<'a> {
    app: &'a App,
    lineage: &'a Lineage,
    http: reqwest::Client,
}

/// What became of an event.
enum Sent {
    Taken,
    /// It will be refused again.
    Refused(String),
    /// It may be taken later.
    Failed(String),
}

/// What the catalogue is called with. It follows no redirections, which could lead the key elsewhere.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    use_tls();
    reqwest::Client::builder()
        .timeout(LONGEST_ANSWER)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// Refuses an address that nothing can be sent to.
pub(crate) fn check(lineage: &Lineage) -> sdk::Result<()> {
    let http = client()
        .map_err(|error| Error::internal("no client for lineage could be made").source(error))?;
    let request = http.post(&lineage.url).build();
    match request {
        Ok(request) if matches!(request.url().scheme(), "http" | "https") => Ok(()),
        _ => Err(
            // The address may hold a password.
            Error::new(
                Kind::Config,
                "the address for OpenLineage events cannot be used",
            )
            .hint("write it as `https://host:port/api/v1/lineage`"),
        ),
    }
}

impl<'a> Sender<'a> {
    fn of(app: &'a App) -> Option<Sender<'a>> {
        let lineage = app.config.observe.lineage.as_ref()?;
        let http = client().ok()?;
        Some(Sender { app, lineage, http })
    }

    /// Sends all that is due, until something fails: the next event would not fare better.
    async fn pass(&self) -> StoreResult<()> {
        loop {
            let now = self.app.clock.micros();
            let mut c = self.app.store.read().await?;
            let due = store::due(&mut c, now, PIECE).await?;
            drop(c);
            if due.is_empty() {
                return Ok(());
            }
            for waiting in &due {
                if !self.claim(waiting).await? {
                    continue;
                }
                match self.send(waiting).await {
                    Sent::Taken => self.forget(waiting).await?,
                    Sent::Refused(reason) => {
                        tracing::error!(
                            run.id = waiting.run_id,
                            reason,
                            "the catalogue refuses an event of lineage"
                        );
                        self.forget(waiting).await?;
                    }
                    Sent::Failed(reason) => {
                        tracing::warn!(
                            run.id = waiting.run_id,
                            reason,
                            "an event of lineage was not delivered and is tried again"
                        );
                        self.put_off(waiting).await?;
                        return self.give_up().await;
                    }
                }
            }
        }
    }

    async fn send(&self, waiting: &Waiting) -> Sent {
        let mut request = self
            .http
            .post(&self.lineage.url)
            .header(CONTENT_TYPE, "application/json")
            .body(waiting.event.clone());
        if let Some(key) = &self.lineage.api_key {
            request = request.bearer_auth(key.expose());
        }
        let status = match request.send().await {
            Ok(response) => response.status(),
            Err(error) => return Sent::Failed(reason(error)),
        };
        let text = format!("it answered {status}");
        match status {
            status if status.is_success() => Sent::Taken,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Sent::Refused(text),
            _ => Sent::Failed(text),
        }
    }

    async fn claim(&self, waiting: &Waiting) -> StoreResult<bool> {
        let until = self.app.clock.micros() + CLAIM_MICROS;
        let mut t = self.app.store.begin().await?;
        let claimed = store::claim(&mut t, waiting, until).await?;
        t.commit().await?;
        Ok(claimed)
    }

    async fn forget(&self, waiting: &Waiting) -> StoreResult<()> {
        let mut t = self.app.store.begin().await?;
        store::delete(&mut t, &waiting.id).await?;
        Ok(t.commit().await?)
    }

    async fn put_off(&self, waiting: &Waiting) -> StoreResult<()> {
        let doubled = SECOND_MICROS << waiting.attempts.clamp(0, 20);
        let until = self.app.clock.micros() + doubled.min(LONGEST_WAIT_MICROS);
        let mut t = self.app.store.begin().await?;
        store::put_off(&mut t, &waiting.id, until).await?;
        Ok(t.commit().await?)
    }

    async fn give_up(&self) -> StoreResult<()> {
        let before = self.app.clock.micros() - KEPT_MICROS;
        let mut t = self.app.store.begin().await?;
        let count = store::delete_before(&mut t, before).await?;
        t.commit().await?;
        if count > 0 {
            tracing::error!(
                count,
                "events of lineage were given up because the catalogue took none for days"
            );
        }
        Ok(())
    }
}

/// Why a request failed, without the address, which may hold a password.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let cause = std::error::Error::source(&error);
    match cause {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

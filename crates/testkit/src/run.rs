//! A short way to run a job document in a test.

use std::path::Path;
use std::sync::Arc;

use engine::{
    Datasources, DirtyRows, Ended, FileLedger, Ledger, Meter, RunContext, plan, resolve, run,
};
use job::{Document, Options, Parameters, Problems};
use sdk::Registry;
use tokio_util::sync::CancellationToken;

/// A job document with what it runs against.
pub struct TestRun<'a> {
    /// The document in any spelling.
    pub document: &'a str,
    /// The connectors to run it with.
    pub registry: &'a Registry,
    /// The data sources it may name.
    pub datasources: &'a Datasources,
    /// Where ledger and dirty rows are kept.
    pub folder: &'a Path,
}

impl TestRun<'_> {
    /// The job and its context, with a ledger in the folder.
    pub fn context(&self) -> sdk::Result<RunContext> {
        Ok(self.context_with(Arc::new(FileLedger::open(
            &self.folder.join("ledger.jsonl"),
        )?)))
    }

    /// The context with another ledger.
    pub fn context_with(&self, ledger: Arc<dyn Ledger>) -> RunContext {
        RunContext {
            ledger,
            dirty: Arc::new(DirtyRows::new(self.folder)),
            meter: Arc::new(Meter::default()),
            limit_rows: None,
            cancel: CancellationToken::new(),
        }
    }

    /// Plans the job; document problems come as one error text.
    pub async fn plan(&self) -> Result<engine::Plan, String> {
        let job = self.job()?;
        let mut problems = Problems::new();
        let resolved = resolve(
            &job,
            self.registry,
            self.datasources,
            job::Strictness::Strict,
            &mut problems,
        );
        let resolved = resolved.ok_or_else(|| problems.to_string())?;
        plan(resolved).await.map_err(|error| error.to_string())
    }

    /// The job itself.
    pub fn job(&self) -> Result<job::Job, String> {
        let document =
            Document::parse("job.json", self.document).map_err(|problems| problems.to_string())?;
        let now = chrono_now();
        let options = Options::new(Parameters::at(now, None, None));
        let (job, _) =
            job::normalise(&document, &options).map_err(|problems| problems.to_string())?;
        Ok(job)
    }

    /// Runs the job to its end in the folder.
    pub async fn run(&self) -> Result<Ended, String> {
        let plan = self.plan().await?;
        Ok(run(plan, self.context().map_err(|error| error.to_string())?).await)
    }
}

/// A fixed time, so that tests do not depend on the day.
fn chrono_now() -> chrono::NaiveDateTime {
    chrono::DateTime::UNIX_EPOCH.naive_utc() + chrono::Duration::days(20_000)
}

/// Runs a document once; panics with the problem if it cannot be planned.
pub async fn run_job(test: &TestRun<'_>) -> Ended {
    match test.run().await {
        Ok(ended) => ended,
        Err(problem) => panic!("{problem}"),
    }
}

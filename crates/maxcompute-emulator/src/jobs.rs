//! SQL jobs: started by a request, run on a thread of their own, asked about until they are old.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::now_seconds;
use crate::names::new_id;
use crate::sql::{self, Output, SqlError};
use crate::store::Store;

/// Ended jobs beyond this number are forgotten, the oldest first, and their results leave the disk.
const REMEMBERED_JOBS: usize = 100;
/// A submit waits so long for its job, so that short statements need no second poll.
const SUBMIT_PATIENCE: Duration = Duration::from_millis(300);

/// What a job is doing.
#[derive(Clone)]
pub(crate) enum JobState {
    Running,
    Ended {
        at: i64,
        outcome: Arc<Result<Output, SqlError>>,
    },
    /// Stopped on request; a statement that was already running may still take effect.
    Cancelled {
        at: i64,
    },
}

/// One statement that was submitted.
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) task_name: String,
    pub(crate) query: String,
    pub(crate) started: i64,
    state: Mutex<JobState>,
    changed: Condvar,
}

impl Job {
    fn lock(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> JobState {
        self.lock().clone()
    }

    pub(crate) fn cancel(&self) {
        let mut state = self.lock();
        if matches!(*state, JobState::Running) {
            *state = JobState::Cancelled { at: now_seconds() };
            self.changed.notify_all();
        }
    }

    fn end(&self, outcome: Result<Output, SqlError>) {
        let mut state = self.lock();
        if matches!(*state, JobState::Running) {
            *state = JobState::Ended {
                at: now_seconds(),
                outcome: Arc::new(outcome),
            };
            self.changed.notify_all();
        }
    }

    fn is_running(&self) -> bool {
        matches!(*self.lock(), JobState::Running)
    }
}

/// The jobs that are remembered, in the order of their submission.
#[derive(Default)]
pub(crate) struct Jobs {
    jobs: Mutex<VecDeque<Arc<Job>>>,
}

impl Jobs {
    /// Starts a job and waits a moment for it.
    pub(crate) fn submit(
        &self,
        store: &Arc<Store>,
        task_name: String,
        query: String,
        settings: &str,
    ) -> std::io::Result<Arc<Job>> {
        let job = Arc::new(Job {
            id: new_id(),
            task_name,
            query,
            started: now_seconds(),
            state: Mutex::new(JobState::Running),
            changed: Condvar::new(),
        });
        self.remember(job.clone());
        let (store, settings, running) = (store.clone(), settings.to_owned(), job.clone());
        std::thread::Builder::new()
            .name("sql".to_owned())
            .spawn(move || {
                let run =
                    std::panic::AssertUnwindSafe(|| sql::run(&store, &running.query, &settings));
                let outcome = std::panic::catch_unwind(run).unwrap_or_else(|_| {
                    Err(SqlError::internal("the statement failed inside the server"))
                });
                running.end(outcome);
            })?;
        let waited = job
            .changed
            .wait_timeout_while(job.lock(), SUBMIT_PATIENCE, |state| {
                matches!(state, JobState::Running)
            });
        drop(waited);
        Ok(job)
    }

    fn remember(&self, job: Arc<Job>) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push_back(job);
        if jobs.len() > REMEMBERED_JOBS
            && let Some(oldest) = jobs.iter().position(|job| !job.is_running())
        {
            jobs.remove(oldest);
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.iter().rev().find(|job| job.id == id).cloned()
    }
}

//! What each task of a run does: those under way, and the latest that ended.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use sdk::TaskId;

use super::{Counts, Side};
use crate::report::{TaskPhase, TaskReport};

/// So many tasks that have ended are told one by one.
const LATEST: usize = 200;

/// The tasks of a run.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    running: BTreeMap<TaskId, Running>,
    ended: VecDeque<TaskReport>,
    left_out: u64,
    /// Of attempts that are over.
    past: Times,
}

/// Sums over channels.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Times {
    pub(super) task: Duration,
    pub(super) reader: Duration,
    pub(super) writer: Duration,
}

#[derive(Debug)]
struct Running {
    split: String,
    attempt: u32,
    since: Instant,
    /// How long the attempt took, once it is over.
    took: Option<Duration>,
    waits: Option<(Side, Instant)>,
    counts: Counts,
}

impl Running {
    fn report(&self, task: TaskId, phase: TaskPhase) -> TaskReport {
        TaskReport {
            task,
            split: self.split.clone(),
            state: phase,
            attempts: self.attempt,
            seconds: self
                .took
                .unwrap_or_else(|| self.since.elapsed())
                .as_secs_f64(),
            counts: self.counts,
        }
    }
}

impl Times {
    fn wait(&mut self, side: Side, time: Duration) {
        match side {
            Side::Reader => self.reader += time,
            Side::Writer => self.writer += time,
        }
    }
}

impl Tasks {
    pub(super) fn begin(&mut self, task: TaskId, split: &str, attempt: u32) {
        let begun = Running {
            split: split.to_string(),
            attempt,
            since: Instant::now(),
            took: None,
            waits: None,
            counts: Counts::default(),
        };
        self.running.insert(task, begun);
    }

    pub(super) fn add(&mut self, task: TaskId, counts: &Counts) {
        if let Some(running) = self.running.get_mut(&task) {
            running.counts += counts;
        }
    }

    pub(super) fn waits(&mut self, task: TaskId, side: Side) {
        if let Some(running) = self.running.get_mut(&task) {
            running.waits = Some((side, Instant::now()));
        }
    }

    pub(super) fn waited(&mut self, task: TaskId) {
        let waits = self.running.get_mut(&task).and_then(|it| it.waits.take());
        if let Some((side, since)) = waits {
            self.past.wait(side, since.elapsed());
        }
    }

    pub(super) fn rests(&mut self, task: TaskId) {
        if let Some(running) = self.running.get_mut(&task)
            && running.took.is_none()
        {
            let took = running.since.elapsed();
            running.took = Some(took);
            self.past.task += took;
        }
    }

    pub(super) fn ended(&mut self, task: TaskId, phase: TaskPhase) -> Option<TaskReport> {
        self.rests(task);
        let mut report = self.running.remove(&task)?.report(task, phase);
        if phase == TaskPhase::Failed {
            // Whatever the attempt wrote is not published.
            report.counts.rows_written = 0;
        }
        self.remember(report.clone());
        Some(report)
    }

    pub(super) fn gave_up(&mut self, task: TaskId) {
        self.rests(task);
        self.running.remove(&task);
    }

    pub(super) fn broke_off(&mut self) -> Vec<TaskReport> {
        let tasks: Vec<TaskId> = self.running.keys().copied().collect();
        tasks
            .into_iter()
            .filter_map(|task| self.ended(task, TaskPhase::Failed))
            .collect()
    }

    pub(super) fn recall(&mut self, report: TaskReport) {
        self.remember(report);
    }

    fn remember(&mut self, report: TaskReport) {
        if self.ended.len() == LATEST {
            self.ended.pop_front();
            self.left_out += 1;
        }
        self.ended.push_back(report);
    }

    pub(super) fn reports(&self) -> (Vec<TaskReport>, u64) {
        let running = self.running.iter();
        let running = running.map(|(task, it)| it.report(*task, TaskPhase::Running));
        let mut reports: Vec<TaskReport> = running.chain(self.ended.iter().cloned()).collect();
        reports.sort_by_key(|report| report.task);
        (reports, self.left_out)
    }

    /// Waits that last are told, too.
    pub(super) fn times(&self) -> Times {
        let mut times = self.past;
        for running in self.running.values().filter(|it| it.took.is_none()) {
            times.task += running.since.elapsed();
            if let Some((side, since)) = running.waits {
                times.wait(side, since.elapsed());
            }
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_that_ended_are_told_and_the_others_counted() {
        let mut tasks = Tasks::default();
        for task in 0..LATEST as u32 + 7 {
            tasks.begin(TaskId(task), "all", 1);
            if task != 3 {
                tasks.ended(TaskId(task), TaskPhase::Done);
            }
        }
        let (reports, left_out) = tasks.reports();
        assert_eq!((reports.len(), left_out), (LATEST + 1, 6));
        let first = reports.first().map(|report| (report.task, report.state));
        assert_eq!(first, Some((TaskId(3), TaskPhase::Running)));
        assert!(reports.is_sorted_by_key(|report| report.task));
    }

    #[test]
    fn a_task_is_told_as_its_last_attempt_left_it() {
        let mut tasks = Tasks::default();
        let counts = Counts {
            rows_read: 10,
            rows_written: 9,
            rows_dirty: 1,
            ..Counts::default()
        };
        tasks.begin(TaskId(0), "all", 1);
        tasks.add(TaskId(0), &counts);
        tasks.rests(TaskId(0));
        let told = |tasks: &Tasks| tasks.reports().0.remove(0);
        assert_eq!((told(&tasks).attempts, told(&tasks).counts), (1, counts));
        tasks.begin(TaskId(0), "all", 2);
        assert_eq!(told(&tasks).counts, Counts::default());
        tasks.add(TaskId(0), &counts);
        tasks.ended(TaskId(0), TaskPhase::Failed);
        let failed = told(&tasks);
        assert_eq!((failed.state, failed.attempts), (TaskPhase::Failed, 2));
        assert_eq!(
            (failed.counts.rows_read, failed.counts.rows_written),
            (10, 0)
        );
        tasks.begin(TaskId(1), "all", 1);
        tasks.gave_up(TaskId(1));
        assert_eq!(tasks.reports().0.len(), 1, "an interrupted task waits");
    }
}

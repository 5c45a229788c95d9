//! Phases of a long command: their titles as they begin, and in the end how long each took.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The phases so far.
#[derive(Default)]
pub(crate) struct Phases {
    finished: Vec<(&'static str, Duration)>,
}

impl Phases {
    pub(crate) fn run<T>(
        &mut self,
        title: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        eprintln!("== {title}");
        let start = Instant::now();
        let result = work();
        self.finished.push((title, start.elapsed()));
        result
    }

    pub(crate) fn print(&self) {
        for (title, time) in &self.finished {
            eprintln!("{title:<12} {:>8.1} s", time.as_secs_f64());
        }
    }
}

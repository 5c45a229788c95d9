//! What one run cost, and what several runs say together.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::python::Python;

/// The cost of one run of a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measurement {
    pub wall_s: f64,
    pub cpu_s: f64,
    pub peak_mib: f64,
}

impl Measurement {
    /// Runs a command to its end; fails unless it succeeded.
    pub(super) fn take(python: &Python, command: &Command) -> Result<Measurement> {
        let mut measure = python.script("bench/measure.py");
        measure.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                measure.env(name, value);
            }
        }
        if let Some(folder) = command.get_current_dir() {
            measure.current_dir(folder);
        }
        let answer: Value = serde_json::from_str(&process::output(&mut measure)?)?;
        let figure = |key: &str| {
            let figure = answer[key].as_f64();
            figure.with_context(|| format!("the measurement has no {key}"))
        };
        Ok(Measurement {
            wall_s: figure("wall")?,
            cpu_s: figure("cpu")?,
            peak_mib: figure("peak")? / 1024.0,
        })
    }
}

/// The median of one figure; nothing is known without a run.
pub(super) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    match (figures.len(), figures.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => figures[middle],
        (_, middle) => (figures[middle - 1] + figures[middle]) / 2.0,
    }
}

/// The largest of one figure.
pub(super) fn largest(figures: impl Iterator<Item = f64>) -> f64 {
    figures.fold(f64::NAN, f64::max)
}

/// How much slower we are than a peer: the median of the ratios of runs that were made side by side.
pub(super) fn ratio(ours: &[Measurement], peer: &[Measurement]) -> f64 {
    median(
        ours.iter()
            .zip(peer)
            .map(|(ours, peer)| ours.wall_s / peer.wall_s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(wall_s: f64) -> Measurement {
        Measurement {
            wall_s,
            cpu_s: 0.0,
            peak_mib: 0.0,
        }
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median([].into_iter()).is_nan());
        assert_eq!(largest([1.0, 3.0, 2.0].into_iter()), 3.0);
    }

    #[test]
    fn ratios_pair_the_runs_that_were_made_side_by_side() {
        // The machine was twice as slow in the second round, for both.
        let ours = [run(1.0), run(2.0), run(1.1)];
        let peer = [run(2.0), run(4.0), run(2.0)];
        assert_eq!(ratio(&ours, &peer), 0.5);
    }
}

//! Live progress on standard error: a line that renews itself on a terminal, a line every few
//! seconds otherwise.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use engine::{Meter, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::print;

const TERMINAL_INTERVAL: Duration = Duration::from_millis(200);
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// Short runs show a line too.
const FIRST_PLAIN_LINE: Duration = Duration::from_secs(1);

/// Shows progress until it is stopped.
pub(crate) struct Display {
    showing: Option<(JoinHandle<()>, ProgressBar)>,
}

impl Display {
    pub(crate) fn start(meter: Arc<Meter>, quiet: bool) -> Self {
        if quiet {
            return Display { showing: None };
        }
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            None,
            if terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        let shown = bar.clone();
        let task = tokio::spawn(async move {
            let (first, every) = if terminal {
                (TERMINAL_INTERVAL, TERMINAL_INTERVAL)
            } else {
                (FIRST_PLAIN_LINE, PLAIN_INTERVAL)
            };
            let mut interval = tokio::time::interval_at(Instant::now() + first, every);
            loop {
                interval.tick().await;
                let text = line(&meter.progress());
                if terminal {
                    shown.set_message(text);
                    shown.tick();
                } else {
                    print::err(text);
                }
            }
        });
        Display {
            showing: Some((task, bar)),
        }
    }

    pub(crate) fn stop(self) {
        if let Some((task, bar)) = self.showing {
            task.abort();
            bar.finish_and_clear();
        }
    }
}

fn line(progress: &Progress) -> String {
    let counts = &progress.counts;
    let mut text = format!(
        "{} rows  {:.1} MiB/s  {} dirty  {}/{} splits",
        counts.rows_read,
        progress.bytes_per_second() / 1_048_576.0,
        counts.rows_dirty,
        progress.splits_done,
        progress.splits_total
    );
    if let Some(fraction) = progress.fraction() {
        text.push_str(&format!("  {:.0} %", fraction * 100.0));
    }
    if let Some(eta) = progress.eta() {
        text.push_str(&format!("  {} left", duration(eta)));
    }
    text
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_rows_rate_dirty_rows_splits_share_and_time_left() {
        let mut progress = Progress::default();
        assert_eq!(line(&progress), "0 rows  0.0 MiB/s  0 dirty  0/0 splits");
        progress.counts.rows_read = 250;
        progress.counts.bytes_read = 30 << 20;
        progress.counts.rows_dirty = 3;
        progress.elapsed = Duration::from_secs(10);
        progress.splits_done = 1;
        progress.splits_total = 8;
        assert_eq!(
            line(&progress),
            "250 rows  3.0 MiB/s  3 dirty  1/8 splits  12 %  1 min 10 s left"
        );
        progress.rows_expected = Some(1000);
        assert_eq!(
            line(&progress),
            "250 rows  3.0 MiB/s  3 dirty  1/8 splits  25 %  30 s left"
        );
        // An estimate that was too low does not say that the run has ended.
        progress.rows_expected = Some(200);
        assert!(line(&progress).contains("  99 %  "), "{}", line(&progress));
        progress.splits_done = 8;
        assert!(line(&progress).ends_with("  100 %  0 s left"));
    }

    #[test]
    fn times_are_told_in_two_units_at_most() {
        let told = [59, 60, 3599, 3600, 90_000].map(|s| duration(Duration::from_secs(s)));
        assert_eq!(
            told,
            [
                "59 s",
                "1 min 0 s",
                "59 min 59 s",
                "1 h 0 min",
                "25 h 0 min"
            ]
        );
    }
}

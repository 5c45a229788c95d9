//! Waiting for what the service does at its own pace: transfers that begin or close, SQL jobs.

use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Waiting longer than this is told, and then each time it has doubled.
const FIRST_WORD: Duration = Duration::from_secs(10);

/// Pauses between questions, each twice as long as the one before.
pub(super) struct Polling {
    pause: Duration,
    waited: Duration,
    next_word: Duration,
}

impl Polling {
    pub(super) fn new() -> Polling {
        Polling {
            pause: FIRST_PAUSE,
            waited: Duration::ZERO,
            next_word: FIRST_WORD,
        }
    }

    /// Sleeps until it is polite to ask again; what is waited for is told by a word and its name.
    pub(super) async fn pause(&mut self, what: &str, name: &str) {
        tokio::time::sleep(self.pause).await;
        self.waited += self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        if self.waited >= self.next_word {
            self.next_word *= 2;
            let seconds = self.waited.as_secs();
            tracing::warn!("still waiting for {what} `{name}`, {seconds} s so far");
        }
    }
}

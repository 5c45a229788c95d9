//! What servers under test say: log lines, answers, the logs of runs. `cargo xtask test` names a folder for it and
//! scans that for secrets in the end; without one nothing is kept. `hunter2` stands in every secret of the tests, so
//! that the scan finds them all.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Crates whose lines a server shows on its most talkative level; of others it shows warnings.
const OWN: [&str; 6] = ["server", "engine", "connectors", "maxcompute", "job", "sdk"];

fn file(name: &str) -> Option<Mutex<File>> {
    let folder = std::env::var_os("LONGSHORE_TEST_OUTPUT")?;
    let path = PathBuf::from(folder).join(format!("server-{}-{name}", std::process::id()));
    let file = OpenOptions::new().create(true).append(true).open(path);
    Some(Mutex::new(file.unwrap()))
}

/// Keeps every log line from now on.
pub(crate) fn logs() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let Some(file) = file("log") else { return };
        let own = Targets::new()
            .with_default(LevelFilter::WARN)
            .with_targets(OWN.map(|name| (name, LevelFilter::TRACE)));
        let lines = tracing_subscriber::fmt::layer().with_writer(file);
        tracing_subscriber::registry()
            .with(lines.with_filter(own))
            .init();
    });
}

/// Keeps an answer.
pub(crate) fn answer(text: &str) {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    if let Some(file) = FILE.get_or_init(|| file("answers")) {
        writeln!(file.lock().unwrap(), "{text}").unwrap();
    }
}

/// Keeps the logs of the runs in a folder.
pub(crate) fn runs(folder: &Path) {
    for run in fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(text) = fs::read_to_string(run.path().join("log.jsonl")) {
            answer(&text);
        }
    }
}

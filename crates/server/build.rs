//! Lets cargo see when the console was built anew, which it does not by itself.

use std::path::Path;
use std::time::UNIX_EPOCH;
use std::{env, fs};

const FILES: &str = "../../console/dist";

fn main() {
    println!("cargo:rerun-if-env-changed=CONSOLE_REQUIRED");
    println!("cargo:rerun-if-changed={FILES}");
    let stamp = stamp(Path::new(FILES));
    // The module that embeds the files reads this, so that it is compiled again with them.
    println!("cargo:rustc-env=CONSOLE_STAMP={stamp}");
    if stamp == 0 {
        let level = match env::var_os("CONSOLE_REQUIRED") {
            Some(_) => "error",
            None => "warning",
        };
        // With one colon cargo would take an error for data about the package, and go on.
        println!(
            "cargo::{level}=the console is not built: run `npm ci && npm run build` in console/"
        );
    }
}

/// A number that changes with the files; 0 when there are none.
fn stamp(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.fold(0, |sum, entry| {
        let path = entry.path();
        let own = match entry.metadata() {
            Ok(data) if data.is_dir() => stamp(&path),
            Ok(data) => {
                let changed = data.modified().ok();
                let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                data.len() + since.map_or(1, |since| since.as_nanos() as u64)
            }
            Err(_) => 0,
        };
        sum.rotate_left(5) ^ own
    })
}

//! How the files of a job are called, and which older files belong to the same job.

use sdk::{Error, Kind, Result, TaskId};

use super::config::WriterParameters;
use crate::format::FileFormat;
use crate::store::Compress;

/// Files of one run. Their numbers have five digits, so that a later run knows them from files that
/// others call by a date.
pub(super) const MOST_FILES: u32 = 100_000;

/// How the files of a job are called.
pub(super) struct FileNames {
    stem: String,
    suffix: String,
}

impl FileNames {
    /// The name of a task's file; `run` keeps appended files apart.
    pub(super) fn of(&self, task: TaskId, task_count: u32, run: Option<&str>) -> String {
        let FileNames { stem, suffix } = self;
        match run {
            Some(run) => format!("{stem}-{run}-{:05}{suffix}", task.0),
            None if task_count <= 1 => format!("{stem}{suffix}"),
            None => format!("{stem}-{:05}{suffix}", task.0),
        }
    }

    /// Whether a file was written by an earlier run, or by DataX, for the same `fileName` and suffix.
    /// Whatever else begins alike, such as `orders-20240131.csv` beside `orders.csv`, is a stranger.
    pub(super) fn matches(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(&self.stem) else {
            return false;
        };
        let hexadecimal = |byte: u8| byte.is_ascii_hexdigit();
        if let Some(rest) = rest.strip_prefix("__") {
            let uuid = rest.as_bytes().get(..36);
            return uuid.is_some_and(|uuid| uuid.iter().all(|b| hexadecimal(*b) || *b == b'_'));
        }
        let Some(number) = rest.strip_suffix(&self.suffix) else {
            return false;
        };
        let Some(number) = number.strip_prefix('-') else {
            return number.is_empty();
        };
        let (run, task) = number.split_once('-').unwrap_or(("", number));
        let is_run = run.is_empty() || (run.len() == 12 && run.bytes().all(hexadecimal));
        is_run && task.len() == 5 && task.bytes().all(|byte| byte.is_ascii_digit())
    }
}

impl WriterParameters {
    /// The names that follow from `fileName`, `suffix`, format and compression.
    pub(super) fn names(&self) -> Result<FileNames> {
        let name = &self.file_name;
        let plain = |text: &str| !text.contains(['/', '\\', '\0']);
        if name.is_empty() || name.starts_with('.') || !plain(name) {
            return Err(
                Error::new(Kind::Config, format!("\"{name}\" cannot be a `fileName`"))
                    .hint("write a plain name; folders go into `path`"),
            );
        }
        let format = self.file_format()?;
        if let Some(suffix) = &self.suffix {
            if !plain(suffix) {
                return Err(
                    Error::new(Kind::Config, format!("\"{suffix}\" cannot be a `suffix`"))
                        .hint("write the end of a plain name, such as `.csv`"),
                );
            }
            return Ok(FileNames {
                stem: name.clone(),
                suffix: suffix.clone(),
            });
        }
        // A name with a dot has its suffix already; `.gz` and `.zst` belong to it.
        let (bare, _) = Compress::apart(name);
        let stem = bare.rsplit_once('.').map_or(bare, |(stem, _)| stem);
        let suffix = if stem.len() < name.len() {
            name[stem.len()..].to_string()
        } else {
            let compress = match format {
                FileFormat::Parquet => Compress::None,
                _ => self.compress_kind(format)?,
            };
            format!("{}{}", format.suffix(), compress.suffix())
        };
        Ok(FileNames {
            stem: stem.to_string(),
            suffix,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_earlier_runs_are_told_from_strangers() {
        let names = FileNames {
            stem: "orders".into(),
            suffix: ".csv".into(),
        };
        assert_eq!(names.of(TaskId(0), 1, None), "orders.csv");
        assert_eq!(names.of(TaskId(7), 9, None), "orders-00007.csv");
        for ours in [
            "orders.csv",
            "orders-00007.csv",
            "orders-0123456789ab-00000.csv",
            "orders__1b2c3d4e_0000_4000_8000_0123456789ab",
            "orders__1b2c3d4e_0000_4000_8000_0123456789ab.csv",
        ] {
            assert!(names.matches(ours), "{ours}");
        }
        for strange in [
            "orders",
            "orders.parquet",
            "orders.csv.gz",
            "orders.old.csv",
            "orders2.csv",
            "orders-2024.csv",
            "orders-20240131.csv",
            "orders-2024-00001.csv",
            "orders-old.csv",
            "orders__notes.csv",
            "order",
            "my-orders.csv",
        ] {
            assert!(!names.matches(strange), "{strange}");
        }
    }
}

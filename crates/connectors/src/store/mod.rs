//! Where files lie: the local file system. Finding and opening them for reading, and writing them so
//! that they appear only when they are complete. What the bytes mean is the business of `format`.

mod compress;
mod list;
mod staged;

use std::io;
use std::path::Path;

use sdk::{Error, Kind, Retry};

pub(crate) use compress::{Compress, Output, no_snappy, open_input};
pub(crate) use list::{Listed, list, list_root, real_path, resolve};
pub(crate) use staged::{Existing, StagedFile, publish_all, remove, remove_staged, sync_folder};

/// A failure to read a file.
pub(crate) fn read_error(name: &str, error: io::Error) -> Error {
    let message = format!("cannot read {name}");
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
            Error::new(Kind::NotFound, format!("{message}: no such file"))
                .hint("check `path`; relative paths begin at the datasource's `root` or at the working folder")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Kind::Denied, format!("{message}: permission denied"))
                .hint("let the user that runs the job read the file")
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            Error::new(
                Kind::Data,
                format!("{message}: its compressed data is damaged or cut short"),
            )
            .source(error)
            .hint("check that the file is complete and that `compress` is right")
        }
        _ => Error::new(Kind::Unreachable, message)
            .source(error)
            .retry(Retry::Now),
    }
}

/// A failure to write a file or folder.
pub(crate) fn write_error(name: &str, error: io::Error) -> Error {
    let message = format!("cannot write {name}");
    match error.kind() {
        io::ErrorKind::NotFound => {
            Error::new(Kind::NotFound, format!("{message}: no such folder")).hint("check `path`")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::new(Kind::Denied, format!("{message}: permission denied"))
                .hint("let the user that runs the job write to the folder")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Error::new(Kind::Throttled, format!("{message}: no space is left"))
                .source(error)
                .hint("free space on the disk or write elsewhere, then run the job again")
        }
        io::ErrorKind::InvalidFilename => {
            Error::new(Kind::Config, format!("{message}: the name is too long"))
                .hint("choose a shorter `fileName` or `path`")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Error::new(Kind::Config, format!("{message}: a file is in the way"))
                .hint("`path` must be a folder; the file's name goes into `fileName`")
        }
        _ => Error::new(Kind::Unreachable, message)
            .source(error)
            .retry(Retry::Now),
    }
}

/// A path as errors show it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}

//! Texts in the data-source file that stand for something else: `${env:NAME}` and `${file:PATH}`.

use std::fs;
use std::path::Path;

/// The text itself, or what the variable or file it names holds. `base` is the folder that relative
/// paths start from.
pub(crate) fn resolve(text: &str, base: &Path) -> Result<String, String> {
    let Some(inner) = inner(text) else {
        if text.contains("${env:") || text.contains("${file:") {
            return Err("`${env:NAME}` or `${file:PATH}` must be the whole value".to_string());
        }
        return Ok(text.to_string());
    };
    match inner.split_once(':') {
        Some(("env", name)) => {
            std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
        }
        Some(("file", path)) => {
            let path = base.join(path);
            refuse_if_readable_by_all(&path)?;
            fs::read_to_string(&path)
                .map(|text| text.trim_end_matches(['\r', '\n']).to_string())
                .map_err(|error| format!("cannot read {}: {error}", path.display()))
        }
        // Not quoted, since it may be a password after all.
        _ => Err("a value in `${…}` must be `${env:NAME}` or `${file:PATH}`".to_string()),
    }
}

/// Whether the text names a place instead of being the secret itself.
pub(crate) fn is_reference(text: &str) -> bool {
    inner(text).is_some()
}

fn inner(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}')
}

/// A file that holds a secret must not be open to every user of the machine.
pub(crate) fn refuse_if_readable_by_all(path: &Path) -> Result<(), String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?
            .permissions()
            .mode();
        if mode & 0o004 != 0 {
            return Err(format!(
                "{} holds a secret and every user may read it; run `chmod 600 {}`",
                path.display(),
                path.display()
            ));
        }
    }
    Ok(())
}

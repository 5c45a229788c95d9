//! The scan for secrets in what servers and tests have said: log lines, answers, logs of runs, the output of tests.
//!
//! Every secret of the tests holds one mark, so the scan needs no list of them; the password of the database server
//! is made anew each time and is looked for too. What is found is told by its place and what stands before it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// What every secret in the tests holds.
const MARK: &str = "hunter2";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// So many letters before a secret are shown, to know where it came from.
const BEFORE: usize = 80;

/// The texts that nothing may hold.
pub(crate) struct Leaks {
    forms: Vec<String>,
    found: Vec<String>,
}

impl Leaks {
    /// Looks for the mark and for these, as they are and in Base64, which headers of HTTP have.
    pub(crate) fn new(secrets: &[&str]) -> Leaks {
        let mut forms = Vec::new();
        for secret in [&[MARK], secrets].concat() {
            forms.push(secret.to_owned());
            forms.extend((0..3).map(|offset| inside_base64(secret, offset)));
        }
        Leaks {
            forms,
            found: Vec::new(),
        }
    }

    /// Looks at a text; `place` names it.
    pub(crate) fn look(&mut self, place: &str, text: &str) {
        for (number, line) in text.lines().enumerate() {
            if let Some(at) = self.forms.iter().filter_map(|form| line.find(form)).min() {
                let from = line[..at].char_indices().rev().take(BEFORE).last();
                let before = &line[from.map_or(at, |(at, _)| at)..at];
                let line = number + 1;
                self.found
                    .push(format!("{place}, line {line}: …{before}***"));
            }
        }
    }

    /// Looks at every file of a folder; tells how many bytes there were.
    pub(crate) fn look_at_files(&mut self, folder: &Path) -> Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(folder)?.flatten() {
            let path = entry.path();
            let content =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            bytes += content.len() as u64;
            let name = entry.file_name();
            self.look(&name.to_string_lossy(), &String::from_utf8_lossy(&content));
        }
        Ok(bytes)
    }

    /// Fails if anything was found.
    pub(crate) fn judge(self) -> Result<()> {
        if self.found.is_empty() {
            return Ok(());
        }
        let (count, first) = (self.found.len(), &self.found[..self.found.len().min(20)]);
        bail!(
            "secrets were written down in {count} lines:\n{}",
            first.join("\n")
        )
    }
}

/// The letters of a text's Base64 that do not depend on what stands around it, `offset` bytes behind a group's
/// beginning.
fn inside_base64(text: &str, offset: usize) -> String {
    let bytes: Vec<u8> = [&vec![0; offset], text.as_bytes()].concat();
    let bit = |place: usize| bytes[place / 8] >> (7 - place % 8) & 1;
    let first = (offset * 8).div_ceil(6);
    let letters = first..bytes.len() * 8 / 6;
    let letter = |group: usize| {
        let value = (0..6).fold(0, |value, place| value << 1 | bit(group * 6 + place));
        char::from(ALPHABET[usize::from(value)])
    };
    letters.map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A secret that is not the mark itself, which the scan of this output would find.
    const SECRET: &str = "open sesame";

    fn finds(text: &str) -> bool {
        let mut leaks = Leaks::new(&[SECRET]);
        leaks.look("here", text);
        leaks.judge().is_err()
    }

    #[test]
    fn a_secret_is_found_as_it_is_and_in_base64() {
        assert!(finds("one\npassword=open sesame;"));
        // `user:open sesame!` and two that begin one and two letters later.
        assert!(finds("Basic dXNlcjpvcGVuIHNlc2FtZSE="));
        assert!(finds("Basic eHVzZXI6b3BlbiBzZXNhbWUh"));
        assert!(finds("Basic eHh1c2VyOm9wZW4gc2VzYW1lIQ=="));
        assert!(!finds("Basic dXNlcjpub3RoaW5nIGF0IGFsbA=="));
        assert!(!finds("password=***"));
    }

    #[test]
    fn what_is_found_is_named_by_its_place_and_not_shown() {
        let mut leaks = Leaks::new(&[SECRET]);
        leaks.look("server.log", "fine\nä password=open sesame hunter2");
        let text = leaks.judge().unwrap_err().to_string();
        let expected = "server.log, line 2: …ä password=***";
        assert!(text.ends_with(expected), "{text}");
        assert!(!text.contains(SECRET));
    }
}

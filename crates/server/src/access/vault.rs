//! Secrets at rest: sealed with XChaCha20-Poly1305 under a ring of keys.
//!
//! A sealed text is `ls1:<key id>:<nonce and ciphertext in Base64>`. It is bound to its owner, such as
//! `datasource/<id>`, so that nobody who can write to the store can move a secret to a datasource of their own.
//! Where the keys come from is left to the caller; which parts of a configuration are secret, to [`super::secrets`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sdk::{Error, Kind, Result, Secret};
use zeroize::Zeroizing;

use super::token;

/// The version of the format; it is the first word of every sealed text.
const FORMAT: &str = "ls1";
const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 24;

/// Keys by their ids. The last one seals, each of them opens; so a new key is added at the end, everything is
/// sealed again, and then the old key is taken away. Keys are wiped from memory when the ring is dropped.
pub struct KeyRing {
    /// Never empty.
    keys: Vec<Key>,
}

struct Key {
    id: String,
    bytes: Zeroizing<[u8; KEY_LENGTH]>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing(***)")
    }
}

impl KeyRing {
    /// Reads keys, one a line as `id:key`, the key being 32 bytes in Base64. Empty lines and lines that begin
    /// with `#` are skipped.
    pub fn parse(text: &Secret) -> Result<KeyRing> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in text.expose().lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = index + 1;
            let key = Key::parse(line).ok_or_else(|| {
                Error::new(Kind::Config, format!("line {number} of the keys is not a key")).hint(
                    "write `id:key`: letters and digits, a colon, and 32 random bytes in Base64 as `openssl rand \
                     -base64 32` prints them",
                )
            })?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(Error::new(
                    Kind::Config,
                    format!("line {number} of the keys has the id \"{}\" again", key.id),
                )
                .hint("give each key an id of its own"));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(
                Error::new(Kind::Config, "there is no key to seal secrets with")
                    .hint("write one line `id:key`, the key being 32 random bytes in Base64"),
            );
        }
        Ok(KeyRing { keys })
    }

    /// A line with a new key, to be added to the others.
    pub fn generate(id: &str) -> Result<Secret> {
        if !is_key_id(id) {
            return Err(
                Error::new(Kind::Config, format!("\"{id}\" cannot be the id of a key"))
                    .hint("use up to 32 letters, digits, `-` and `_`"),
            );
        }
        let bytes = Zeroizing::new(token::random::<KEY_LENGTH>()?);
        let text = Zeroizing::new(STANDARD.encode(*bytes));
        Ok(Secret::new(format!("{id}:{}", *text)))
    }

    #[cfg(test)]
    /// The ids of all keys; the last one is that of the key that seals.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// Seals a text for its owner.
    pub(crate) fn seal(&self, owner: &str, text: &Secret) -> Result<String> {
        let newest = self.newest()?;
        let nonce = token::random::<NONCE_LENGTH>()?;
        let bound = bound_to(&newest.id, owner);
        let payload = Payload {
            msg: text.expose().as_bytes(),
            aad: bound.as_bytes(),
        };
        let ciphertext = newest
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::internal("a secret could not be sealed"))?;
        let sealed = URL_SAFE_NO_PAD.encode([&nonce[..], &ciphertext].concat());
        Ok(format!("{FORMAT}:{}:{sealed}", newest.id))
    }

    /// Opens what was sealed for this owner.
    pub(crate) fn open(&self, owner: &str, sealed: &str) -> Result<Secret> {
        let broken = || {
            Error::new(
                Kind::Data,
                format!("the sealed secret of {owner} cannot be opened"),
            )
            .hint("it was changed, cut or moved in the store; enter the secret again")
        };
        let (id, bytes) = parts(sealed).ok_or_else(broken)?;
        let Some(key) = self.keys.iter().find(|key| key.id == id) else {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "the secret of {owner} is sealed with the key \"{id}\", which is not there"
                ),
            )
            .hint("put the line of that key back, or enter the secret again"));
        };
        let (nonce, ciphertext) = bytes
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or_else(broken)?;
        let bound = bound_to(id, owner);
        let payload = Payload {
            msg: ciphertext,
            aad: bound.as_bytes(),
        };
        let opened = key.cipher().decrypt(&XNonce::from(*nonce), payload);
        let text = opened.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Secret::new).ok_or_else(broken)
    }

    /// The text sealed with the newest key; `None` if it already is.
    pub(crate) fn reseal(&self, owner: &str, sealed: &str) -> Result<Option<String>> {
        // Opened in any case, so that a rotation finds what is broken.
        let text = self.open(owner, sealed)?;
        let newest = self.newest()?;
        match parts(sealed) {
            Some((id, _)) if id == newest.id => Ok(None),
            _ => self.seal(owner, &text).map(Some),
        }
    }

    fn newest(&self) -> Result<&Key> {
        let newest = self.keys.last();
        newest.ok_or_else(|| Error::internal("a ring of keys is empty"))
    }
}

impl Key {
    fn parse(line: &str) -> Option<Key> {
        let (id, text) = line.split_once(':')?;
        let (id, text) = (id.trim(), text.trim());
        let mut bytes = Zeroizing::new([0; KEY_LENGTH]);
        let decoded = Zeroizing::new(STANDARD.decode(text).ok()?);
        if !is_key_id(id) || decoded.len() != KEY_LENGTH {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        Some(Key {
            id: id.to_string(),
            bytes,
        })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.bytes).into())
    }
}

fn is_key_id(id: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=32).contains(&id.len()) && id.bytes().all(letter)
}

/// What the tag covers beside the secret. Neither the format nor a key's id has a colon, so no two of these are
/// the same.
fn bound_to(key_id: &str, owner: &str) -> String {
    format!("{FORMAT}:{key_id}:{owner}")
}

/// The id of the key, and nonce with ciphertext.
fn parts(sealed: &str) -> Option<(&str, Vec<u8>)> {
    let rest = sealed.strip_prefix(FORMAT)?.strip_prefix(':')?;
    let (id, text) = rest.split_once(':')?;
    Some((id, URL_SAFE_NO_PAD.decode(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "2026-03:Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn ring(lines: &[&str]) -> KeyRing {
        KeyRing::parse(&Secret::new(lines.join("\n"))).unwrap()
    }

    fn secret() -> Secret {
        Secret::new("s3cret, with ünïcode")
    }

    #[test]
    fn what_is_sealed_can_be_opened_by_its_owner_only() {
        let ring = ring(&[OLD]);
        let sealed = ring.seal("datasource/1", &secret()).unwrap();
        assert!(sealed.starts_with("ls1:old:"), "{sealed}");
        assert!(!sealed.contains("s3cret"));
        assert_eq!(ring.open("datasource/1", &sealed).unwrap(), secret());
        for owner in [
            "datasource/2",
            "datasource/11",
            "datasource/",
            "",
            "accessKey/1",
        ] {
            let error = ring.open(owner, &sealed).unwrap_err();
            assert_eq!(error.kind(), Kind::Data, "{owner}");
        }
        let again = ring.seal("datasource/1", &secret()).unwrap();
        assert_ne!(again, sealed, "each sealing has its own nonce");
        let empty = ring.seal("x", &Secret::default()).unwrap();
        assert!(ring.open("x", &empty).unwrap().is_empty());
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let ring = ring(&[OLD, NEW]);
        let sealed = ring.seal("datasource/1", &secret()).unwrap();
        for (at, letter) in sealed.char_indices() {
            let other = if letter == 'A' { 'B' } else { 'A' };
            let changed = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
            let result = ring.open("datasource/1", &changed);
            assert!(result.is_err(), "character {at} of {sealed}");
            assert!(!format!("{result:?}").contains("s3cret"));
        }
        for length in 0..sealed.len() {
            assert!(ring.open("datasource/1", &sealed[..length]).is_err());
        }
        assert!(ring.open("datasource/1", &format!("{sealed}A")).is_err());
        // The tag covers the id of the key: the same bytes under another name do not pass.
        let same_bytes = format!("{OLD}\n{}", OLD.replace("old", "new"));
        let twins = KeyRing::parse(&Secret::new(same_bytes)).unwrap();
        let by_new = twins.seal("x", &secret()).unwrap();
        assert!(twins.open("x", &by_new).is_ok());
        assert!(
            twins
                .open("x", &by_new.replace("ls1:new:", "ls1:old:"))
                .is_err()
        );
    }

    #[test]
    fn a_rotation_needs_both_keys_for_a_while() {
        let before = ring(&[OLD]);
        let sealed = before.seal("datasource/1", &secret()).unwrap();
        let both = ring(&[OLD, NEW]);
        assert_eq!(both.ids().collect::<Vec<_>>(), ["old", "2026-03"]);
        assert_eq!(both.open("datasource/1", &sealed).unwrap(), secret());
        let resealed = both.reseal("datasource/1", &sealed).unwrap().unwrap();
        assert!(resealed.starts_with("ls1:2026-03:"), "{resealed}");
        assert_eq!(both.reseal("datasource/1", &resealed).unwrap(), None);
        assert!(both.reseal("datasource/2", &resealed).is_err());

        let after = ring(&[NEW]);
        assert_eq!(after.open("datasource/1", &resealed).unwrap(), secret());
        let error = after.open("datasource/1", &sealed).unwrap_err();
        assert_eq!(
            error.message(),
            "the secret of datasource/1 is sealed with the key \"old\", which is not there"
        );
        let other = KeyRing::parse(&Secret::new(NEW.replace("2026-03", "old"))).unwrap();
        assert_eq!(
            other.open("datasource/1", &sealed).unwrap_err().kind(),
            Kind::Data
        );
    }

    #[test]
    fn keys_are_read_with_comments_and_generated() {
        let generated = KeyRing::generate("k-1").unwrap();
        let text = format!("# keys\n\n  {OLD}  \n{}\n", generated.expose());
        let ring = KeyRing::parse(&Secret::new(text)).unwrap();
        assert_eq!(ring.ids().collect::<Vec<_>>(), ["old", "k-1"]);
        assert_eq!(format!("{ring:?}"), "KeyRing(***)");
        assert_ne!(KeyRing::generate("k-1").unwrap(), generated);
        for id in ["", "a:b", "a b", "ключ", &"a".repeat(33)] {
            assert!(KeyRing::generate(id).is_err(), "{id}");
        }
    }

    #[test]
    fn bad_keys_are_named_by_their_line_and_not_shown() {
        for (text, line) in [
            (format!("{OLD}\nno key"), 2),
            (format!("{OLD}\nb:c2hvcnQ="), 2),
            (format!("\n:{}", &OLD[4..]), 2),
            (format!("a b:{}", &OLD[4..]), 1),
            (format!("{OLD}\n#\n{OLD}"), 3),
        ] {
            let error = KeyRing::parse(&Secret::new(text)).unwrap_err();
            let said = format!("{error} {:?}", error.hint_text());
            assert!(said.contains(&format!("line {line} ")), "{said}");
            assert!(!said.contains("AAECAw"), "{said}");
        }
        let error = KeyRing::parse(&Secret::new("# nothing\n")).unwrap_err();
        assert_eq!(error.message(), "there is no key to seal secrets with");
    }

    /// Sealed by another implementation, Python's `cryptography` with HChaCha20 after the draft of the IETF.
    /// What is stored must stay readable.
    #[test]
    fn the_format_stays_the_same() {
        let sealed = "ls1:old:ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7D0CawppapaLwWelXhqwBp5gUMR6ASY8CJuTvOWQMeOsaaVzV_2g";
        let opened = ring(&[OLD]).open("datasource/1", sealed).unwrap();
        assert_eq!(opened, secret());
    }
}

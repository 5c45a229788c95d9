//! Random tokens and the keys of the API: how they are made, how they are kept, how they are compared.
//!
//! The store keeps the hash of a token, so that whoever reads the store cannot use it. The secret of an
//! access key is needed again to check signatures; [`super::vault`] seals it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sdk::{Error, Result, Secret};
use sha2::{Digest, Sha256};

/// How every id of an access key begins, so that a leaked one is known for what it is.
pub(crate) const ACCESS_KEY_PREFIX: &str = "LSAK";
const ACCESS_KEY_LENGTH: usize = 20;
/// The alphabet of Base32: no letter is mistaken for a digit.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The id and the secret of an access key; the secret is shown once.
#[derive(Debug)]
pub(crate) struct AccessKey {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

/// Random bytes of the operating system; all randomness of access control comes from here.
pub(crate) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(Error::internal(format!(
            "the operating system gave no random numbers: {error}"
        ))),
    }
}

/// A new token: the id of a session, its CSRF token, the one-time token of the first administrator.
pub(crate) fn token() -> Result<Secret> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// A new access key.
pub(crate) fn access_key() -> Result<AccessKey> {
    let letters =
        random::<ACCESS_KEY_LENGTH>()?.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    Ok(AccessKey {
        id: ACCESS_KEY_PREFIX.chars().chain(letters).collect(),
        secret: token()?,
    })
}

/// Whether a text has the form of an access key's id; others need not be looked up.
pub(crate) fn is_access_key_id(text: &str) -> bool {
    text.strip_prefix(ACCESS_KEY_PREFIX).is_some_and(|letters| {
        letters.len() == ACCESS_KEY_LENGTH && letters.bytes().all(|byte| LETTERS.contains(&byte))
    })
}

/// What the store keeps of a token: its SHA-256 in hexadecimal digits. A token is random, so it needs no salt.
pub(crate) fn hash(token: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(token))
}

/// Whether two tokens are the same. It is their hashes that are compared: the time that takes depends on
/// how much of the hashes agrees, which says nothing about the tokens.
pub(crate) fn same(left: &str, right: &str) -> bool {
    Sha256::digest(left) == Sha256::digest(right)
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that exactly so many lower-case hexadecimal digits stand for.
pub(crate) fn from_hex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let digits = text.as_bytes();
    let plain = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if digits.len() != 2 * LENGTH || !digits.iter().all(plain) {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_are_long_different_and_fit_into_a_cookie() {
        let tokens: HashSet<_> = (0..100)
            .map(|_| token().unwrap().expose().to_string())
            .collect();
        assert_eq!(tokens.len(), 100);
        for token in tokens {
            assert_eq!(URL_SAFE_NO_PAD.decode(&token).unwrap().len(), 32);
            assert!(!token.contains(['+', '/', '=', ';']));
        }
    }

    #[test]
    fn access_keys_have_their_form() {
        let key = access_key().unwrap();
        assert!(is_access_key_id(&key.id), "{}", key.id);
        assert_ne!(access_key().unwrap().id, key.id);
        assert!(!format!("{key:?}").contains(key.secret.expose()));
        let wrong = [
            "LSAK",
            "LSAKabcdefghijklmnopqrst",
            "LSAKAAAAAAAAAAAAAAAAAAA1",
            "XXAKAAAAAAAAAAAAAAAAAAAA",
        ];
        for id in wrong {
            assert!(!is_access_key_id(id), "{id}");
        }
    }

    #[test]
    fn a_hash_is_that_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash("abc"), abc);
        assert_eq!(hex(&from_hex::<32>(abc).unwrap()), abc);
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd") && !same("abc", "abcd") && !same("", "a"));
    }

    #[test]
    fn only_plain_lower_case_digits_are_hexadecimal() {
        assert_eq!(from_hex::<2>("00ff"), Some([0, 255]));
        for wrong in ["00FF", "00f", "00fff", "+0ff", "0é", "zz00", ""] {
            assert_eq!(from_hex::<2>(wrong), None, "{wrong}");
        }
    }
}

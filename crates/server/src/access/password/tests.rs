//! Tests of hashing, of the dummy check and of the waits.

use chrono::TimeZone;

use super::*;

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[test]
fn the_right_password_is_told_from_wrong_ones() {
    let good = secret("correct horse battery");
    let stored = hash(&good).unwrap();
    assert!(
        stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{stored}"
    );
    assert_eq!(verify(&good, Some(&stored)).unwrap(), Verdict::Right);
    for wrong in ["correct horse batterY", "", "correct horse battery "] {
        assert_eq!(
            verify(&secret(wrong), Some(&stored)).unwrap(),
            Verdict::Wrong
        );
    }
    assert_ne!(hash(&good).unwrap(), stored, "each hash has its own salt");
}

#[test]
fn hashes_of_weaker_parameters_are_right_but_old() {
    let password = secret("correct horse battery");
    let hashed = |algorithm, memory, passes| {
        let params = Params::new(memory, passes, 1, None).unwrap();
        Argon2::new(algorithm, Version::V0x13, params)
            .hash_password_with_salt(password.expose().as_bytes(), b"0123456789abcdef")
            .unwrap()
            .to_string()
    };
    for old in [
        hashed(Algorithm::Argon2id, 8, 1),
        hashed(Algorithm::Argon2id, MEMORY_KIB, 1),
        hashed(Algorithm::Argon2i, MEMORY_KIB, PASSES),
    ] {
        assert_eq!(verify(&password, Some(&old)).unwrap(), Verdict::RightButOld);
    }
    let current = hashed(Algorithm::Argon2id, MEMORY_KIB, PASSES);
    assert_eq!(verify(&password, Some(&current)).unwrap(), Verdict::Right);
}

#[test]
fn nobody_is_checked_at_the_price_of_somebody_and_never_right() {
    let nobody = PasswordHash::new(NOBODY).unwrap();
    assert!(is_current(&nobody), "the dummy costs as much as a real one");
    let real = hash(&secret("correct horse battery")).unwrap();
    let length = |hash: &PasswordHash| hash.hash.map(|output| output.as_bytes().len());
    assert_eq!(length(&nobody), length(&PasswordHash::new(&real).unwrap()));
    let salt = nobody.salt.unwrap();
    assert_eq!(salt.as_ref().len(), 15);
    assert_eq!(
        verify(&secret("whatever it may be"), None).unwrap(),
        Verdict::Wrong
    );
}

#[test]
fn a_broken_hash_is_our_fault_and_nobody_gets_in() {
    for broken in ["", "plain text", "$argon2id$v=19$m=19456,t=2,p=1$bm8"] {
        match verify(&secret("plain text"), Some(broken)) {
            Err(error) => assert_eq!(error.kind(), Kind::Internal),
            Ok(verdict) => assert_eq!(verdict, Verdict::Wrong),
        }
    }
}

#[test]
fn short_and_endless_passwords_are_refused_with_the_reason() {
    let error = check(&secret("elevenchars")).unwrap_err();
    assert_eq!(
        error.message(),
        "the password has 11 characters, 12 are the least"
    );
    assert!(hash(&secret("short")).is_err());
    assert!(check(&secret("twelve chars")).is_ok());
    assert!(check(&secret("пароль-пароль")).is_ok());
    assert!(
        check(&secret("ééééééé")).is_err(),
        "characters count, not bytes"
    );
    assert!(check(&secret(&"a".repeat(1024))).is_ok());
    assert!(check(&secret(&"a".repeat(1025))).is_err());
    // The first 1024 bytes of a longer text are not a password either.
    let stored = hash(&secret(&"a".repeat(1024))).unwrap();
    let longer = secret(&"a".repeat(1025));
    assert_eq!(verify(&longer, Some(&stored)).unwrap(), Verdict::Wrong);
}

#[test]
fn waits_double_up_to_a_quarter_of_an_hour() {
    let last = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap();
    let wait = |failures| match attempt(failures, Some(last), last) {
        Attempt::Allowed => 0,
        Attempt::WaitUntil(until) => (until - last).num_seconds(),
    };
    let waits: Vec<_> = (0..14).map(wait).collect();
    assert_eq!(
        waits,
        [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    );
    assert_eq!(wait(u32::MAX), 900);
    assert_eq!(attempt(99, None, last), Attempt::Allowed);
}

#[test]
fn a_wait_ends_to_the_second() {
    let last = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap();
    let until = last + TimeDelta::seconds(60);
    let just_before = until - TimeDelta::microseconds(1);
    assert_eq!(
        attempt(6, Some(last), just_before),
        Attempt::WaitUntil(until)
    );
    assert_eq!(attempt(6, Some(last), until), Attempt::Allowed);
}

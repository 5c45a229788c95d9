//! Tests of signing against the published examples, and of everything that must break a signature.

use chrono::TimeZone;
use proptest::prelude::*;

use super::*;

const GUIDE: &str = include_str!("../../../../../docs/concepts/access.md");
const KEY: &str = "LSAKEXAMPLEEXAMPLEEXAMPL";
const BODY: &[u8] = b"{\"bizdate\":\"2026-02-28\"}";
const HEADERS: [(&str, &str); 3] = [
    ("Host", "longshore.example:8443"),
    ("Content-Type", "application/json"),
    ("X-Longshore-Date", "2026-03-01T12:00:00Z"),
];

fn secret() -> Secret {
    Secret::new("example-secret-that-nobody-uses-anywhere-00")
}

fn example() -> Request<'static> {
    Request {
        method: "POST",
        path: "/api/v1/example",
        query: "b=2&a=1",
        headers: &HEADERS,
        body: BODY,
    }
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

fn parse(text: &str) -> Result<Signed> {
    match Authorization::parse(text)? {
        Authorization::Signed(signed) => Ok(signed),
        Authorization::Bearer { .. } => Err(Error::internal("not signed")),
    }
}

fn verify(text: &str, request: &Request<'_>, now: DateTime<Utc>) -> Result<()> {
    parse(text)?.verify(request, &secret(), now)
}

#[test]
fn the_example_of_the_guide_is_right() {
    let names = check_names(HEADERS.iter().map(|(name, _)| name.to_ascii_lowercase())).unwrap();
    let canonical = canonical_request(&example(), &names).unwrap();
    for line in canonical.lines() {
        assert!(GUIDE.lines().any(|shown| shown.trim() == line), "{line}");
    }
    let signed = sign(&example(), KEY, &secret()).unwrap();
    let shown = GUIDE.replace("\n    ", " ");
    assert!(
        shown.contains(&format!("Authorization: {signed}")),
        "{signed}"
    );
    assert!(GUIDE.contains(secret().expose()));
    verify(&signed, &example(), noon()).unwrap();
    assert_eq!(parse(&signed).unwrap().key_id, KEY);
}

/// Made with the Python function in the guide.
#[test]
fn another_implementation_signs_the_same() {
    let headers = [HEADERS[0], HEADERS[2]];
    for (path, query, signature) in [
        (
            "/api/v1/example",
            "",
            "38185786834b74d17d8044a9ee1cc3dff777ae8a1b6a716eef72f2ad40a9ce83",
        ),
        (
            "/api/v1/a%20b/%C3%A9",
            "q=x%20y&q=&q&z=%26&a",
            "155f8beda1e330b1790aadb1330dc90b3d0d374897587e3234db038e86aeeddd",
        ),
    ] {
        let request = Request {
            method: "GET",
            path,
            query,
            headers: &headers,
            body: b"",
        };
        let signed = sign(&request, KEY, &secret()).unwrap();
        assert!(signed.ends_with(signature), "{signed}");
        verify(&signed, &request, noon()).unwrap();
    }
}

#[test]
fn what_a_proxy_may_do_does_not_matter() {
    let signed = sign(&example(), KEY, &secret()).unwrap();
    let mut headers = vec![
        ("x-longshore-date", " 2026-03-01T12:00:00Z "),
        ("HOST", "longshore.example:8443"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("content-type", "application/json"),
    ];
    headers.push(("authorization", &signed));
    let request = Request {
        method: "post",
        query: "a=1&b=2",
        headers: &headers,
        ..example()
    };
    verify(&signed, &request, noon()).unwrap();
}

#[test]
fn every_part_of_a_request_is_covered() {
    let signed = sign(&example(), KEY, &secret()).unwrap();
    let with = |at: usize, value: &'static str| {
        let mut headers = HEADERS;
        headers[at].1 = value;
        headers
    };
    let other_host = with(0, "other.example:8443");
    let other_type = with(1, "text/plain");
    let other_date = with(2, "2026-03-01T12:00:01Z");
    let twice = [
        HEADERS[0],
        HEADERS[1],
        HEADERS[2],
        ("host", "other.example"),
    ];
    let changed = [
        (
            "method",
            Request {
                method: "PUT",
                ..example()
            },
        ),
        (
            "path",
            Request {
                path: "/api/v1/example/",
                ..example()
            },
        ),
        (
            "encoding",
            Request {
                path: "/api/v1/%65xample",
                ..example()
            },
        ),
        (
            "value",
            Request {
                query: "b=2&a=2",
                ..example()
            },
        ),
        (
            "one more",
            Request {
                query: "b=2&a=1&c=3",
                ..example()
            },
        ),
        (
            "one less",
            Request {
                query: "b=2",
                ..example()
            },
        ),
        (
            "body",
            Request {
                body: b"{\"bizdate\":\"2026-02-27\"}",
                ..example()
            },
        ),
        (
            "no body",
            Request {
                body: b"",
                ..example()
            },
        ),
        (
            "host",
            Request {
                headers: &other_host,
                ..example()
            },
        ),
        (
            "type",
            Request {
                headers: &other_type,
                ..example()
            },
        ),
        (
            "date",
            Request {
                headers: &other_date,
                ..example()
            },
        ),
        (
            "twice",
            Request {
                headers: &twice,
                ..example()
            },
        ),
        (
            "missing",
            Request {
                headers: &HEADERS[1..],
                ..example()
            },
        ),
    ];
    for (what, request) in changed {
        let error = verify(&signed, &request, noon()).unwrap_err();
        assert_eq!(error.kind(), Kind::Auth, "{what}");
    }
    let other_secret = Secret::new("example-secret-that-nobody-uses-anywhere-01");
    let result = parse(&signed)
        .unwrap()
        .verify(&example(), &other_secret, noon());
    let said = format!("{:?}", result.unwrap_err());
    assert!(!said.contains(other_secret.expose()), "{said}");
}

#[test]
fn every_part_of_a_signature_counts() {
    let signed = sign(&example(), KEY, &secret()).unwrap();
    let digits = &signed[signed.len() - 64..];
    for at in 0..64 {
        let other = if &digits[at..=at] == "0" { "1" } else { "0" };
        let changed = format!("{}{other}{}", &digits[..at], &digits[at + 1..]);
        let text = signed.replace(digits, &changed);
        assert!(verify(&text, &example(), noon()).is_err(), "digit {at}");
    }
    let fewer = signed.replace("content-type;host", "host");
    assert!(verify(&fewer, &example(), noon()).is_err());
    for name in ALWAYS_SIGNED {
        let text = signed.replace(name, "content-type");
        let error = parse(&text).unwrap_err();
        assert_eq!(
            error.message(),
            format!("the header `{name}` is not signed")
        );
    }
}

#[test]
fn a_signature_lives_for_fifteen_minutes() {
    let signed = sign(&example(), KEY, &secret()).unwrap();
    let at = |seconds| verify(&signed, &example(), noon() + TimeDelta::seconds(seconds));
    for seconds in [-900, -1, 0, 1, 900] {
        at(seconds).unwrap();
    }
    for seconds in [-86_400, -901, 901, 86_400] {
        let error = at(seconds).unwrap_err();
        assert!(
            error.message().contains("the server's clock says"),
            "{error}"
        );
    }
}

#[test]
fn a_date_that_is_none_is_named() {
    let headers = [HEADERS[0], ("x-longshore-date", "yesterday")];
    let request = Request {
        headers: &headers,
        ..example()
    };
    let signed = sign(&request, KEY, &secret()).unwrap();
    let error = verify(&signed, &request, noon()).unwrap_err();
    assert_eq!(
        error.message(),
        "`x-longshore-date` is \"yesterday\", which is not a time"
    );
}

#[test]
fn nothing_is_signed_without_host_and_date_or_with_line_breaks() {
    for headers in [&HEADERS[..2], &HEADERS[1..], &[]] {
        let request = Request {
            headers,
            ..example()
        };
        assert!(sign(&request, KEY, &secret()).is_err());
    }
    for request in [
        Request {
            path: "/a\n/b",
            ..example()
        },
        Request {
            query: "a\r",
            ..example()
        },
        Request {
            method: "GET\n",
            ..example()
        },
    ] {
        assert!(sign(&request, KEY, &secret()).is_err());
    }
    let odd = [HEADERS[0], HEADERS[2], ("a:b", "c")];
    let request = Request {
        headers: &odd,
        ..example()
    };
    assert!(sign(&request, KEY, &secret()).is_err());
}

#[test]
fn broken_headers_are_refused_with_a_hint() {
    let good = sign(&example(), KEY, &secret()).unwrap();
    let without = |part: &str| good.replace(part, "");
    for text in [
        "",
        "Basic YTpi",
        "Bearer",
        "Bearer LSAKEXAMPLEEXAMPLEEXAMPL",
        "Bearer LSAKEXAMPLEEXAMPLEEXAMPL:",
        "Bearer somebody:secret",
        SCHEME,
        &without("Credential=LSAKEXAMPLEEXAMPLEEXAMPL, "),
        &without("SignedHeaders=content-type;host;x-longshore-date, "),
        &good[..good.len() - 1],
        &good[..good.find("Signature").unwrap()],
        &good.replace("Signature=", "Signature=A"),
        &format!("{good}, Signature=00"),
        &format!("{good}, More=1"),
        &good.replace(KEY, "somebody"),
    ] {
        let error = Authorization::parse(text).unwrap_err();
        assert_eq!(error.kind(), Kind::Auth, "{text}");
        assert!(error.hint_text().is_some(), "{text}");
    }
    let lower = good.replace(SCHEME, &SCHEME.to_lowercase());
    verify(&lower, &example(), noon()).unwrap();
}

#[test]
fn a_borne_secret_is_read_and_not_shown() {
    let text = format!("bearer {KEY}:s3cret:with:colons");
    let parsed = Authorization::parse(&text).unwrap();
    assert!(!format!("{parsed:?}").contains("s3cret"));
    let Authorization::Bearer { key_id, secret } = parsed else {
        panic!("{parsed:?}");
    };
    assert_eq!(
        (key_id.as_str(), secret.expose()),
        (KEY, "s3cret:with:colons")
    );
}

proptest! {
    #[test]
    fn what_is_signed_is_verified_and_nothing_else(
        method in "[A-Z]{1,7}",
        path in "/[a-z0-9%/]{0,20}",
        query in "([a-z]{1,3}(=[a-z%]{0,3})?&?){0,4}",
        body in proptest::collection::vec(any::<u8>(), 0..40),
        other in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let request = Request { method: &method, path: &path, query: &query, headers: &HEADERS, body: &body };
        let signed = sign(&request, KEY, &secret()).unwrap();
        prop_assert!(verify(&signed, &request, noon()).is_ok());
        let changed = Request { body: &other, ..request };
        prop_assert_eq!(verify(&signed, &changed, noon()).is_ok(), body == other);
    }

    #[test]
    fn no_header_breaks_the_parser(
        text in "(Bearer |LONGSHORE-HMAC-SHA256 )?[A-Za-z0-9=,;: -]{0,80}",
    ) {
        let _ = Authorization::parse(&text);
    }
}

//! Signatures against the golden vectors.

use maxcompute::sign::{
    Credentials, Form, SignedRequest, Version, authorization, canonical_string, v4_signing_key,
    verify,
};

use crate::vectors::{json, unhex};

#[test]
fn every_case_signs_and_verifies() {
    let vectors = json("signing");
    let text = |name: &str| vectors[name].as_str().unwrap().to_owned();
    let mut credentials = Credentials {
        access_id: text("access_id"),
        access_key: text("access_key"),
        security_token: None,
        region: None,
    };
    let (date, region) = (text("date_for_v4"), text("region"));
    assert_eq!(
        v4_signing_key(&credentials.access_key, &date, &region).to_vec(),
        unhex(&text("v4_signing_key_hex"))
    );
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 7);
    for case in cases {
        let headers: Vec<(&str, &str)> = case["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let request = SignedRequest {
            method: case["method"].as_str().unwrap(),
            path_and_query: case["url_after_endpoint"].as_str().unwrap(),
            headers: &headers,
        };
        let canonical = canonical_string(&request, Form::DecodedOnce);
        assert_eq!(canonical, case["canonical_string"]);
        for (region, key, version) in [
            (None, "authorization_v2", Version::V2),
            (Some(region.clone()), "authorization_v4", Version::V4),
        ] {
            credentials.region = region;
            let header = authorization(&credentials, &canonical, &date);
            assert_eq!(header, case[key]);
            let secret = |id: &str| {
                assert_eq!(id, credentials.access_id);
                Some(credentials.access_key.clone())
            };
            let verified = verify(&request, &header, secret).unwrap();
            assert_eq!(verified.version, version);
            assert!(verify(&request, &header, |_| Some("other".to_owned())).is_err());
        }
    }
}

#[test]
fn checksum_vectors() {
    for case in json("crc32c")["cases"].as_array().unwrap() {
        let input = unhex(case["input_hex"].as_str().unwrap());
        let expected = u32::from_str_radix(case["crc32c_hex"].as_str().unwrap(), 16);
        assert_eq!(Ok(crc32c::crc32c(&input)), expected, "{}", case["input"]);
    }
}

//! Tests of taking configurations apart, changing them and putting them together again.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn secret_field() -> Value {
    json!({"type": "string", "format": "password", "writeOnly": true})
}

/// Like that of our connectors, and what theirs could be.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "jdbcUrl": {"type": "array", "items": {"type": "string"}},
            "username": {"type": ["string", "null"]},
            "password": secret_field(),
            "token": {"anyOf": [secret_field(), {"type": "null"}]},
            "headers": {"type": "object", "additionalProperties": secret_field()},
            "keys": {"type": "array", "items": secret_field()},
            "auth": {"oneOf": [
                {"type": "object", "properties": {"kind": {"const": "basic"}, "password": secret_field()}},
                {"type": "object", "properties": {"kind": {"const": "file"}, "path": {"type": "string"}}},
            ]},
        },
    })
}

fn map(value: Value) -> Config {
    value.as_object().unwrap().clone()
}

fn stored() -> Parts {
    split(
        &map(json!({
            "jdbcUrl": ["jdbc:postgresql://ann:hunter2@db1:5432/x?ssl=true", "jdbc:postgresql://db2/x"],
            "username": "ann",
            "password": "hunter3",
            "token": 12345,
            "headers": {"X-A/b": "hunter4", "plain": ""},
            "keys": ["hunter5", "hunter6"],
            "auth": {"kind": "basic", "password": "hunter7"},
        })),
        &schema(),
    )
}

fn changed(change: Value) -> Parts {
    let mut config = masked(&stored());
    for (key, value) in map(change) {
        config.insert(key, value);
    }
    update(&config, &schema(), &stored().secrets)
}

#[test]
fn secrets_are_taken_out_and_put_back() {
    let parts = stored();
    assert_eq!(
        Value::Object(parts.public.clone()),
        json!({
            "jdbcUrl": ["jdbc:postgresql://ann@db1:5432/x?ssl=true", "jdbc:postgresql://db2/x"],
            "username": "ann",
            "headers": {},
            "keys": [null, null],
            "auth": {"kind": "basic"},
        })
    );
    let pointers: Vec<_> = parts.secrets.pointers().collect();
    assert_eq!(
        pointers,
        [
            "/auth/password",
            "/headers/X-A~1b",
            "/jdbcUrl/0",
            "/keys/0",
            "/keys/1",
            "/password",
            "/token"
        ]
    );
    let whole = Value::Object(joined(&parts).unwrap());
    assert_eq!(
        whole["jdbcUrl"][0],
        "jdbc:postgresql://ann:hunter2@db1:5432/x?ssl=true"
    );
    assert_eq!(whole["headers"]["X-A/b"], "hunter4");
    assert_eq!(whole["keys"], json!(["hunter5", "hunter6"]));
    assert_eq!(
        whole["auth"],
        json!({"kind": "basic", "password": "hunter7"})
    );
    assert_eq!(
        (&whole["password"], &whole["token"]),
        (&json!("hunter3"), &json!(12345))
    );
}

#[test]
fn the_schemas_of_our_connectors_are_understood() {
    let split_by = |schema: &str, config| {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let parts = split(&map(config), &schema["datasource"]);
        let pointers: Vec<_> = parts.secrets.pointers().map(str::to_string).collect();
        pointers.join(" ")
    };
    let postgresql = include_str!("../../../../../docs/reference/postgresql.schema.json");
    let config =
        json!({"jdbcUrl": "jdbc:postgresql://h/d?password=s", "username": "u", "password": "s"});
    assert_eq!(split_by(postgresql, config), "/jdbcUrl /password");
    let odps = include_str!("../../../../../docs/reference/odps.schema.json");
    let config = json!({"endpoint": "http://h/api", "accessId": "i", "accessKey": "s", "securityToken": "s"});
    assert_eq!(split_by(odps, config), "/accessKey /securityToken");
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let parts = stored();
    let shown = format!("{:?} {:?}", masked(&parts), parts);
    assert!(
        !shown.contains("hunter") && !shown.contains("12345"),
        "{shown}"
    );
    let masked = Value::Object(masked(&parts));
    assert_eq!(masked["password"], Value::Null);
    assert!(masked.as_object().unwrap().contains_key("password"));
    assert_eq!(masked["headers"], json!({"X-A/b": null}));
}

#[test]
fn what_was_shown_can_be_sent_back_unchanged() {
    let parts = changed(json!({}));
    assert_eq!(parts.secrets, stored().secrets);
    assert_eq!(joined(&parts).unwrap().get("token"), Some(&json!(12345)));
    // Fields that are left out are as good as null.
    let bare = update(&stored().public, &schema(), &stored().secrets);
    assert_eq!(bare.secrets, stored().secrets);
}

#[test]
fn secrets_are_replaced_cleared_and_kept_one_by_one() {
    let parts = changed(json!({"password": "new", "token": "", "keys": [null, "newer"]}));
    let whole = Value::Object(joined(&parts).unwrap());
    assert_eq!(whole["password"], "new");
    assert_eq!(whole.get("token"), None);
    assert_eq!(whole["keys"], json!(["hunter5", "newer"]));
    assert_eq!(whole["headers"]["X-A/b"], "hunter4");
}

#[test]
fn an_address_keeps_its_password_only_as_it_was_shown() {
    let urls = |list: Value| joined(&changed(json!({"jdbcUrl": list}))).unwrap()["jdbcUrl"].clone();
    let shown = "jdbc:postgresql://ann@db1:5432/x?ssl=true";
    let secret = "jdbc:postgresql://ann:hunter2@db1:5432/x?ssl=true";
    assert_eq!(
        urls(json!(["jdbc:postgresql://first/x", shown])),
        json!(["jdbc:postgresql://first/x", secret])
    );
    for other in [
        "jdbc:postgresql://ann@evil:5432/x?ssl=true",
        "jdbc:postgresql://bob@db1:5432/x?ssl=true",
    ] {
        assert_eq!(urls(json!([other])), json!([other]));
    }
    assert_eq!(urls(json!([])), json!([]));
    // The same address twice, of which one had no password.
    let again = urls(json!([shown, shown]));
    assert_eq!(again, json!([secret, shown]));
    let new = "jdbc:postgresql://ann:other@db1:5432/x?ssl=true";
    assert_eq!(urls(json!([new])), json!([new]));
}

#[test]
fn another_variant_does_not_inherit_secrets() {
    let parts = changed(json!({"auth": {"kind": "file", "path": "/k"}}));
    assert_eq!(
        joined(&parts).unwrap()["auth"],
        json!({"kind": "file", "path": "/k"})
    );
    let parts = changed(json!({"auth": {"kind": "basic"}}));
    assert_eq!(joined(&parts).unwrap()["auth"]["password"], "hunter7");
    // Where the variant is not clear, what any of them calls secret is.
    let parts = changed(json!({"auth": {"kind": "odd", "password": "hunter8"}}));
    assert_eq!(parts.public["auth"], json!({"kind": "odd"}));
    let parts = changed(json!({"auth": null}));
    assert_eq!(joined(&parts).unwrap()["auth"], Value::Null);
}

#[test]
fn addresses_are_shown_without_their_secrets() {
    for (text, shown) in [
        (
            "jdbc:postgresql://u:p@h:5/d?a=1&password=s&b=2",
            "jdbc:postgresql://u@h:5/d?a=1&b=2",
        ),
        ("jdbc:postgresql://h/d?password=s", "jdbc:postgresql://h/d"),
        (
            "jdbc:postgresql://h/d?password=s&b=2",
            "jdbc:postgresql://h/d?b=2",
        ),
        ("http://u:a/b@h/d", "http://u@h/d"),
        ("http://u:a?b@h/d?x=1", "http://u@h/d?x=1"),
        ("http://u:a@b@h/d", "http://u@h/d"),
        ("http://u:p@h/d?mail=a@b&token=x", "http://u@h/d?mail=a@b"),
        ("http://h/d?token=a?b&c=1", "http://h/d?c=1"),
        (
            "jdbc:sqlserver://h:1;user=a;password=b;x=1",
            "jdbc:sqlserver://h:1;user=a;x=1",
        ),
    ] {
        assert!(job::has_secret(text), "{text}");
        assert_eq!(without_secrets(text), shown);
        assert!(!job::has_secret(shown), "{shown}");
    }
}

#[test]
fn secrets_survive_as_text_and_hide_in_debug_output() {
    let secrets = stored().secrets;
    let text = secrets.to_text();
    assert_eq!(Secrets::from_text(&text).unwrap(), secrets);
    assert_eq!(
        Secrets::from_text(&Secrets::default().to_text()).unwrap(),
        Secrets::default()
    );
    let error = Secrets::from_text(&Secret::new("{\"hunter2\": ")).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn a_kept_secret_is_not_sent_to_another_host() {
    let simple =
        json!({"properties": {"endpoint": {"type": "string"}, "accessKey": secret_field()}});
    let before = split(
        &map(json!({"endpoint": "http://a:80/api", "accessKey": "s"})),
        &simple,
    );
    let after = |config| update(&map(config), &simple, &before.secrets);
    for fine in [
        json!({"endpoint": "http://a:80/api/v2"}),
        json!({"endpoint": "http://A:80/", "accessKey": null}),
        json!({"endpoint": "http://evil/", "accessKey": "typed"}),
        json!({"endpoint": "http://evil/", "accessKey": ""}),
    ] {
        assert_eq!(
            kept_for_other_hosts(&before, &after(fine.clone())),
            [],
            "{fine}"
        );
    }
    for moved in [
        "http://evil/",
        "http://a:81/",
        "http://a/",
        "no address at all",
    ] {
        let problems = kept_for_other_hosts(&before, &after(json!({"endpoint": moved})));
        assert_eq!(problems.len(), 1, "{moved}");
        assert_eq!(problems[0].pointer, "/accessKey");
        assert!(
            problems[0]
                .message
                .starts_with("`accessKey` was given for another host")
        );
    }
}

#[test]
fn a_secret_without_a_place_is_our_fault() {
    let mut parts = stored();
    parts.public.remove("keys");
    assert_eq!(joined(&parts).unwrap_err().kind(), sdk::Kind::Internal);
}

proptest! {
    #[test]
    fn every_configuration_survives(
        urls in proptest::collection::vec("(jdbc:)?x://([a-z]{1,3}(:[a-z?/@]{0,4})?@)?[a-z]{1,3}(/d)?(\\?(password|a)=[a-z?;]{0,3}(&(token|b)=[a-z]{0,2})?)?", 0..3),
        password in "[a-z]{1,5}",
        header in "[a-z~/0-9]{1,4}",
    ) {
        let config = map(json!({"jdbcUrl": urls, "password": password, "headers": {header: password}}));
        let parts = split(&config, &schema());
        prop_assert_eq!(&joined(&parts).unwrap(), &config);
        for url in parts.public["jdbcUrl"].as_array().unwrap() {
            prop_assert!(!job::has_secret(url.as_str().unwrap()), "{}", url);
        }
        let unchanged = update(&masked(&parts), &schema(), &parts.secrets);
        let same_shown = unchanged.public == parts.public;
        prop_assert!(same_shown && unchanged.secrets.pointers().eq(parts.secrets.pointers()));
    }
}

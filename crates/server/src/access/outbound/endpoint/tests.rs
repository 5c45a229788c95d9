//! Tests of finding hosts: the forms of our connectors, several hosts, and texts made to mislead.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(config: Value) -> Result<Vec<String>, Vec<FieldProblem>> {
    let found = endpoints_of(config.as_object().unwrap())?;
    let shown = |endpoint: &Endpoint| match endpoint.port {
        Some(port) => format!("{} {} {port}", endpoint.pointer, endpoint.host),
        None => format!("{} {}", endpoint.pointer, endpoint.host),
    };
    Ok(found.iter().map(shown).collect())
}

#[test]
fn the_connectors_addresses_are_found() {
    let postgresql = json!({
        "jdbcUrl": ["jdbc:postgresql://ann:p%40ss@Db1:5432,[2001:db8::1]:6543,db3/sales?sslmode=require", "jdbc:postgresql:///x"],
        "username": "ann", "sslRootCert": "/etc/ca.pem", "connectTimeoutSeconds": 5,
    });
    assert_eq!(
        read(postgresql).unwrap(),
        [
            "/jdbcUrl/0 db1 5432",
            "/jdbcUrl/0 2001:db8::1 6543",
            "/jdbcUrl/0 db3",
            "/jdbcUrl/1 localhost",
        ]
    );
    let odps = json!({
        "endpoint": "http://service.cn-hangzhou.maxcompute.aliyun.com/api",
        "tunnelEndpoint": "https://dt.example.org:8443",
        "project": "demo", "accessId": "id", "region": "cn-hangzhou",
    });
    assert_eq!(
        read(odps).unwrap(),
        [
            "/endpoint service.cn-hangzhou.maxcompute.aliyun.com",
            "/tunnelEndpoint dt.example.org 8443",
        ]
    );
    assert_eq!(read(json!({"root": "/data/in"})).unwrap(), [""; 0]);
    assert_eq!(read(json!({})).unwrap(), [""; 0]);
}

#[test]
fn other_products_forms_are_found() {
    let config = json!({
        "jdbcUrl": "jdbc:sqlserver://mssql.example.org:1433;databaseName=x",
        "master": {"host": "10.0.0.5", "port": 3306},
        "replica": {"hostName": "10.0.0.6", "port": "3307"},
        "bootstrapServers": "k1:9092, k2:9092",
        "hosts": ["a", "::1", "[::2]:5"],
        "uri": "mongodb://u:p@m1:27017,m2/db",
        "defaultFS": "hdfs://nn:8020",
        "serviceEndpoint": "oss.example.org/bucket",
        "path": "file:///data",
    });
    assert_eq!(
        read(config).unwrap(),
        [
            "/jdbcUrl mssql.example.org 1433",
            "/master/host 10.0.0.5 3306",
            "/replica/hostName 10.0.0.6 3307",
            "/bootstrapServers k1 9092",
            "/bootstrapServers k2 9092",
            "/hosts/0 a",
            "/hosts/1 ::1",
            "/hosts/2 ::2 5",
            "/uri m1 27017",
            "/uri m2",
            "/defaultFS nn 8020",
            "/serviceEndpoint oss.example.org",
        ]
    );
}

#[test]
fn addresses_in_disguise_are_recognised() {
    for url in [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://017700000001",
        "http://127.1:80/x",
        "http://[::ffff:127.0.0.1]/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1.",
        "http://example.org@127.0.0.1/",
        "http://a:b@c@127.0.0.1/",
        "HTTP://127.0.0.1",
        "  http://127.0.0.1  ",
        "jdbc:postgresql://0177.0.0.1:5432/x",
        "127.1",
        "2130706433:80",
    ] {
        let found = endpoints_of(json!({"endpoint": url}).as_object().unwrap()).unwrap();
        assert_eq!(found[0].host.to_string(), "127.0.0.1", "{url}");
    }
    // Outside a field for hosts it is the form that counts.
    assert_eq!(
        read(json!({"description": "127.0.0.1", "other": "ftp://10.0.0.1/x"})).unwrap(),
        ["/other 10.0.0.1"]
    );
}

#[test]
fn what_two_readers_could_read_in_two_ways_is_refused() {
    for url in [
        "http:///169.254.169.254/",
        "http:/169.254.169.254/",
        "http:169.254.169.254",
        "http:80/x",
        "https:\\\\169.254.169.254",
        "http://good.example\\@169.254.169.254/",
        "http://good.example#@169.254.169.254/",
        "http://good.example,evil.example/",
        "http://good.example;.evil.example/",
        "http://good.example\t.evil.example/",
        "http://a b/",
        "http://[::1/",
        "http://[::1]x/",
        "http://::1/",
        "http://a:b:c/",
        "http://a:99999/",
        "http://a:8o/",
        "http://%2fvar%2frun/",
        "http://%zz/",
        "http://%+1/",
        "http://",
        "jdbc:postgresql:sales",
        "jdbc:oracle:thin:@host:1521:sid",
        "jdbc:mysql://address=(host=a)(port=1)/x",
        "JDBC:postgresql://u:hunter2/x@h:1/d",
        "jdbc:postgresql://%2Fvar%2Frun%2Fpostgresql/x",
        "jdbc:my sql://h/x",
        "\u{1}http://127.0.0.1",
        "//127.0.0.1/",
        "a,,b",
        "host:",
    ] {
        let result = endpoints_of(json!({"endpoint": url}).as_object().unwrap());
        let problems = result.expect_err(url);
        assert_eq!(problems.len(), 1, "{url}");
        assert_eq!(problems[0].pointer, "/endpoint");
        assert!(problems[0].hint.is_some());
    }
}

#[test]
fn every_problem_is_named_and_no_password_is() {
    let config = json!({
        "jdbcUrl": ["jdbc:postgresql://u:hunter2/x@h:1/d", "jdbc:postgresql://h/d"],
        "tunnelEndpoint": "http://u:hunter2@h h/",
    });
    let problems = endpoints_of(config.as_object().unwrap()).unwrap_err();
    let places: Vec<_> = problems
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(places, ["/jdbcUrl/0", "/tunnelEndpoint"]);
    assert_eq!(
        problems[0].message,
        "`jdbcUrl` has a port that is not a number up to 65535"
    );
    assert!(!format!("{problems:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn no_text_breaks_the_search(text in "(jdbc:|http://|a://)?[a-z0-9@:/?#,;%\\[\\]. \u{e9}]{0,30}") {
        let config = json!({"endpoint": text, "other": text});
        if let Ok(found) = endpoints_of(config.as_object().unwrap()) {
            for endpoint in found {
                // What was found is one host, in the one form that it has.
                let shown = endpoint.host.to_string();
                prop_assert_eq!(Host::parse(&shown), Ok(endpoint.host));
            }
        }
    }

    #[test]
    fn hosts_and_ports_are_found_in_addresses(
        hosts in proptest::collection::vec(("[a-z]{1,8}(\\.[a-z]{1,8})?", proptest::option::of(any::<u16>())), 1..4)
    ) {
        let shown = |(host, port): &(String, Option<u16>)| match port {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let list = hosts.iter().map(shown).collect::<Vec<_>>().join(",");
        let config = json!({"jdbcUrl": format!("jdbc:x://ann:p%40@{list}/db?a=b")});
        let found = endpoints_of(config.as_object().unwrap()).unwrap();
        let found: Vec<_> = found.into_iter().map(|found| (found.host.to_string(), found.port)).collect();
        prop_assert_eq!(found, hosts);
    }
}

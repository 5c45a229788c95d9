//! The address of a database: `jdbc:postgresql://host:port/database?parameters`, read the way the
//! JDBC driver reads it. Every parameter is honoured, known to have no effect here, or an error.

use sdk::{Error, Kind, Result, nearest};

use super::config::{Datasource, SslMode};

/// One server to try, with everything the datasource says about it.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) login: Login,
    pub(crate) tls: Tls,
    pub(crate) connect_timeout_seconds: u32,
    pub(crate) application_name: String,
    pub(crate) search_path: Option<String>,
    pub(crate) role: Role,
}

/// Which server of a cluster will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Any,
    Primary,
    Replica,
}

#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: sdk::Secret,
}

/// How to encrypt; paths are of PEM files.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) mode: SslMode,
    pub(crate) root_cert: Option<String>,
    pub(crate) cert: Option<String>,
    pub(crate) key: Option<String>,
}

/// Parameters of the JDBC driver that change nothing here; whoever writes them is told.
pub(super) const WITHOUT_EFFECT: &[&str] = &[
    "adaptiveFetch",
    "allowEncodingChanges",
    "assumeMinServerVersion",
    "autosave",
    "binaryTransfer",
    "cancelSignalTimeout",
    "charSet",
    "characterEncoding",
    "defaultRowFetchSize",
    "loadBalanceHosts",
    "loggerLevel",
    "logUnclosedConnections",
    "preferQueryMode",
    "prepareThreshold",
    "preparedStatementCacheQueries",
    "readOnly",
    "reWriteBatchedInserts",
    "receiveBufferSize",
    "sendBufferSize",
    "socketTimeout",
    "stringtype",
    "tcpKeepAlive",
    "tcpNoDelay",
    "unknownLength",
    "useUnicode",
];

const KNOWN: &[&str] = &[
    "user",
    "password",
    "ssl",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "connectTimeout",
    "loginTimeout",
    "ApplicationName",
    "currentSchema",
    "targetServerType",
];

/// The servers of a datasource in the order in which they are tried.
pub(crate) fn addresses(source: &Datasource) -> Result<Vec<Address>> {
    let mut addresses = Vec::new();
    for url in &source.jdbc_url {
        addresses.extend(parse(url.trim(), source)?);
    }
    if addresses.is_empty() {
        return Err(config("`jdbcUrl` is empty").hint(FORM));
    }
    Ok(addresses)
}

const FORM: &str = "write it as `jdbc:postgresql://host:port/database`";

fn config(message: impl Into<String>) -> Error {
    Error::new(Kind::Config, message)
}

fn parse(url: &str, source: &Datasource) -> Result<Vec<Address>> {
    let bare = url.strip_prefix("jdbc:").unwrap_or(url);
    let rest = match bare.split_once("://") {
        Some(("postgresql" | "postgres", rest)) => rest,
        Some((scheme, _)) => {
            let jdbc = if bare.len() < url.len() { "jdbc:" } else { "" };
            return Err(config(format!(
                "`jdbcUrl` begins with `{jdbc}{scheme}://`, which is not an address of PostgreSQL"
            ))
            .hint(FORM));
        }
        None => return Err(config("`jdbcUrl` is not an address").hint(FORM)),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    if database.contains('@') {
        return Err(config("`jdbcUrl` has an `@` behind its first `/`").hint(
            "write `/` in a user name or password as `%2F`, or use `username` and `password`",
        ));
    }
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some((credentials, hosts)) => (Some(credentials), hosts),
        None => (None, authority),
    };

    let mut user = source.username.clone();
    let mut password = source.password.clone();
    if let Some(credentials) = credentials {
        let (name, secret) = credentials.split_once(':').unwrap_or((credentials, ""));
        user = user.or(Some(decode(name)?));
        if password.is_empty() {
            password = sdk::Secret::new(decode(secret)?);
        }
    }
    let mut address = Address {
        host: String::new(),
        port: 5432,
        database: decode(database)?,
        login: Login {
            user: String::new(),
            password,
        },
        tls: Tls {
            mode: SslMode::Prefer,
            root_cert: source.ssl_root_cert.clone(),
            cert: source.ssl_cert.clone(),
            key: source.ssl_key.clone(),
        },
        connect_timeout_seconds: 10,
        application_name: "longshore".to_string(),
        search_path: None,
        role: Role::Any,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if key == "user" {
            user = user.or(Some(decode(value)?));
        } else {
            apply(&mut address, key, decode(value)?)?;
        }
    }
    // What the datasource's own fields say wins over the address.
    if let Some(mode) = source.ssl_mode {
        address.tls.mode = mode;
    }
    if let Some(seconds @ 1..) = source.connect_timeout_seconds {
        address.connect_timeout_seconds = seconds;
    }
    address.login.user = user
        .filter(|user| !user.is_empty())
        .ok_or_else(|| config("`username` is missing").hint("say which role to log in as"))?;
    if address.database.is_empty() {
        // As the JDBC driver and libpq do.
        address.database = address.login.user.clone();
    }
    hosts
        .split(',')
        .map(|host| {
            let (host, port) = host_and_port(host)?;
            Ok(Address {
                host,
                port,
                ..address.clone()
            })
        })
        .collect()
}

fn apply(address: &mut Address, key: &str, value: String) -> Result<()> {
    match key {
        "password" => {
            if address.login.password.is_empty() {
                address.login.password = sdk::Secret::new(value);
            }
        }
        "ssl" => {
            if value.is_empty() || value.eq_ignore_ascii_case("true") {
                address.tls.mode = SslMode::VerifyFull;
            }
        }
        "sslmode" => {
            address.tls.mode = match value.to_ascii_lowercase().as_str() {
                "disable" => SslMode::Disable,
                "allow" | "prefer" => SslMode::Prefer,
                "require" => SslMode::Require,
                "verify-ca" => SslMode::VerifyCa,
                "verify-full" => SslMode::VerifyFull,
                _ => {
                    return Err(config("`sslmode` in `jdbcUrl` has an unknown value").hint(
                        "possible values are disable, prefer, require, verify-ca and verify-full",
                    ));
                }
            }
        }
        "sslrootcert" => address.tls.root_cert = address.tls.root_cert.take().or(Some(value)),
        "sslcert" => address.tls.cert = address.tls.cert.take().or(Some(value)),
        "sslkey" => address.tls.key = address.tls.key.take().or(Some(value)),
        "connectTimeout" | "loginTimeout" => {
            let seconds = value
                .parse()
                .map_err(|_| config(format!("`{key}` in `jdbcUrl` must be a number of seconds")))?;
            // To the JDBC driver 0 means no limit, and to us that none is asked for.
            if seconds != 0 {
                address.connect_timeout_seconds = seconds;
            }
        }
        "ApplicationName" => address.application_name = value,
        "currentSchema" => address.search_path = Some(value),
        "targetServerType" => {
            address.role = match value.to_ascii_lowercase().as_str() {
                "any" | "preferprimary" | "prefersecondary" | "preferslave" => Role::Any,
                "primary" | "master" => Role::Primary,
                "secondary" | "slave" => Role::Replica,
                _ => {
                    return Err(
                        config("`targetServerType` in `jdbcUrl` has an unknown value")
                            .hint("possible values are any, primary and secondary"),
                    );
                }
            }
        }
        key if WITHOUT_EFFECT.contains(&key) => {}
        // What is no name may be the rest of a password with a `?` in it.
        key if !key.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
            return Err(config("`jdbcUrl` has a parameter whose name is not a word").hint(
                "write `?` in a user name or password as `%3F`, or use `username` and `password`",
            ));
        }
        key => {
            let error = config(format!("`jdbcUrl` has the unknown parameter `{key}`"));
            return Err(match nearest(key, KNOWN.iter().copied()) {
                Some(name) => error.hint(format!("did you mean `{name}`?")),
                None => error.hint(format!("known parameters are {}", KNOWN.join(", "))),
            });
        }
    }
    Ok(())
}

fn host_and_port(text: &str) -> Result<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest
                .split_once(']')
                .ok_or_else(|| config("`jdbcUrl` has `[` without `]`").hint(FORM))?;
            (host, port.strip_prefix(':').unwrap_or(port))
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let host = decode(host)?;
    let port = match port {
        "" => 5432,
        port => port.parse().map_err(|_| {
            // It is not shown, since it may be a part of a password.
            config("`jdbcUrl` has a port that is not a number up to 65535").hint(
                "write an IPv6 address in brackets, and `:`, `/` and `@` in a password as `%3A`, \
                 `%2F` and `%40`",
            )
        })?,
    };
    let host = if host.is_empty() {
        "localhost".to_string()
    } else {
        host
    };
    Ok((host, port))
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest
            .split_at_checked(2)
            .and_then(|(digits, after)| Some((std::str::from_utf8(digits).ok()?, after)))
            .and_then(|(digits, after)| Some((u8::from_str_radix(digits, 16).ok()?, after)));
        let Some((byte, after)) = digits else {
            return Err(config("`jdbcUrl` has a `%` without two hexadecimal digits")
                .hint("write a percent sign as `%25`"));
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| config("`jdbcUrl` is not UTF-8 after decoding"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(url: &str) -> Datasource {
        sdk::parse(&serde_json::json!({"jdbcUrl": url, "username": "ann", "password": "pw"}))
            .unwrap()
    }

    fn read(url: &str) -> Result<Vec<Address>> {
        addresses(&source(url))
    }

    #[test]
    fn addresses_are_read_with_ports_brackets_and_percent_signs() {
        let all = read(
            "jdbc:postgresql://db,[::1]:6543/my%20db?sslmode=verify-full&currentSchema=a&prepareThreshold=0",
        )
        .unwrap();
        let seen: Vec<_> = all
            .iter()
            .map(|a| (a.host.as_str(), a.port, a.database.as_str(), a.tls.mode))
            .collect();
        assert_eq!(
            seen,
            [
                ("db", 5432, "my db", SslMode::VerifyFull),
                ("::1", 6543, "my db", SslMode::VerifyFull)
            ]
        );
        assert_eq!(all[0].search_path.as_deref(), Some("a"));
        assert_eq!(read("jdbc:postgresql://h:1").unwrap()[0].database, "ann");
    }

    #[test]
    fn a_timeout_of_zero_is_the_usual_one() {
        let seconds = |url: &str| read(url).unwrap()[0].connect_timeout_seconds;
        assert_eq!(seconds("jdbc:postgresql://h/d"), 10);
        assert_eq!(seconds("jdbc:postgresql://h/d?loginTimeout=0"), 10);
        assert_eq!(
            seconds("jdbc:postgresql://h/d?connectTimeout=3&loginTimeout=0"),
            3
        );
        assert_eq!(seconds("jdbc:postgresql://h/d?loginTimeout=5"), 5);
        assert!(read("jdbc:postgresql://h/d?loginTimeout=soon").is_err());
    }

    #[test]
    fn wrong_addresses_say_which_form_is_right_and_hide_the_password() {
        for (url, message) in [
            (
                "jdbc:mysql://u:hunter2@h:3306/d",
                "`jdbcUrl` begins with `jdbc:mysql://`, which is not an address of PostgreSQL",
            ),
            ("db:5432", "`jdbcUrl` is not an address"),
            (
                "jdbc:postgresql://h:54321000/d",
                "`jdbcUrl` has a port that is not a number up to 65535",
            ),
            (
                "jdbc:postgresql://u:hunter2/x@h:1/d",
                "`jdbcUrl` has an `@` behind its first `/`",
            ),
            (
                "jdbc:postgresql://u:hunter2?x@h:1/d",
                "`jdbcUrl` has a parameter whose name is not a word",
            ),
            (
                "jdbc:postgresql://u:1234?x@h:1/d",
                "`jdbcUrl` has a parameter whose name is not a word",
            ),
            (
                "jdbc:postgresql://h/d?sslmod=require",
                "`jdbcUrl` has the unknown parameter `sslmod`",
            ),
        ] {
            let error = read(url).unwrap_err();
            assert_eq!(error.message(), message);
            assert_eq!(error.kind(), Kind::Config);
            let hint = error.hint_text().unwrap_or_default();
            assert!(!hint.is_empty(), "{url}");
            assert!(!format!("{error} {hint}").contains("hunter2"), "{url}");
        }
    }
}

//! From an address to a session, in the four steps that a connectivity test shows one by one:
//! resolve, connect, TLS, login.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use sdk::{Error, Kind, Result, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_postgres::config::{SslMode as DriverTls, SslNegotiation};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::{Datasource, SslMode};
use super::fault::{Failure, lost};
use super::session::Session;
use super::tap::{AlreadyEncrypted, Link, tap};
use super::tls::client_config;
use super::url::{Address, Role, addresses};

/// Room for what one read of an encrypted socket may bring.
const TLS_INBOX_BYTES: usize = 256 << 10;

/// Opens a session with the first server of the datasource that can be reached.
pub(crate) async fn connect(source: &Datasource, statements: &[String]) -> Result<Session> {
    let mut unreachable = None;
    for address in addresses(source)? {
        match open(&address).await {
            Ok(session) => {
                session.set_up(statements).await?;
                return Ok(session);
            }
            Err(error) if error.kind() == Kind::Unreachable => {
                unreachable.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(unreachable.unwrap_or_else(|| Error::new(Kind::Config, "`jdbcUrl` is empty")))
}

async fn open(address: &Address) -> Result<Session> {
    let sockets = resolve(address).await?;
    let (stream, _) = dial(address, &sockets).await?;
    let link = secure(address, stream).await?;
    log_in(address, link).await
}

fn limit(address: &Address) -> Duration {
    Duration::from_secs(u64::from(address.connect_timeout_seconds))
}

/// Bounds a step by the connect timeout.
async fn in_time<T>(
    address: &Address,
    what: &str,
    step: impl Future<Output = Result<T>>,
) -> Result<T> {
    match tokio::time::timeout(limit(address), step).await {
        Ok(outcome) => outcome,
        Err(_) => Err(unreachable(format!(
            "{what} {}:{}: no answer within {} s",
            address.host, address.port, address.connect_timeout_seconds
        ))
        .hint("check host and port, and that no firewall is in between")),
    }
}

fn unreachable(message: String) -> Error {
    Error::new(Kind::Unreachable, message).retry(Retry::Now)
}

/// Looks the host up.
pub(crate) async fn resolve(address: &Address) -> Result<Vec<SocketAddr>> {
    let lookup = async {
        let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
        let found: Vec<SocketAddr> = found
            .map_err(|error| {
                unreachable(format!("cannot resolve host \"{}\"", address.host))
                    .hint("check the host's name in `jdbcUrl`")
                    .source(error)
            })?
            .collect();
        if found.is_empty() {
            return Err(unreachable(format!(
                "host \"{}\" has no address",
                address.host
            )));
        }
        Ok(found)
    };
    in_time(address, "cannot resolve", lookup).await
}

/// Connects to the first address that accepts.
pub(crate) async fn dial(
    address: &Address,
    sockets: &[SocketAddr],
) -> Result<(TcpStream, SocketAddr)> {
    let attempt = async {
        let mut failure = None;
        for socket in sockets {
            match TcpStream::connect(socket).await {
                Ok(stream) => {
                    tune(&stream).map_err(lost)?;
                    return Ok((stream, *socket));
                }
                Err(error) => failure = Some((socket, error)),
            }
        }
        let Some((socket, error)) = failure else {
            return Err(Error::internal("a host without addresses was dialled"));
        };
        Err(unreachable(format!("cannot connect to {socket}"))
            .hint("check that the server runs, listens on this address and allows this host")
            .source(error))
    };
    in_time(address, "cannot connect to", attempt).await
}

/// A server that vanishes without a word must not leave a job hanging for ever.
fn tune(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15));
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// Negotiates TLS as the address demands. `prefer` goes on unencrypted if the server has no TLS.
pub(crate) async fn secure(address: &Address, mut stream: TcpStream) -> Result<Link> {
    if address.tls.mode == SslMode::Disable {
        return Ok(Link::Plain(stream));
    }
    let settings = client_config(&address.tls)?;
    let handshake = async {
        // SSLRequest: length 8, code 1234.5679.
        let request = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
        stream.write_all(&request).await.map_err(lost)?;
        let mut answer = [0];
        stream.read_exact(&mut answer).await.map_err(lost)?;
        if answer != *b"S" {
            if address.tls.mode == SslMode::Prefer {
                return Ok(Link::Plain(stream));
            }
            return Err(Error::new(
                Kind::Config,
                format!("{}:{} does not offer TLS", address.host, address.port),
            )
            .hint("switch TLS on at the server, or set `sslMode` to `prefer` or `disable`"));
        }
        // rustls asks the socket for 4 KiB at a time, which is half of what the server sends at a time.
        let stream = BufReader::with_capacity(TLS_INBOX_BYTES, stream);
        let Ok(connector) = MakeTlsConnect::<BufReader<TcpStream>>::make_tls_connect(
            &mut MakeRustlsConnect::new(settings),
            &address.host,
        );
        match connector.connect(stream).await {
            Ok(stream) => Ok(Link::Tls(Box::new(stream))),
            Err(error) => Err(not_secured(address, error)),
        }
    };
    in_time(address, "cannot set up TLS with", handshake).await
}

/// What TLS itself refuses is for somebody to mend; anything else befell the connection on the way.
fn not_secured(address: &Address, error: std::io::Error) -> Error {
    let what = format!("cannot set up TLS with {}:{}", address.host, address.port);
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput => Error::new(Kind::Config, what)
            .hint(
                "check `sslRootCert` and that the certificate is for this host, or relax `sslMode`",
            )
            .source(error),
        _ => lost(error).prefix(what),
    }
}

/// Logs in over a link.
pub(crate) async fn log_in(address: &Address, link: Link) -> Result<Session> {
    let encrypted = matches!(link, Link::Tls(_));
    let mut config = tokio_postgres::Config::new();
    config
        .user(&address.login.user)
        .dbname(&address.database)
        .application_name(&address.application_name)
        .ssl_mode(if encrypted {
            DriverTls::Require
        } else {
            DriverTls::Disable
        })
        .ssl_negotiation(SslNegotiation::Direct)
        .host(&address.host);
    if !address.login.password.is_empty() {
        config.password(address.login.password.expose());
    }
    let what = format!(
        "cannot log in to database \"{}\" at {}:{} as \"{}\"",
        address.database, address.host, address.port, address.login.user
    );
    let attempt = async {
        let (tap, handle) = tap(link);
        let (client, connection) = config
            .connect_raw(tap, AlreadyEncrypted)
            .await
            .map_err(|error| refused(error, &what))?;
        Ok(Session::new(client, connection, handle))
    };
    let session = in_time(address, "cannot log in to", attempt).await?;
    if let Some(path) = &address.search_path {
        let sql = format!(
            "SELECT set_config('search_path', {}, false)",
            super::sql::literal(path)
        );
        session.query(&sql).await.map_err(|f| f.into_error(&what))?;
    }
    if address.role != Role::Any {
        let answer = session.value("SELECT pg_catalog.pg_is_in_recovery()").await;
        let (role, name) = match answer.map_err(|f| f.into_error(&what))?.as_deref() {
            Some("t") => (Role::Replica, "a replica"),
            _ => (Role::Primary, "the primary"),
        };
        if role != address.role {
            return Err(unreachable(format!(
                "{}:{} is {name}, and `targetServerType` asks for another",
                address.host, address.port
            ))
            .hint("name all servers of the cluster in `jdbcUrl`"));
        }
    }
    Ok(session)
}

/// A login that failed. Everything that is neither the server's word nor a broken connection is
/// about credentials: a missing password, or a way of authentication that is not supported.
fn refused(error: tokio_postgres::Error, what: &str) -> Error {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let text = format!("{error} {}", cause.unwrap_or_default());
    let about_login = text.contains("authentication") || text.contains("password");
    if about_login && error.as_db_error().is_none() {
        return Error::new(Kind::Auth, what.to_string())
            .hint("check username and password")
            .source(error);
    }
    Failure::from(error).into_error(what)
}

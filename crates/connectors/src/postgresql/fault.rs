//! What the server says when it refuses: its error fields, whether a row is to blame, and the `sdk`
//! error that a refusal becomes. Codes are of
//! <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use sdk::{Error, Kind, Retry};

const DISK_FULL: &str = "53100";

/// An ErrorResponse of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ServerError {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) context: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) constraint: Option<String>,
}

/// Why a statement did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it; the connection is still good.
    Server(Box<ServerError>),
    /// The connection is gone, or a promise was broken.
    Lost(Error),
}

pub(crate) type Outcome<T> = std::result::Result<T, Failure>;

impl Failure {
    /// The error to report; `what` says what was attempted.
    pub(crate) fn into_error(self, what: impl std::fmt::Display) -> Error {
        match self {
            Failure::Server(error) => error.to_error(what),
            Failure::Lost(error) => error.prefix(what),
        }
    }

    /// The same for SQL that the user wrote. `advice` names its field of the job document, which the
    /// server does not know, and is given where the SQL may be at fault.
    pub(crate) fn in_field(self, what: impl std::fmt::Display, advice: Option<&str>) -> Error {
        let refused = matches!(self, Failure::Server(_));
        let error = self.into_error(what);
        let at_fault = matches!(
            error.kind(),
            Kind::Config | Kind::NotFound | Kind::Unsupported | Kind::Data
        );
        let Some(advice) = advice.filter(|_| refused && at_fault) else {
            return error;
        };
        let hint = match error.hint_text() {
            Some(hint) => format!("{advice}; the server advises: {hint}"),
            None => advice.to_string(),
        };
        error.hint(hint)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(db) => {
                let server = ServerError {
                    code: db.code().code().to_string(),
                    message: db.message().to_string(),
                    detail: db.detail().map(str::to_string),
                    hint: db.hint().map(str::to_string),
                    context: db.where_().map(str::to_string),
                    column: db.column().map(str::to_string),
                    constraint: db.constraint().map(str::to_string),
                };
                Failure::Server(Box::new(server))
            }
            None => Failure::Lost(lost(error)),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Lost(lost(error))
    }
}

/// A connection that broke.
pub(crate) fn lost(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Unreachable, "the connection to PostgreSQL broke")
        .retry(Retry::Now)
        .hint("check the server's log and the network between here and the server")
        .source(cause)
}

impl ServerError {
    /// Reads the fields of an ErrorResponse or NoticeResponse.
    pub(crate) fn parse(mut fields: &[u8]) -> Self {
        let mut error = ServerError::default();
        while let Some((&kind, rest)) = fields.split_first() {
            let Some(end) = rest.iter().position(|byte| *byte == 0) else {
                break;
            };
            let text = String::from_utf8_lossy(&rest[..end]).into_owned();
            fields = &rest[end + 1..];
            match kind {
                b'C' => error.code = text,
                b'M' => error.message = text,
                b'D' => error.detail = Some(text),
                b'H' => error.hint = Some(text),
                b'W' => error.context = Some(text),
                b'c' => error.column = Some(text),
                b'n' => error.constraint = Some(text),
                _ => {}
            }
        }
        error
    }

    /// Whether the values of some row are to blame: data exceptions, constraints, row-level checks,
    /// a trigger's own refusal, and the size limits of rows and index entries.
    pub(crate) fn blames_row(&self) -> bool {
        match self.code.get(..2) {
            Some("22" | "23" | "44" | "54") => true,
            // Invalid UTF-8 and NUL bytes are class 22; `raise_exception` is a trigger's word, and
            // 42622 is about a value of the type `name` that is too long.
            _ => matches!(self.code.as_str(), "P0001" | "42622"),
        }
    }

    /// Whether a unique index refused the row.
    pub(crate) fn is_conflict(&self) -> bool {
        self.code == "23505"
    }

    /// Whether a declared rule of a table refused the row: NOT NULL, a foreign key, a CHECK.
    pub(crate) fn is_broken_rule(&self) -> bool {
        matches!(self.code.as_str(), "23502" | "23503" | "23514")
    }

    /// Whether the same statement may succeed when repeated.
    pub(crate) fn is_transient(&self) -> bool {
        self.class().1 != Retry::Never
    }

    /// What the context of a COPY into `table` says behind `COPY table, line `.
    fn place(&self, table: &str) -> Option<&str> {
        let context = self.context.as_deref()?;
        context.lines().find_map(|line| {
            let rest = line.strip_prefix("COPY ")?;
            rest.strip_prefix(table)?.strip_prefix(", line ")
        })
    }

    /// The row of the COPY that was being taken, counted from one: `COPY t, line 7, column c`.
    pub(crate) fn line(&self, table: &str) -> Option<usize> {
        // The server stores rows many at a time. That one is too large for a page is found then, and
        // the context names the line that was read last.
        if self.code.starts_with("54") {
            return None;
        }
        let digits = self.place(table)?;
        let end = digits
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(digits.len());
        digits[..end].parse().ok().filter(|line| *line > 0)
    }

    /// The column at fault, from the error itself or from the COPY's context.
    pub(crate) fn column(&self, table: &str) -> Option<String> {
        if self.column.is_some() {
            return self.column.clone();
        }
        let (_, rest) = self.place(table)?.split_once(", column ")?;
        let name = rest.split(": \"").next().unwrap_or(rest);
        Some(name.to_string())
    }

    /// The reason for the dirty-row file.
    pub(crate) fn reason(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail})", self.message),
            None => self.message.clone(),
        }
    }

    /// The message without the value of a row that it may quote: more people read reports than may
    /// read rows.
    fn message_without_value(&self) -> String {
        // Of these two, what stands in quotes is an encoding.
        if !self.code.starts_with("22") || matches!(self.code.as_str(), "22021" | "22P05") {
            return self.message.clone();
        }
        // Servers speak many languages: `type integer: "7x"`, `Typ integer: »7x«`.
        let said = self.message.split(": ").next().unwrap_or_default();
        let quotes = ['"', '\'', '«', '»', '„', '“', '”', '‘', '’', '「', '」'];
        match (said.find(quotes), said.rmatch_indices(quotes).next()) {
            (Some(start), Some((end, quote))) => {
                format!("{}…{}", &said[..start], &said[end + quote.len()..])
            }
            _ => said.to_string(),
        }
    }

    /// The error to report. The detail is left out where it quotes values of rows.
    pub(crate) fn to_error(&self, what: impl std::fmt::Display) -> Error {
        let (kind, retry, hint) = self.class();
        let mut message = format!("{what}: {}", self.message_without_value());
        if self.code == DISK_FULL {
            // The server names a file, perhaps of a temporary table, and the system's error in one of
            // several wordings.
            message = format!("{what}: the server's disk is full");
        } else if let Some(detail) = self.detail.as_deref().filter(|_| !self.blames_row()) {
            message = format!("{message} ({})", detail.trim_end_matches('.'));
        }
        let error = Error::new(kind, message).retry(retry);
        match (&self.hint, hint) {
            (_, Some(hint)) => error.hint(hint),
            (Some(hint), None) => error.hint(hint.trim_end_matches('.')),
            (None, None) => error,
        }
    }

    fn class(&self) -> (Kind, Retry, Option<&'static str>) {
        let never = |kind, hint| (kind, Retry::Never, hint);
        match self.code.as_str() {
            "28P01" | "28000" => never(
                Kind::Auth,
                Some("check username and password, and that pg_hba.conf lets this host in"),
            ),
            "3D000" => never(
                Kind::NotFound,
                Some("check the database's name in `jdbcUrl`"),
            ),
            "42P01" | "3F000" | "42703" => never(Kind::NotFound, None),
            "42501" => never(
                Kind::Denied,
                Some("ask the owner to grant the right to this role"),
            ),
            "25006" => never(
                Kind::Denied,
                Some("the server is read-only, perhaps a replica: use the primary's address"),
            ),
            "42P07" => never(
                Kind::Conflict,
                Some("drop what has the name, or choose another one"),
            ),
            "40001" | "40P01" => (Kind::Conflict, Retry::Now, None),
            "55P03" | "55006" => (
                Kind::Conflict,
                Retry::Now,
                Some("another session holds a lock on it"),
            ),
            "57014" | "25P03" | "25P04" => never(
                Kind::Conflict,
                Some("somebody or a time limit of the server cancelled the statement"),
            ),
            DISK_FULL => (
                Kind::Throttled,
                Retry::Now,
                Some("make room there; the server's log names the file that could not grow"),
            ),
            "53300" => (
                Kind::Throttled,
                Retry::Now,
                Some("lower `concurrent`, or raise the server's max_connections"),
            ),
            // The server could not follow what was sent, which no repetition changes.
            "08P01" => never(Kind::Internal, None),
            code => match code.get(..2) {
                Some("08") => (Kind::Unreachable, Retry::Now, None),
                Some("57") => (Kind::Unreachable, Retry::Now, None),
                // Out of resources, or the operating system failed the server.
                Some("53" | "58") => (Kind::Throttled, Retry::Now, None),
                Some("22" | "23" | "44" | "54" | "XX") => never(Kind::Data, None),
                Some("0A") => never(Kind::Unsupported, None),
                Some("28") => never(Kind::Auth, None),
                _ => never(Kind::Config, None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_context_names_row_and_column() {
        let fields = b"SERROR\0C22001\0Mvalue too long\0WCOPY person, line 42, column name\0\0";
        let error = ServerError::parse(fields);
        assert_eq!(error.line("person"), Some(42));
        assert_eq!(error.column("person").as_deref(), Some("name"));
        assert!(error.blames_row());
        let trigger = b"CP0001\0Mno\0WPL/pgSQL function f() line 3 at RAISE\nCOPY t, line 7\0\0";
        let trigger = ServerError::parse(trigger);
        assert_eq!((trigger.line("t"), trigger.column("t")), (Some(7), None));
        let odd = b"C22001\0Mno\0WCOPY t, line 3, column c, line 9, column d\0\0";
        let odd = ServerError::parse(odd);
        let table = "t, line 3, column c";
        assert_eq!(
            (odd.line(table), odd.column(table)),
            (Some(9), Some("d".into()))
        );
        let late = ServerError::parse(b"C54000\0Mrow is too big\0WCOPY t, line 100\0\0");
        assert_eq!((late.line("t"), late.blames_row()), (None, true));
    }

    #[test]
    fn transient_refusals_may_be_retried_and_row_details_are_not_quoted() {
        for code in [
            "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53100", "53200", "53300",
            "08006", "58030",
        ] {
            let error = ServerError {
                code: code.into(),
                ..ServerError::default()
            };
            assert_eq!(error.to_error("x").retryable(), Retry::Now, "{code}");
        }
        let error = ServerError {
            code: "23505".into(),
            message: "duplicate key".into(),
            detail: Some("Key (id)=(5) already exists.".into()),
            ..ServerError::default()
        };
        assert_eq!(
            error.to_error("cannot load").to_string(),
            "cannot load: duplicate key"
        );
        assert_eq!(error.to_error("x").retryable(), Retry::Never);
    }

    #[test]
    fn values_that_a_message_quotes_stay_with_their_rows() {
        for (code, message, told) in [
            (
                "22P02",
                r#"invalid input syntax for type integer: "123-45: 6789""#,
                "invalid input syntax for type integer",
            ),
            (
                "22003",
                r#"value "12345678901" is out of range for type integer"#,
                "value … is out of range for type integer",
            ),
            (
                "22P02",
                "ungültige Eingabesyntax für Typ integer: »123«",
                "ungültige Eingabesyntax für Typ integer",
            ),
            (
                "22021",
                r#"invalid byte sequence for encoding "UTF8": 0xff"#,
                r#"invalid byte sequence for encoding "UTF8": 0xff"#,
            ),
            ("22012", "division by zero", "division by zero"),
        ] {
            let error = ServerError {
                code: code.into(),
                message: message.into(),
                ..ServerError::default()
            };
            assert_eq!(error.to_error("x").message(), format!("x: {told}"));
            assert_eq!(error.reason(), message, "a dirty row keeps it all");
        }
    }
}

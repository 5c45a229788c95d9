//! Both sides of a job, opened at the same time. What is wrong with both is one error, so that both can be
//! mended at once.

use sdk::{Column, Error, Kind, Opening, Reader, Result, Writer};

/// Source and target, with their names for messages.
pub(crate) struct Sides {
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) writer: Box<dyn Writer>,
    reader_title: String,
    writer_title: String,
}

impl Sides {
    pub(crate) async fn open(
        (reader, reader_title): (Opening<dyn Reader>, String),
        (writer, writer_title): (Opening<dyn Writer>, String),
    ) -> Result<Sides> {
        let (reader, writer) = tokio::join!(reader(), writer());
        let reader = reader.map_err(|error| of_source(error, &reader_title));
        let writer = writer.map_err(|error| of_target(error, &writer_title));
        match (reader, writer) {
            (Ok(reader), Ok(writer)) => Ok(Sides {
                reader,
                writer,
                reader_title,
                writer_title,
            }),
            (Err(source), Err(target)) => Err(both_refused(&source, &target)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// The source's columns. If it cannot tell them, the target is asked nevertheless.
    pub(crate) async fn source_columns(&self) -> Result<Vec<Column>> {
        let error = match self.reader.schema().await {
            Ok(columns) => return Ok(columns),
            Err(error) => of_source(error, &self.reader_title),
        };
        Err(match self.target_columns(&[]).await {
            Err(target) if concerns_the_target_alone(&target) => both_refused(&error, &target),
            _ => error,
        })
    }

    /// The target's columns for those that the job offers it.
    pub(crate) async fn target_columns(&self, offered: &[Column]) -> Result<Vec<Column>> {
        let columns = self.writer.schema(offered).await;
        columns.map_err(|error| of_target(error, &self.writer_title))
    }
}

fn of_source(error: Error, title: &str) -> Error {
    error.prefix(format!("source, {title}"))
}

fn of_target(error: Error, title: &str) -> Error {
    error.prefix(format!("target, {title}"))
}

/// Whether an error of the target would be the same whatever the source offered.
fn concerns_the_target_alone(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::NotFound | Kind::Denied | Kind::Auth | Kind::Unreachable
    )
}

fn both_refused(source: &Error, target: &Error) -> Error {
    let error = Error::new(source.kind(), format!("{source}; {target}"));
    let mut hints: Vec<&str> = [source, target]
        .into_iter()
        .filter_map(Error::hint_text)
        .collect();
    hints.dedup();
    if hints.is_empty() {
        return error;
    }
    error.hint(hints.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_that_refuse_are_one_error_that_names_both() {
        let source = Error::new(Kind::Auth, "source: wrong password").hint("check it");
        let target = Error::new(Kind::Unreachable, "target: refused").hint("start it");
        let both = both_refused(&source, &target);
        assert_eq!(both.to_string(), "source: wrong password; target: refused");
        assert_eq!(both.hint_text(), Some("check it; start it"));
        assert_eq!(both.kind(), Kind::Auth);
    }
}

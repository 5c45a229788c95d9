//! `CREATE TABLE`: written from quoted parts, and told from every other statement.
//!
//! Somebody who may make tables may not run whatever else the datasource's account may, so a statement that came from
//! outside is looked at before it is sent. Only what reads the same for every store passes: no comments, no
//! backslashes in texts, no dollar signs.

use std::iter::Peekable;
use std::str::Chars;

use sdk::{Error, Kind, Result};

/// Words outside of parentheses that make more of a table than an empty one with its own columns: rows of a query,
/// a part of another table, a type from elsewhere.
const REFUSED_WORDS: [&str; 6] = ["AS", "OF", "SELECT", "EXECUTE", "CLONE", "LOCATION"];

/// The parts of a statement, names and types as the dialect writes them.
pub(crate) struct Parts {
    pub(crate) table: String,
    /// Columns with their types and constraints.
    pub(crate) columns: Vec<String>,
    /// The columns of the primary key.
    pub(crate) key: Vec<String>,
    /// Partition columns with their types.
    pub(crate) partitions: Vec<String>,
}

impl Parts {
    /// The statement, a column a line.
    pub(crate) fn statement(&self) -> String {
        let mut lines = self.columns.clone();
        if !self.key.is_empty() {
            lines.push(format!("PRIMARY KEY ({})", self.key.join(", ")));
        }
        let partitioned = match self.partitions.is_empty() {
            true => String::new(),
            false => format!("\nPARTITIONED BY ({})", self.partitions.join(", ")),
        };
        format!(
            "CREATE TABLE {} (\n    {}\n){partitioned};\n",
            self.table,
            lines.join(",\n    ")
        )
    }
}

/// Names that a table cannot have together: the first that stands twice, as `same` compares them.
pub(crate) fn repeated<'a>(names: &[&'a str], same: fn(&str, &str) -> bool) -> Option<&'a str> {
    let twice =
        |(place, name): &(usize, &&str)| names[..*place].iter().any(|known| same(known, name));
    names.iter().enumerate().find(twice).map(|(_, name)| *name)
}

/// The statement without its closing semicolon, if it makes one table and does nothing else. `quotes` are the
/// characters that open and close names and texts in the dialect.
pub(crate) fn only_create_table<'a>(statement: &'a str, quotes: &[char]) -> Result<&'a str> {
    let text = statement.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    let text = text.trim_start();
    let words = outer_words(text, quotes).map_err(refused)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "TABLE", ..] | ["CREATE", "UNLOGGED", "TABLE", ..] => {}
        _ => return Err(refused("it does not begin with `CREATE TABLE`".to_string())),
    }
    match words.iter().find(|word| REFUSED_WORDS.contains(word)) {
        None => Ok(text),
        Some(word) => Err(refused(format!("it has `{word}` outside of parentheses"))),
    }
}

fn refused(why: String) -> Error {
    Error::new(Kind::Config, format!("cannot run the statement: {why}")).hint(
        "send one `CREATE TABLE` with its columns in parentheses, and without comments, backslashes and dollar signs",
    )
}

/// The words outside of parentheses, in capitals; or what makes it something else than one statement.
fn outer_words(text: &str, quotes: &[char]) -> std::result::Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut depth = 0_usize;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            quote if quotes.contains(&quote) => skip_quoted(&mut letters, quote)?,
            '(' => depth += 1,
            ')' => {
                depth = depth
                    .checked_sub(1)
                    .ok_or("a parenthesis closes that was not opened")?;
            }
            ';' => return Err("it goes on after a semicolon".to_string()),
            '-' if letters.peek() == Some(&'-') => return Err("it has a comment".to_string()),
            '/' if letters.peek() == Some(&'*') => return Err("it has a comment".to_string()),
            '$' | '\\' | '\0' | '#' | '\'' | '"' | '`' => {
                return Err(format!("it has {letter:?} outside of quotes"));
            }
            first if is_word(first) => {
                let word = word(first, &mut letters);
                if depth == 0 {
                    words.push(word);
                }
            }
            _ => {}
        }
    }
    match depth {
        0 => Ok(words),
        _ => Err("a parenthesis is not closed".to_string()),
    }
}

fn is_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

/// Old servers read `1as` as a number and a word, so digits end where something else begins.
fn word(first: char, letters: &mut Peekable<Chars<'_>>) -> String {
    let is_number = first.is_ascii_digit();
    let mut word = first.to_uppercase().to_string();
    let goes_on = |letter: &char| match is_number {
        true => letter.is_ascii_digit(),
        false => is_word(*letter),
    };
    while let Some(letter) = letters.next_if(goes_on) {
        word.extend(letter.to_uppercase());
    }
    word
}

/// A doubled quote ends a text and begins the next, which comes to the same.
fn skip_quoted(letters: &mut Peekable<Chars<'_>>, quote: char) -> std::result::Result<(), String> {
    for letter in letters.by_ref() {
        match letter {
            closing if closing == quote => return Ok(()),
            '\\' | '\0' => return Err(format!("it has {letter:?} in quotes")),
            _ => {}
        }
    }
    Err(format!("a {quote} is not closed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSI: [char; 2] = ['\'', '"'];

    #[test]
    fn one_table_is_made() {
        for statement in [
            "CREATE TABLE t (a int)",
            " create unlogged table if not exists \"s\".\"as;--\" (a int default 'x;''y', check (a > 0)) ;; \n",
            "create table t (a int generated always as identity, b int) partition by range (a)",
        ] {
            let text = only_create_table(statement, &ANSI).unwrap();
            assert!(!text.ends_with(';') && statement.contains(text));
        }
        let backticks = ['\'', '"', '`'];
        only_create_table(
            "create table `t` (`a;` bigint comment 'x') partitioned by (`pt` string) lifecycle 7",
            &backticks,
        )
        .unwrap();
    }

    #[test]
    fn nothing_else_is_run() {
        for (statement, why) in [
            ("", "does not begin with"),
            ("DROP TABLE t", "does not begin with"),
            ("CREATE TEMP TABLE t (a int)", "does not begin with"),
            ("create table t (a int); drop table u", "after a semicolon"),
            (
                "create table t (a int) /* ; */ drop table u",
                "has a comment",
            ),
            ("create table t (a int) --\n as select 1", "has a comment"),
            ("create table t as select pg_sleep(9)", "`AS`"),
            ("create table t (a) on commit drop as table u", "`AS`"),
            ("create table t with (fillfactor = 7) as execute u", "`AS`"),
            ("create table t tablespace 1as select 1", "`AS`"),
            (
                "create table t partition of u for values from (f()) to (9)",
                "`OF`",
            ),
            ("create table t (a text default $$;$$)", "'$' outside"),
            (
                "create table t (a text default E'\\'; drop table u; --')",
                "in quotes",
            ),
            ("create table t (a text default 'x)", "is not closed"),
            ("create table \"t (a int)", "is not closed"),
            ("create table t (a int", "is not closed"),
            ("create table t (a int)) as (select 1", "was not opened"),
            ("create table `;drop table u;` (a int)", "'`' outside"),
        ] {
            let error = only_create_table(statement, &ANSI).unwrap_err();
            assert!(error.to_string().contains(why), "{statement}: {error}");
        }
    }

    #[test]
    fn parts_make_a_statement() {
        let parts = Parts {
            table: "t".to_string(),
            columns: vec!["a int NOT NULL".to_string(), "b text".to_string()],
            key: vec!["a".to_string()],
            partitions: vec!["pt string".to_string()],
        };
        let text = parts.statement();
        assert_eq!(
            text,
            "CREATE TABLE t (\n    a int NOT NULL,\n    b text,\n    PRIMARY KEY (a)\n)\nPARTITIONED BY (pt string);\n"
        );
        only_create_table(&text, &ANSI).unwrap();
        assert_eq!(
            repeated(&["a", "b", "A"], str::eq_ignore_ascii_case),
            Some("A")
        );
        assert_eq!(repeated(&["a", "b", "A"], |a, b| a == b), None);
    }
}

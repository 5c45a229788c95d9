//! SELECT and INSERT.

use maxcompute::types::Type;

use super::SqlError;
use super::lexer::Token;
use super::parse::Parser;
use super::statement::{
    Comparison, Condition, Insert, Item, Literal, Query, Source, Statement, Test,
};
use crate::store::WriteMode;

const CLAUSES: [&str; 8] = [
    "from", "where", "limit", "as", "and", "order", "group", "union",
];

pub(super) fn insert(parser: &mut Parser) -> Result<Statement, SqlError> {
    parser.tokens.expect("insert")?;
    let mode = if parser.tokens.accept("overwrite") {
        WriteMode::Overwrite
    } else {
        parser.tokens.expect("into")?;
        WriteMode::Append
    };
    parser.tokens.accept("table");
    let table = parser.table_name()?;
    let partition = parser.optional_partition()?;
    let columns = match parser.tokens.peek() {
        Token::Mark("(") => parser.names_in_parentheses()?,
        _ => Vec::new(),
    };
    let source = if parser.tokens.accept("values") {
        let mut rows = vec![row(parser)?];
        while parser.tokens.accept_mark(",") {
            rows.push(row(parser)?);
        }
        Source::Values(rows)
    } else {
        Source::Select(query(parser)?)
    };
    Ok(Statement::Insert(Insert {
        table,
        mode,
        partition,
        columns,
        source,
    }))
}

fn row(parser: &mut Parser) -> Result<Vec<Literal>, SqlError> {
    literals_in_parentheses(parser)
}

fn literals_in_parentheses(parser: &mut Parser) -> Result<Vec<Literal>, SqlError> {
    parser.tokens.expect_mark("(")?;
    let mut values = vec![literal(parser)?];
    while parser.tokens.accept_mark(",") {
        values.push(literal(parser)?);
    }
    parser.tokens.expect_mark(")")?;
    Ok(values)
}

pub(super) fn query(parser: &mut Parser) -> Result<Query, SqlError> {
    parser.tokens.expect("select")?;
    let mut items = vec![item(parser)?];
    while parser.tokens.accept_mark(",") {
        items.push(item(parser)?);
    }
    let mut query = Query {
        items,
        table: None,
        conditions: Vec::new(),
        limit: None,
    };
    if parser.tokens.accept("from") {
        query.table = Some(parser.table_name()?);
        if parser.tokens.accept("where") {
            conditions(parser, &mut query.conditions)?;
            while parser.tokens.accept("and") {
                conditions(parser, &mut query.conditions)?;
            }
        }
    }
    if parser.tokens.accept("limit") {
        query.limit = Some(parser.tokens.whole_number()?);
    }
    Ok(query)
}

fn item(parser: &mut Parser) -> Result<Item, SqlError> {
    let tokens = &mut parser.tokens;
    if tokens.accept_mark("*") {
        return Ok(Item::All);
    }
    if tokens.is_keyword("count") && *tokens.peek_second() == Token::Mark("(") {
        tokens.next();
        tokens.expect_mark("(")?;
        if !tokens.accept_mark("*") {
            tokens.whole_number::<u64>()?;
        }
        tokens.expect_mark(")")?;
        return Ok(Item::Count {
            alias: alias(parser)?,
        });
    }
    if is_literal(parser) {
        let value = literal(parser)?;
        return Ok(Item::Constant {
            value,
            alias: alias(parser)?,
        });
    }
    let name = column_name(parser)?;
    Ok(Item::Column {
        name,
        alias: alias(parser)?,
    })
}

/// `name` or `table.name`; there is one table, so its name adds nothing.
fn column_name(parser: &mut Parser) -> Result<String, SqlError> {
    if let Token::Word(word) = parser.tokens.peek()
        && CLAUSES
            .iter()
            .any(|clause| word.eq_ignore_ascii_case(clause))
    {
        return parser.tokens.fail("a column");
    }
    let first = parser.tokens.identifier()?;
    if parser.tokens.accept_mark(".") {
        parser.tokens.identifier()
    } else {
        Ok(first)
    }
}

fn alias(parser: &mut Parser) -> Result<Option<String>, SqlError> {
    if parser.tokens.accept("as") {
        return parser.tokens.identifier().map(Some);
    }
    let bare = match parser.tokens.peek() {
        Token::Word(word) => !CLAUSES
            .iter()
            .any(|clause| word.eq_ignore_ascii_case(clause)),
        Token::Name(_) => true,
        _ => false,
    };
    if bare {
        parser.tokens.identifier().map(Some)
    } else {
        Ok(None)
    }
}

fn is_literal(parser: &Parser) -> bool {
    match parser.tokens.peek() {
        Token::Text(_) | Token::Number(_) | Token::Mark("-" | "+") => true,
        Token::Word(word) => {
            let word = word.to_ascii_lowercase();
            match word.as_str() {
                "null" | "true" | "false" => true,
                "cast" => *parser.tokens.peek_second() == Token::Mark("("),
                _ => {
                    typed_prefix(&word).is_some()
                        && matches!(parser.tokens.peek_second(), Token::Text(_))
                }
            }
        }
        _ => false,
    }
}

fn typed_prefix(word: &str) -> Option<Type> {
    Some(match word {
        "date" => Type::Date,
        "datetime" => Type::Datetime,
        "timestamp" => Type::Timestamp,
        "timestamp_ntz" => Type::TimestampNtz,
        _ => return None,
    })
}

fn literal(parser: &mut Parser) -> Result<Literal, SqlError> {
    if !is_literal(parser) {
        return parser.tokens.fail("a constant");
    }
    let sign = if parser.tokens.accept_mark("-") {
        "-"
    } else {
        parser.tokens.accept_mark("+");
        ""
    };
    match parser.tokens.next() {
        Token::Number(digits) => Ok(Literal::Number(format!("{sign}{digits}"))),
        Token::Text(text) if sign.is_empty() => Ok(Literal::Text(text)),
        Token::Word(word) if sign.is_empty() => match word.to_ascii_lowercase().as_str() {
            "null" => Ok(Literal::Null),
            "true" => Ok(Literal::Boolean(true)),
            "false" => Ok(Literal::Boolean(false)),
            "cast" => cast(parser),
            prefix => match typed_prefix(prefix) {
                Some(kind) => Ok(Literal::Typed(parser.tokens.text()?, kind)),
                None => parser.tokens.fail("a constant"),
            },
        },
        _ => parser.tokens.fail("a number"),
    }
}

fn cast(parser: &mut Parser) -> Result<Literal, SqlError> {
    parser.tokens.expect_mark("(")?;
    // A cast of a cast would recurse as deep as a client likes.
    if parser.tokens.is_keyword("cast") {
        return parser.tokens.fail("a constant");
    }
    let inner = literal(parser)?;
    parser.tokens.expect("as")?;
    let kind = parser.column_type()?;
    parser.tokens.expect_mark(")")?;
    Ok(match inner {
        Literal::Null => Literal::Null,
        Literal::Boolean(value) => Literal::Typed(value.to_string(), kind),
        Literal::Number(text) | Literal::Text(text) | Literal::Typed(text, _) => {
            Literal::Typed(text, kind)
        }
    })
}

/// One condition; BETWEEN gives two.
fn conditions(parser: &mut Parser, out: &mut Vec<Condition>) -> Result<(), SqlError> {
    let column = column_name(parser)?;
    let test = if parser.tokens.accept_all(&["is", "not", "null"]) {
        Test::IsNotNull
    } else if parser.tokens.accept_all(&["is", "null"]) {
        Test::IsNull
    } else if parser.tokens.accept("in") {
        Test::In(literals_in_parentheses(parser)?)
    } else if parser.tokens.accept("between") {
        let least = literal(parser)?;
        parser.tokens.expect("and")?;
        let test = Test::Compare(Comparison::GreaterOrEqual, least);
        out.push(Condition {
            column: column.clone(),
            test,
        });
        Test::Compare(Comparison::LessOrEqual, literal(parser)?)
    } else {
        let comparison = comparison(parser)?;
        Test::Compare(comparison, literal(parser)?)
    };
    out.push(Condition { column, test });
    Ok(())
}

fn comparison(parser: &mut Parser) -> Result<Comparison, SqlError> {
    let found = match parser.tokens.peek() {
        Token::Mark("=" | "==") => Comparison::Equal,
        Token::Mark("<>" | "!=") => Comparison::NotEqual,
        Token::Mark("<") => Comparison::Less,
        Token::Mark("<=") => Comparison::LessOrEqual,
        Token::Mark(">") => Comparison::Greater,
        Token::Mark(">=") => Comparison::GreaterOrEqual,
        _ => return parser.tokens.fail("a comparison"),
    };
    parser.tokens.next();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::parse::tests::parse;
    use super::super::statement::{Literal, Source, Statement};

    #[test]
    fn selects_and_inserts_are_read() {
        for text in [
            "select *, pt from t where a >= 1 and b is not null and c in ('x', 'y') limit 5",
            "SELECT COUNT(*) AS n FROM p.t WHERE pt='1' AND d BETWEEN DATE '2024-01-01' AND cast('2024-02-01' as date);",
            "select 1 as a, 'x', null",
            "select t.a x from p.default.t",
            "insert overwrite table t partition (pt='1') (a, b) select a, b from s",
        ] {
            assert!(parse(text, false).is_ok(), "{text}");
        }
        for text in [
            "select a from t where",
            "select a from t where a like 'x'",
            "select f(a) from t",
            "select a from",
        ] {
            assert!(parse(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn values_keep_their_kind() {
        let text = "insert into t values (-1, 'a', null, true), (1.5e3, \"b\", timestamp '2024-01-01 00:00:00', false)";
        let Ok(Statement::Insert(insert)) = parse(text, false) else {
            panic!("parses as INSERT");
        };
        let Source::Values(rows) = insert.source else {
            panic!("has values");
        };
        assert_eq!(rows[0][0], Literal::Number("-1".into()));
        assert_eq!(rows[0][2], Literal::Null);
        assert_eq!(rows[1].len(), 4);
    }
}

//! The text of an expression: parsed, bounded, and searched for what an expression cannot be.
//!
//! Owns syntax and names; types and functions' arguments are left to `plan`.

use std::ops::ControlFlow;

use datafusion_sql::parser::DFParserBuilder;
use datafusion_sql::sqlparser::ast::{Expr, ExprWithAlias, Query, Value, Visit, Visitor};
use datafusion_sql::sqlparser::dialect::GenericDialect;
use sdk::{Error, Kind, Result, nearest};

use super::functions::{self, Known};

/// Longer texts are refused, so that parsing one cannot exhaust the stack.
const MOST_BYTES: usize = 16 * 1024;

/// Parentheses, calls and the like inside one another.
const MOST_NESTING: usize = 100;

/// Levels of the tree; a chain of operators has as many as it has operators. Every level costs stack
/// again on each batch.
const MOST_LEVELS: usize = 256;

/// An error about the expression as a whole.
pub(super) fn refuse(sql: &str, why: impl std::fmt::Display) -> Error {
    Error::new(
        Kind::Config,
        format!("cannot use expression `{}`: {why}", excerpt(sql)),
    )
}

/// The start of a text for messages.
pub(super) fn excerpt(text: &str) -> String {
    const MOST_CHARACTERS: usize = 120;
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(MOST_CHARACTERS).collect();
    if characters.next().is_some() {
        format!("{start}…")
    } else {
        start
    }
}

/// A parsed expression and the columns that it names, in the order of the text.
pub(super) struct Parsed {
    pub(super) expression: Expr,
    pub(super) names: Vec<String>,
}

pub(super) fn parse(sql: &str) -> Result<Parsed> {
    if sql.trim().is_empty() {
        return Err(refuse(sql, "it is empty"));
    }
    if sql.len() > MOST_BYTES {
        return Err(refuse(sql, "it is longer than 16 KiB"));
    }
    let ExprWithAlias { expr, alias } = DFParserBuilder::new(sql)
        .with_dialect(&GenericDialect {})
        .with_recursion_limit(MOST_NESTING)
        .build()
        .and_then(|mut parser| parser.parse_into_expr())
        .map_err(|error| refuse(sql, super::plan::plain(&error)))?;
    if let Some(alias) = alias {
        return Err(refuse(sql, format!("`AS {alias}` has no place here"))
            .hint("name the result with `name` beside the expression"));
    }
    let mut names = Names::default();
    if let ControlFlow::Break(objection) = expr.visit(&mut names) {
        let error = refuse(sql, objection.why);
        return Err(match objection.hint {
            Some(hint) => error.hint(hint),
            None => error,
        });
    }
    Ok(Parsed {
        expression: expr,
        names: names.found,
    })
}

struct Objection {
    why: String,
    hint: Option<String>,
}

impl Objection {
    fn new(why: impl Into<String>, hint: &str) -> ControlFlow<Objection> {
        ControlFlow::Break(Objection {
            why: why.into(),
            hint: Some(hint.to_string()),
        })
    }
}

const ONE_ROW: &str = "an expression sees one row at a time; do this in the reader's query";

/// Collects column names and objects to whatever reaches beyond one row.
#[derive(Default)]
struct Names {
    found: Vec<String>,
    level: usize,
}

impl Names {
    fn add(&mut self, name: &str) {
        if !self.found.iter().any(|found| found == name) {
            self.found.push(name.to_string());
        }
    }
}

impl Visitor for Names {
    type Break = Objection;

    fn pre_visit_query(&mut self, _query: &Query) -> ControlFlow<Objection> {
        Objection::new("it holds a subquery", ONE_ROW)
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Objection> {
        self.level += 1;
        if self.level > MOST_LEVELS {
            return Objection::new(
                format!("it is nested more than {MOST_LEVELS} levels deep"),
                "use IN (…) or CASE instead of a long chain",
            );
        }
        match expression {
            Expr::Identifier(name) => self.add(&name.value),
            // A name with dots is a column and its fields; a column's own dots need quotes.
            Expr::CompoundIdentifier(names) => {
                if let Some(first) = names.first() {
                    self.add(&first.value);
                }
            }
            Expr::Wildcard(_) | Expr::QualifiedWildcard(..) => {
                return Objection::new("`*` has no place in it", "name the columns");
            }
            Expr::Value(value) => {
                if let Value::Placeholder(name) = &value.value {
                    return Objection::new(
                        format!("`{name}` is a placeholder without a value"),
                        "write a parameter as `${name}`",
                    );
                }
            }
            Expr::Function(function) => {
                let name = function.name.to_string();
                if function.over.is_some() {
                    return Objection::new(format!("`{name}` is a window function"), ONE_ROW);
                }
                match functions::find(&name) {
                    Known::Scalar => {}
                    Known::Aggregate => {
                        return Objection::new(
                            format!("`{name}` aggregates over many rows"),
                            ONE_ROW,
                        );
                    }
                    Known::Unknown => {
                        let hint = match nearest(&name, functions::names()) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "the functions are those of DataFusion".to_string(),
                        };
                        return Objection::new(format!("there is no function `{name}`"), &hint);
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expression: &Expr) -> ControlFlow<Objection> {
        self.level -= 1;
        ControlFlow::Continue(())
    }
}

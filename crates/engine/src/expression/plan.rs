//! From a parsed expression to one that DataFusion evaluates, typed against the columns at hand.
//!
//! Owns where we are stricter than DataFusion: numbers with a decimal point are decimals, integers
//! never wrap around, and the clock is read once.

use std::sync::Arc;

use arrow_schema::Schema;
use chrono::{DateTime, Utc};
use datafusion_common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion_common::{DFSchema, DFSchemaRef, DataFusionError, ScalarValue};
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, Operator};
use datafusion_optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion_physical_expr::expressions;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use datafusion_sql::planner::{ParserOptions, PlannerContext, SqlToRel};
use sdk::{Result, nearest};

use super::functions::FUNCTIONS;
use super::text::{Parsed, refuse};

/// A typed expression; `is_fixed` if it yields the same for every row of every batch.
pub(super) struct Planned {
    pub(super) physical: Arc<dyn PhysicalExpr>,
    pub(super) is_fixed: bool,
}

pub(super) fn plan(
    sql: &str,
    parsed: Parsed,
    schema: &Schema,
    now: DateTime<Utc>,
) -> Result<Planned> {
    for name in &parsed.names {
        if schema.column_with_name(name).is_none() {
            let columns = schema.fields().iter().map(|field| field.name().as_str());
            let error = refuse(sql, format!("there is no column `{name}`"));
            return Err(match nearest(name, columns) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("text stands in single quotes: 'text'"),
            });
        }
    }
    DFSchema::try_from(schema.clone())
        .and_then(|schema| physical(parsed, Arc::new(schema), now))
        .map_err(|error| refuse(sql, plain(&error)))
}

fn physical(
    parsed: Parsed,
    schema: DFSchemaRef,
    now: DateTime<Utc>,
) -> datafusion_common::Result<Planned> {
    let options = ParserOptions::new()
        .with_enable_ident_normalization(false)
        .with_parse_float_as_decimal(true)
        .with_map_string_types_to_utf8view(false);
    let expr = SqlToRel::new_with_options(&*FUNCTIONS, options).sql_to_expr(
        parsed.expression,
        &schema,
        &mut PlannerContext::new(),
    )?;
    let expr = coerce(expr, &schema)?;
    let expr = replace_functions(expr, &schema, now)?;
    let expr = coerce(expr, &schema)?;
    let expr = check_negations(expr, &schema)?;
    let props = ExecutionProps::new().with_query_execution_start_time(now);
    let physical =
        create_physical_expr(&expr, &schema, &props, &PhysicalPlanningContext::default())?;
    Ok(Planned {
        physical: check_overflow(physical)?,
        is_fixed: parsed.names.is_empty() && !expr.is_volatile(),
    })
}

fn coerce(expr: Expr, schema: &DFSchema) -> datafusion_common::Result<Expr> {
    expr.rewrite(&mut TypeCoercionRewriter::new(schema)).data()
}

/// Functions that replace themselves by other expressions, among them those that ask for the time,
/// must do so before they run; each may bring in another.
fn replace_functions(
    mut expr: Expr,
    schema: &DFSchemaRef,
    now: DateTime<Utc>,
) -> datafusion_common::Result<Expr> {
    const MOST_ROUNDS: usize = 4;
    let context = SimplifyContext::builder()
        .with_schema(Arc::clone(schema))
        .with_query_execution_start_time(Some(now))
        .build();
    for _ in 0..MOST_ROUNDS {
        let replaced = expr.transform_up(|expr| {
            let Expr::ScalarFunction(mut call) = expr else {
                return Ok(Transformed::no(expr));
            };
            Ok(match call.func.simplify(call.args, &context)? {
                ExprSimplifyResult::Simplified(expr) => Transformed::yes(expr),
                ExprSimplifyResult::Original(args) => {
                    call.args = args;
                    Transformed::no(Expr::ScalarFunction(call))
                }
            })
        })?;
        expr = replaced.data;
        if !replaced.transformed {
            break;
        }
    }
    Ok(expr)
}

/// The least integer has no positive counterpart, which a negation would not notice but a subtraction
/// does.
fn check_negations(expr: Expr, schema: &DFSchema) -> datafusion_common::Result<Expr> {
    expr.transform_up(|expr| {
        let Expr::Negative(inner) = expr else {
            return Ok(Transformed::no(expr));
        };
        let data_type = inner.get_type(schema)?;
        if !data_type.is_signed_integer() {
            return Ok(Transformed::no(Expr::Negative(inner)));
        }
        let zero = Expr::Literal(ScalarValue::new_zero(&data_type)?, None);
        Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(
            Box::new(zero),
            Operator::Minus,
            inner,
        ))))
    })
    .data()
}

/// Makes `+`, `-` and `*` fail where DataFusion would wrap around.
fn check_overflow(expr: Arc<dyn PhysicalExpr>) -> datafusion_common::Result<Arc<dyn PhysicalExpr>> {
    expr.transform_up(|expr| {
        let checked = expr
            .downcast_ref::<expressions::BinaryExpr>()
            .map(|binary| binary.clone().with_fail_on_overflow(true));
        Ok(match checked {
            Some(binary) => Transformed::yes(Arc::new(binary) as Arc<dyn PhysicalExpr>),
            None => Transformed::no(expr),
        })
    })
    .data()
}

/// DataFusion's message without its ornaments: one line, lower case, no prefix.
pub(super) fn plain(error: &DataFusionError) -> String {
    let text = match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            return plain(inner);
        }
        DataFusionError::Shared(inner) => return plain(inner),
        DataFusionError::ArrowError(error, _) => error.to_string(),
        DataFusionError::SQL(error, _) => error.to_string(),
        other => other.message().into_owned(),
    };
    let line = text.lines().next().unwrap_or_default();
    let line = [
        "sql parser error: ",
        "Cast error: ",
        "Compute error: ",
        "Parser error: ",
        "Invalid argument error: ",
        "Arithmetic overflow: ",
    ]
    .iter()
    .find_map(|prefix| line.strip_prefix(prefix))
    .unwrap_or(line)
    .trim_end_matches('.');
    let mut characters = line.chars();
    match characters.next() {
        // An abbreviation stays as it is.
        Some(first) if !characters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().collect::<String>() + characters.as_str()
        }
        _ => line.to_string(),
    }
}

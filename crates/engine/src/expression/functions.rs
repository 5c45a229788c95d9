//! The functions that expressions may call: DataFusion's scalar functions, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow_schema::DataType;
use datafusion_common::config::ConfigOptions;
use datafusion_common::{TableReference, plan_err};
use datafusion_expr::planner::{ContextProvider, ExprPlanner};
use datafusion_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion_functions::core::planner::CoreFunctionPlanner;
use datafusion_functions::datetime::planner::DatetimeFunctionPlanner;
use datafusion_functions::unicode::planner::UnicodeFunctionPlanner;

/// Functions of DataFusion that speak of its own files and version.
const UNAVAILABLE: [&str; 4] = [
    "arrow_metadata",
    "file_row_index",
    "input_file_name",
    "version",
];

/// Names that people know from SQL, so that the message can say why they are missing.
const AGGREGATES: [&str; 22] = [
    "any_value",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "first_value",
    "grouping",
    "last_value",
    "listagg",
    "max",
    "mean",
    "median",
    "min",
    "rank",
    "row_number",
    "stddev",
    "string_agg",
    "sum",
    "var",
    "variance",
];

/// Which sort of function a name is.
pub(super) enum Known {
    Scalar,
    Aggregate,
    Unknown,
}

pub(super) fn find(name: &str) -> Known {
    let name = name.to_lowercase();
    if FUNCTIONS.by_name.contains_key(&name) {
        Known::Scalar
    } else if AGGREGATES.contains(&name.as_str()) {
        Known::Aggregate
    } else {
        Known::Unknown
    }
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.by_name.keys().map(String::as_str)
}

/// What DataFusion's planner may ask for.
pub(super) struct Functions {
    by_name: HashMap<String, Arc<ScalarUDF>>,
    planners: Vec<Arc<dyn ExprPlanner>>,
    options: ConfigOptions,
}

/// Built once; the planner only reads it.
pub(super) static FUNCTIONS: LazyLock<Functions> = LazyLock::new(|| {
    let mut by_name = HashMap::new();
    for function in datafusion_functions::all_default_functions() {
        if UNAVAILABLE.contains(&function.name()) {
            continue;
        }
        for name in function.aliases() {
            by_name.insert(name.clone(), Arc::clone(&function));
        }
        by_name.insert(function.name().to_string(), function);
    }
    Functions {
        by_name,
        planners: vec![
            Arc::new(CoreFunctionPlanner::default()),
            Arc::new(DatetimeFunctionPlanner),
            Arc::new(UnicodeFunctionPlanner),
        ],
        options: ConfigOptions::default(),
    }
});

impl ContextProvider for Functions {
    fn get_table_source(
        &self,
        name: TableReference,
    ) -> datafusion_common::Result<Arc<dyn TableSource>> {
        plan_err!("there is no table {name}")
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planners
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.by_name.get(&name.to_lowercase()).cloned()
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, _name: &str) -> Option<Arc<AggregateUDF>> {
        None
    }

    fn get_window_meta(&self, _name: &str) -> Option<Arc<WindowUDF>> {
        None
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        self.by_name.keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udwf_names(&self) -> Vec<String> {
        Vec::new()
    }
}

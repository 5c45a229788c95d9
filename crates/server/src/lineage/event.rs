//! OpenLineage's run events, as JSON.

use chrono::{DateTime, SecondsFormat};
use engine::{MappedColumn, Origin, Plan};
use sdk::{Column, DatasetName};
use serde_json::{Map, Value, json};

use crate::store::run::{Figures, Run};

/// Who tells it.
const PRODUCER: &str = concat!("urn:longshore:server:", env!("CARGO_PKG_VERSION"));
const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const FACETS: &str = "https://openlineage.io/spec/facets";

/// What a run moves, with the columns on both sides and how one makes the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Datasets {
    inputs: Vec<Value>,
    outputs: Vec<Value>,
}

/// An event and the run that it is of.
pub(crate) struct Event {
    pub(super) run_id: String,
    pub(super) text: String,
}

/// How a run ended.
pub(crate) struct Ending<'a> {
    /// `COMPLETE`, `FAIL` or `ABORT`.
    pub(crate) word: &'static str,
    pub(crate) at: i64,
    pub(crate) figures: Figures,
    /// Why, without secrets.
    pub(crate) message: Option<&'a str>,
}

/// What all events of a run say.
pub(super) struct Told<'a> {
    pub(super) namespace: &'a str,
    pub(super) project: String,
    pub(super) run: &'a Run,
    /// When the run's instance was due.
    pub(super) nominal: Option<i64>,
    pub(super) datasets: &'a Datasets,
}

fn facet(schema: &str, fields: Value) -> Value {
    let mut facet = fields;
    if let Value::Object(fields) = &mut facet {
        let name = schema.rsplit('/').next().unwrap_or_default();
        let url = format!("{FACETS}/{schema}.json#/$defs/{name}");
        fields.insert("_producer".to_string(), PRODUCER.into());
        fields.insert("_schemaURL".to_string(), url.into());
    }
    facet
}

fn time(micros: i64) -> String {
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

impl Told<'_> {
    pub(super) fn start(&self) -> Event {
        let at = self.run.started_at.unwrap_or(self.run.queued_at);
        let Datasets { inputs, outputs } = self.datasets.clone();
        self.event("START", at, Map::new(), (inputs, outputs))
    }

    /// Another server has taken it over.
    pub(super) fn running(&self, at: i64) -> Event {
        let Datasets { inputs, outputs } = self.datasets.clone();
        self.event("RUNNING", at, Map::new(), (inputs, outputs))
    }

    pub(super) fn end(&self, end: &Ending<'_>) -> Event {
        let mut facets = Map::new();
        if let Some(message) = end.message {
            let fields = json!({"message": message, "programmingLanguage": "Rust"});
            facets.insert(
                "errorMessage".to_string(),
                facet("1-0-1/ErrorMessageRunFacet", fields),
            );
        }
        let Datasets {
            mut inputs,
            mut outputs,
        } = self.datasets.clone();
        // Rows of several inputs are not counted apart.
        if let [input] = &mut inputs[..] {
            let fields = json!({"rowCount": end.figures.rows_read, "size": end.figures.bytes});
            let statistics = facet("1-0-0/InputStatisticsInputDatasetFacet", fields);
            input["inputFacets"] = json!({"inputStatistics": statistics});
        }
        for output in &mut outputs {
            let fields = json!({"rowCount": end.figures.rows_written});
            let statistics = facet("1-0-2/OutputStatisticsOutputDatasetFacet", fields);
            output["outputFacets"] = json!({"outputStatistics": statistics});
        }
        self.event(end.word, end.at, facets, (inputs, outputs))
    }

    fn event(
        &self,
        word: &str,
        at: i64,
        mut facets: Map<String, Value>,
        (inputs, outputs): (Vec<Value>, Vec<Value>),
    ) -> Event {
        let engine = json!({"version": env!("CARGO_PKG_VERSION"), "name": "longshore"});
        facets.insert(
            "processing_engine".to_string(),
            facet("1-1-1/ProcessingEngineRunFacet", engine),
        );
        if let Some(due) = self.nominal {
            let fields = json!({"nominalStartTime": time(due)});
            facets.insert(
                "nominalTime".to_string(),
                facet("1-0-1/NominalTimeRunFacet", fields),
            );
        }
        let kind = json!({"processingType": "BATCH", "integration": "LONGSHORE", "jobType": "JOB"});
        let event = json!({
            "eventType": word,
            "eventTime": time(at),
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {"runId": self.run.id, "facets": facets},
            "job": {
                "namespace": self.namespace,
                "name": format!("{}.{}", self.project, self.run.job_name),
                "facets": {"jobType": facet("2-0-4/JobTypeJobFacet", kind)},
            },
            "inputs": inputs,
            "outputs": outputs,
        });
        Event {
            run_id: self.run.id.clone(),
            text: event.to_string(),
        }
    }
}

impl Datasets {
    /// What a planned job reads and writes.
    pub(crate) fn of(plan: &Plan) -> Datasets {
        let (sources, columns) = (plan.source_columns(), plan.columns());
        let read = sources.iter().map(source_field).collect();
        let inputs = plan.inputs().iter();
        let inputs = inputs.map(|name| dataset(name, &read, None)).collect();
        let written = columns.iter().map(target_field).collect();
        let lineage = column_lineage(columns, plan.inputs());
        let outputs = plan.outputs().iter();
        let outputs = outputs
            .map(|name| dataset(name, &written, lineage.as_ref()))
            .collect();
        Datasets { inputs, outputs }
    }
}

fn dataset(name: &DatasetName, fields: &Vec<Value>, lineage: Option<&Value>) -> Value {
    let schema = facet("1-2-0/SchemaDatasetFacet", json!({"fields": fields}));
    let mut facets = json!({"schema": schema});
    if let Some(lineage) = lineage {
        facets["columnLineage"] = lineage.clone();
    }
    json!({"namespace": name.namespace, "name": name.name, "facets": facets})
}

fn source_field(column: &Column) -> Value {
    field(&column.name, &column.native)
}

fn target_field(column: &MappedColumn) -> Value {
    field(&column.target, &column.target_type)
}

fn field(name: &str, data_type: &str) -> Value {
    match data_type {
        "" => json!({"name": name}),
        data_type => json!({"name": name, "type": data_type}),
    }
}

/// Which columns each column of the target is made of; nothing if the inputs have no names.
fn column_lineage(columns: &[MappedColumn], inputs: &[DatasetName]) -> Option<Value> {
    if inputs.is_empty() {
        return None;
    }
    let mut fields = Map::new();
    for column in columns {
        let (names, how): (&[String], _) = match &column.origin {
            Origin::Column(name) => (std::slice::from_ref(name), "IDENTITY"),
            Origin::Computed(names) => (names, "TRANSFORMATION"),
            Origin::Constant => (&[], ""),
        };
        let mut made_of = Vec::new();
        for input in inputs {
            for name in names {
                made_of.push(json!({
                    "namespace": input.namespace,
                    "name": input.name,
                    "field": name,
                    "transformations": [{"type": "DIRECT", "subtype": how}],
                }));
            }
        }
        if !made_of.is_empty() {
            fields.insert(column.target.clone(), json!({"inputFields": made_of}));
        }
    }
    Some(facet(
        "1-2-0/ColumnLineageDatasetFacet",
        json!({"fields": fields}),
    ))
}

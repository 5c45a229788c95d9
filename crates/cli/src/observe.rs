//! What `longshore serve` tells about itself: log lines, traces, and whom else it tells.
//!
//! Owns the subscriber of all commands; which lines and spans there are is left to the crates that write them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Args, ValueEnum};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use sdk::Secret;
use server::{Lineage, Observe};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::arguments::Command;
use crate::exit::Stop;
use crate::secrets;

/// What log lines say is ours; of other crates only warnings are of interest, and what they say below that could
/// hold what they send.
const OWN: [&str; 7] = [
    "longshore",
    "server",
    "engine",
    "connectors",
    "maxcompute",
    "job",
    "sdk",
];
/// A collector that does not answer is not waited for longer,
const LONGEST_EXPORT: Duration = Duration::from_secs(3);
/// nor is it, with what had begun before, when the server stops.
const LONGEST_GOODBYE: Duration = Duration::from_secs(7);
/// Where catalogues take events, unless the address says it.
const LINEAGE_PATH: &str = "/api/v1/lineage";

#[derive(Args)]
pub(crate) struct ObserveArguments {
    /// What log lines look like
    #[arg(long, env = "LONGSHORE_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
    /// Which log lines there are
    #[arg(long, env = "LONGSHORE_LOG_LEVEL", value_enum, default_value = "info")]
    log_level: LogLevel,
    /// The collector that traces are sent to, by OTLP over HTTP; `/v1/traces` is added. The other variables of
    /// OpenTelemetry are honoured too
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Networks that may read `/metrics` without signing in
    #[arg(
        long,
        env = "LONGSHORE_METRICS_NETWORKS",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    metrics_networks: Vec<String>,
    /// The catalogue that is told what runs read and wrote, in OpenLineage events; `/api/v1/lineage` is added if the
    /// address has no path
    #[arg(long, env = "OPENLINEAGE_URL", value_name = "URL")]
    openlineage_url: Option<String>,
    /// `${file:PATH}` or `${env:NAME}` that holds the key for the catalogue
    #[arg(
        long,
        env = "OPENLINEAGE_API_KEY",
        value_name = "KEY",
        hide_env_values = true,
        requires = "openlineage_url"
    )]
    openlineage_api_key: Option<String>,
    /// The namespace of this instance's jobs in the catalogue
    #[arg(
        long,
        env = "OPENLINEAGE_NAMESPACE",
        value_name = "NAME",
        default_value = "longshore"
    )]
    openlineage_namespace: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// An object a line, for programs
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl ObserveArguments {
    /// What the server is to tell others.
    pub(crate) fn observe(self) -> Result<Observe, Stop> {
        let lineage = match self.openlineage_url {
            None => None,
            Some(url) => Some(Lineage {
                url: lineage_address(&url),
                api_key: self
                    .openlineage_api_key
                    .map(|text| secrets::resolve(&text, Path::new(".")).map(Secret::new))
                    .transpose()
                    .map_err(|reason| Stop::usage(format!("--openlineage-api-key: {reason}")))?,
                namespace: self.openlineage_namespace,
            }),
        };
        Ok(Observe {
            metrics_networks: self.metrics_networks,
            lineage,
        })
    }
}

fn lineage_address(url: &str) -> String {
    let bare = url.trim_end_matches('/');
    let authority = bare.split_once("://").map_or(bare, |both| both.1);
    if authority.contains('/') {
        url.to_string()
    } else {
        format!("{bare}{LINEAGE_PATH}")
    }
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warn => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        }
    }
}

/// The traces that are not sent yet; [`Traces::end`] sends them.
pub(crate) struct Traces(Option<SdkTracerProvider>);

/// Begins to log, and to collect traces if a server is asked to.
pub(crate) fn start(command: &Command) -> Result<Traces, Stop> {
    let (format, level, collector) = match command {
        Command::Serve(arguments) => {
            let observe = &arguments.observe;
            let collector = observe.otlp_endpoint.as_deref();
            let collector = collector.filter(|endpoint| !endpoint.is_empty());
            (observe.log_format, observe.log_level.filter(), collector)
        }
        _ => (LogFormat::Text, LevelFilter::WARN, None),
    };
    let provider = collector.map(provider).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("longshore"))
            .with_location(false)
            .with_threads(false)
            .with_filter(own(LevelFilter::INFO))
    });
    if provider.is_some() {
        global::set_text_map_propagator(TraceContextPropagator::new());
    }
    let subscriber = Registry::default()
        .with(lines(format).with_filter(own(level)))
        .with(traces);
    subscriber.init();
    Ok(Traces(provider))
}

/// Ours to a level, those of other crates to warnings at most.
fn own(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(OWN.map(|name| (name, level)))
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        // It would say with a panic that standard error is closed.
        .log_internal_errors(false);
    match format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Text => {
            // What only traces need is left out.
            let fields = debug_fn(|writer, field, value| match field.name() {
                name if name.starts_with("otel.") => Ok(()),
                "message" => write!(writer, "{value:?} "),
                name => write!(writer, "{name}={value:?} "),
            });
            lines.fmt_fields(fields).boxed()
        }
    }
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, Stop> {
    server::use_tls();
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = Otlp::builder()
        .with_http()
        .with_endpoint(endpoint)
        .with_timeout(LONGEST_EXPORT)
        .build()
        .map_err(|error| {
            Stop::usage(format!("cannot send traces: {error}"))
                .hint("write --otlp-endpoint as `http://host:4318`")
        })?;
    let mut resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("longshore");
    }
    Ok(SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(Watched {
            exporter,
            is_failing: AtomicBool::new(false),
        })
        .build())
}

impl Traces {
    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0 {
            // Whether it worked was logged.
            provider.shutdown_with_timeout(LONGEST_GOODBYE).ok();
        }
    }
}

/// Logs when a collector begins to fail, and when it takes traces again. What it did not take is lost: spans wait
/// in a queue of fixed length, and no request or run waits for them.
#[derive(Debug)]
struct Watched<E> {
    exporter: E,
    is_failing: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Watched<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.exporter.export(batch).await;
        let was_failing = self.is_failing.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !was_failing => {
                tracing::warn!(%error, "the collector does not take traces; they are dropped");
            }
            Ok(()) if was_failing => tracing::info!("the collector takes traces again"),
            _ => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        for (given, expected) in [
            ("http://c:5000", "http://c:5000/api/v1/lineage"),
            ("http://c:5000/", "http://c:5000/api/v1/lineage"),
            ("https://c/own/path", "https://c/own/path"),
        ] {
            assert_eq!(lineage_address(given), expected);
        }
    }
}

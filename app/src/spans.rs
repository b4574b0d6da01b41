//! Sends the spans of runs and steps to an OpenTelemetry collector.

use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

/// How long the end of the program may wait for the last spans to go out.
const LAST_CALL: Duration = Duration::from_secs(2);

/// Sends in batches from a thread of its own; what is left goes out when it is dropped.
pub(crate) struct Exporter(SdkTracerProvider);

impl Drop for Exporter {
    fn drop(&mut self) {
        // A collector that is away must not hold up the end.
        let _ = self.0.shutdown_with_timeout(LAST_CALL);
    }
}

/// What notes spans down, and what sends them to the collector at that address.
pub(crate) fn layer<S>(endpoint: &str) -> anyhow::Result<(OpenTelemetryLayer<S, Tracer>, Exporter)>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let exporter = SpanExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/traces"));
    let resource = Resource::builder().with_service_name("paceline").build();
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter.build()?).with_resource(resource).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("paceline"));
    Ok((layer, Exporter(provider)))
}

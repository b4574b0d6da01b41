//! What a request leaves in the log.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tower::ServiceExt;
use tracing_subscriber::fmt::MakeWriter;

use crate::house::{ATHLETE, House};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Asks for an address and answers the lines that follow from it. One thread, so that they meet its subscriber.
async fn logged(path: &str) -> String {
    let house = House::new().await;
    let state = paceline_api::State::new(house.engine.clone(), Arc::new(String::new), ATHLETE, "1");
    let request = Request::get(path).header("host", "localhost").header("x-request-id", "job-17");
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    paceline_api::router(state).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    drop(guard);
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_request_leaves_one_line_with_its_route_and_its_id() {
    let lines = logged("/api/v1/runs/0198a000-0000-7000-8000-000000000001").await;
    // The server that stands beside it may begin to listen at the same time.
    let lines: Vec<_> = lines.lines().filter(|line| !line.contains(r#""listening""#)).collect();
    let [line] = lines[..] else { panic!("{lines:?}") };
    let fields = serde_json::from_str::<Value>(line).unwrap()["fields"].clone();
    assert_eq!((&fields["route"], &fields["status"]), (&"/api/v1/runs/{id}".into(), &404.into()));
    assert_eq!((&fields["request.id"], &fields["method"]), (&"job-17".into(), &"GET".into()));
}

#[tokio::test]
async fn the_query_string_stays_out_of_the_log() {
    let lines = logged("/api/v1/runs?pipeline=secret").await;
    assert!(lines.contains("/api/v1/runs") && !lines.contains("secret"), "{lines}");
}

//! The way back from an outside service where no server runs: one address on loopback, until somebody came.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use engine::Engine;
use engine::registry::Connected;
use engine::step::Cause;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::guard;
use crate::query::{self, Params};
use crate::routes::strava::{self, Returned};

/// Where the service sends the browser.
pub const PATH: &str = "/callback";

type Ended = Result<Connected, Cause>;

struct Waiting {
    engine: Engine,
    partition: String,
    ended: mpsc::Sender<Ended>,
}

/// Waits for the browser, ends what was begun for the partition, and shows the browser what came of it. An answer that
/// belongs to nothing that was begun is refused and waited on.
pub async fn receive(listener: TcpListener, engine: &Engine, partition: &str) -> Ended {
    let (ended, mut told) = mpsc::channel(1);
    let waiting = Waiting { engine: engine.clone(), partition: partition.to_owned(), ended };
    let router =
        Router::new().route(PATH, get(answer)).layer(from_fn(guard::guard)).with_state(Arc::new(waiting));
    let (stop, stopped) = oneshot::channel::<()>();
    let served = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let serving = tokio::spawn(served.into_future());
    let result = told.recv().await;
    // The page is still to be sent.
    drop(stop);
    let _ = serving.await;
    result.unwrap_or_else(|| Err(Cause::new("oauth_timeout", "nobody came back")))
}

/// What a person copied out of the browser's address line, where the browser is on another machine.
pub fn pasted(line: &str) -> Option<BTreeMap<String, String>> {
    let uri: Uri = line.trim().parse().ok()?;
    let Returned(query) = query::of(&uri).ok()?;
    query.contains_key("state").then_some(query)
}

async fn answer(State(waiting): State<Arc<Waiting>>, Params(Returned(query)): Params<Returned>) -> Response {
    let (result, page) = finish(&waiting, &query).await;
    if !matches!(&result, Err(cause) if cause.code == "oauth_state_mismatch") {
        let _ = waiting.ended.try_send(result);
    }
    page
}

async fn finish(waiting: &Waiting, query: &BTreeMap<String, String>) -> (Ended, Response) {
    let Waiting { engine, partition, .. } = waiting;
    let connection = match strava::connection(engine) {
        Ok(connection) => connection,
        Err(error) => {
            let page = strava::failure(&error);
            return (Err(Cause::new("not_found", error.to_string())), page);
        }
    };
    match connection.finish(&engine.means(), partition, query).await {
        Ok(connected) => {
            let page = strava::success(connected.clone());
            (Ok(connected), page)
        }
        Err(cause) => {
            let told = Cause::new(cause.code, cause.message.clone());
            (Err(cause), strava::failure(&strava::refused(told)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_is_the_address_with_the_state() {
        let line = " http://127.0.0.1:1/callback?state=s&code=c&scope=read%2Cactivity%3Aread \n";
        let found = pasted(line).unwrap();
        assert_eq!((found["state"].as_str(), found["scope"].as_str()), ("s", "read,activity:read"));
        for line in ["", "s", "http://127.0.0.1:1/callback", "code=c"] {
            assert_eq!(pasted(line), None, "{line}");
        }
    }
}

//! The steps on the whole engine: a day's quota is spent, waited out, and nothing is asked meanwhile.

use std::sync::Arc;
use std::time::Duration;

use engine::pool::PoolState;
use engine::registry::Registry;
use engine::run::record::{self, StepRecord};
use engine::run::{Cause, RunState, StepState};
use engine::script::Library;
use engine::worker::{Settings, Worker};
use engine::{Engine, Request};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use upstream::open_meteo::{Host, Limits};

use super::house::{House, run};

const START: &str = "2024-05-18T06:20:00Z";

/// As the shipped pipeline asks; what it does with the answers is another plugin's.
const SCRIPT: &str = r#"
pipeline("weather", #{ every: "1h", catch_up: "last", lock: "weather", on_overlap: "skip", params: #{ from: "", to: "" } });
pool("open_meteo", #{ slots: 1, per: "1d", calls: 10000 });
let forecast = open_meteo::forecast().pool("open_meteo").retry(2, "10s").optional();
open_meteo::history([forecast]).pool("open_meteo").retry(3, "10s");
"#;

fn request() -> Request {
    Request {
        pipeline: "weather".to_owned(),
        partition: "me".to_owned(),
        params: json!({}),
        cause: Cause::Cli,
        force: true,
        fresh: false,
        key: None,
        request_id: None,
    }
}

/// The step that looks back, once it is as wanted.
async fn until(engine: &Engine, run: &str, is_wanted: impl Fn(&StepRecord) -> bool) -> StepRecord {
    loop {
        let id = run.to_owned();
        let steps = engine.store().read(move |tx| record::steps(tx, &id)).await.unwrap();
        if let Some(step) =
            steps.into_iter().find(|step| step.step == "open_meteo.history" && is_wanted(step))
        {
            return step;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_s_quota_is_waited_out_without_a_call() {
    House::each("2024-05-20T10:30:00Z", |house| async move {
        let mut registry = Registry::default();
        crate::register(&mut registry, house.options()).unwrap();
        let texts = [("pipelines/weather.rhai".to_owned(), SCRIPT.to_owned())];
        let library = Arc::new(Library::from_texts(texts.into()));
        let (store, clock) = (house.store(), house.clock());
        let make = move || Engine::new(store, Arc::new(registry), library, clock, None);
        let engine = tokio::task::spawn_blocking(make).await.unwrap();
        let stop = CancellationToken::new();
        let settings = Settings { schedules: false, poll: Duration::from_millis(20), ..Settings::standard() };
        let worker = tokio::spawn(Worker::new(engine.clone(), settings).unwrap().run(stop.clone()));

        house.upstream.open_meteo().set_limits(Limits { day: 10.0, ..Limits::default() });
        house.upstream.open_meteo().spend(10.0);
        let id = house.went(&run(START)).await;
        let first = engine.enqueue(request()).await.unwrap().run;
        let waiting = until(&engine, &first, |step| step.state == StepState::Waiting).await;
        assert_eq!(waiting.error_code.as_deref(), Some("quota_spent"));
        assert_eq!(house.calls(), 1);
        let pool = engine.pools().await.unwrap().into_iter().find(|pool| pool.name == "open_meteo").unwrap();
        let midnight = super::house::ms("2024-05-21T00:00:01Z");
        assert_eq!((pool.state, pool.closed_until_ms), (PoolState::Closed, Some(midnight)));

        house.at("2024-05-20T23:59:59Z");
        assert_eq!(house.state(&id).await, ("due", None));
        assert_eq!(house.calls(), 1, "nobody asks while the day is spent");
        house.at("2024-05-21T00:01:10Z");
        let ended = engine.ended(&first).await.unwrap().unwrap();
        assert_eq!((ended.state, house.calls()), (RunState::Succeeded, 2), "{:?}", ended.error);
        assert_eq!(house.state(&id).await, ("provisional", Some(house.truth(Host::Forecast, START))));
        stop.cancel();
        worker.await.unwrap();
    })
    .await;
}

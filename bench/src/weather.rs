//! The weather of a thousand activities: how many requests, what they count as, and what doing nothing costs.

use std::fs;
use std::time::Instant;

use anyhow::ensure;
use engine::http::Base;
use fitness::recording::{Channel, Recording, Samples};
use fitness::records::activity::{self, Activity, Origin};
use fitness::records::athlete::{self, Athlete};
use fitness::records::{activity_stream, activity_weather, change_number};
use fitness::stream::{self, Column};
use jiff::civil::{Date, date};
use jiff::{ToSpan, tz::TimeZone};
use serde_json::json;
use upstream::open_meteo::{Host, Limits};
use upstream::{Clock, Ports, Upstream};

use crate::demo::{self, Demo};
use crate::report::{Bar, Report};

const ACTIVITIES: usize = 1_000;
const IDLE_ROUNDS: usize = 31;
/// As the shipped one, for a service whose windows do not end while a benchmark waits.
const SCRIPT: &str = "pipeline(\"weather\", #{ params: #{ from: \"\", to: \"\" } });
pool(\"open_meteo\", #{ slots: 1 });
let quota = #{ per_minute: 0, per_hour: 0, per_day: 0 };
let forecast = open_meteo::forecast(#{ quota: quota }).pool(\"open_meteo\").optional();
open_meteo::history([forecast], #{ quota: quota, lookback_days: 0 }).pool(\"open_meteo\");
";

pub(crate) async fn of_a_thousand_activities(report: &mut Report) -> anyhow::Result<()> {
    // A place of its own each time; a home with an outing a day; and neighbours, whose hours are all kept already.
    let everywhere = |index: usize| (index % 30, 40.0 + index as f64 * 0.02);
    let at_home = |index: usize| (index, 47.0);
    let house = House::new().await?;
    house.keep("everywhere", &everywhere).await?;
    let (requests, calls, wall_s) = house.look().await?;
    report.add("1,000 activities at 1,000 places: requests", requests, "", Bar::AtMost(20.0));
    report.add("1,000 activities at 1,000 places: calls an activity", calls / 1e3, "", Bar::AtMost(1.0));
    report.add("1,000 activities at 1,000 places", wall_s, "s", Bar::None);
    house.keep("neighbours", &everywhere).await?;
    let (requests, _, wall_s) = house.look().await?;
    report.add("1,000 neighbours of these: requests", requests, "", Bar::AtMost(0.0));
    report.add("1,000 neighbours of these", wall_s, "s", Bar::None);
    house.keep("at home", &at_home).await?;
    let (requests, calls, _) = house.look().await?;
    report.add("1,000 activities on as many days at home: requests", requests, "", Bar::AtMost(20.0));
    report.add(
        "1,000 activities on as many days at home: calls an activity",
        calls / 1e3,
        "",
        Bar::AtMost(1.0),
    );
    report.tell("one request an activity, with 38 to 53 variables, counts as 3.8 to 5.3 calls");
    let mut idle = Vec::with_capacity(IDLE_ROUNDS);
    for _ in 0..IDLE_ROUNDS {
        let (requests, _, wall_s) = house.look().await?;
        ensure!(requests == 0.0, "there was something to do");
        idle.push(wall_s * 1e3);
    }
    report.spread("a run with nothing to do", idle, "ms", Bar::AtMost(20.0));
    Ok(())
}

struct House {
    demo: Demo,
    upstream: Upstream,
    _scripts: tempfile::TempDir,
}

impl House {
    async fn new() -> anyhow::Result<Self> {
        let upstream = Upstream::start(Ports::default(), Clock::machine()).await?;
        upstream.open_meteo().set_limits(Limits { minute: 1e9, hour: 1e9, day: 1e9 });
        let base = |host| Base::parse(&upstream.open_meteo_url(host)).map(Some);
        let open_meteo = plugins::open_meteo::Options {
            forecast: base(Host::Forecast)?,
            archive: base(Host::Archive)?,
            historical_forecast: base(Host::Historical)?,
            ..plugins::open_meteo::Options::standard()
        };
        let scripts = tempfile::tempdir()?;
        fs::create_dir_all(scripts.path().join("pipelines"))?;
        fs::write(scripts.path().join("pipelines/weather.rhai"), SCRIPT)?;
        let options = plugins::Options { open_meteo, ..demo::options() };
        let demo = Demo::with(options, scripts.path(), None).await?;
        Ok(Self { demo, upstream, _scripts: scripts })
    }

    /// Keeps runs of forty minutes, each on a day from 2022 on and at a latitude.
    async fn keep(&self, name: &'static str, of: &dyn Fn(usize) -> (usize, f64)) -> anyhow::Result<()> {
        let runs: Vec<(usize, f64)> = (0..ACTIVITIES).map(of).collect();
        let store = self.demo.engine.store();
        let keep = move |tx: &mut store::Tx<'_>| {
            let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
            athlete::ensure(tx, &me)?;
            let number = change_number::next(tx, "me")?;
            let numbered = runs.iter().enumerate();
            numbered.into_iter().try_for_each(|(index, (day, latitude))| {
                let day = date(2022, 1, 1).saturating_add(i64::try_from(*day).unwrap_or(0).days());
                run(tx, &format!("{name} {index}"), day, *latitude, number)
            })
        };
        Ok(store.write(keep).await?)
    }

    /// Requests, what they count as, and seconds.
    async fn look(&self) -> anyhow::Result<(f64, f64, f64)> {
        self.upstream.forget_calls();
        let start = Instant::now();
        self.demo.run("weather", json!({})).await?;
        let wall_s = start.elapsed().as_secs_f64();
        let overview = self.demo.engine.store().read(|tx| activity_weather::overview(tx, "me")).await?;
        ensure!(overview.due == 0 && overview.provisional == 0, "{overview:?}");
        let calls = self.upstream.calls();
        let cost: f64 = calls.iter().map(|call| call.cost).sum();
        Ok((calls.len() as f64, cost, wall_s))
    }
}

fn run(tx: &mut store::Tx<'_>, source_id: &str, day: Date, latitude: f64, number: i64) -> store::Result<()> {
    let start = day.at(8, 10, 0, 0).to_zoned(TimeZone::UTC).map_err(store::Error::abort)?;
    let start_ms = start.timestamp().as_millisecond();
    let minutes = || 0..=40_i64;
    let north = minutes().map(|minute| latitude + minute as f64 * 1e-6).collect();
    let samples = Samples {
        time_ms: minutes().map(|minute| start_ms + minute * 60_000).collect(),
        channels: [(Channel::Latitude, north), (Channel::Longitude, minutes().map(|_| 8.0).collect())].into(),
        breaks: Vec::new(),
    };
    let recording =
        Recording { sport: "running".to_owned(), start_ms: Some(start_ms), samples, ..Recording::default() };
    let origin = Origin {
        athlete: "me",
        provenance: "file",
        source_id,
        file: "a.fit",
        sha256: source_id,
        part: 0,
        parts: 1,
    };
    let activity = Activity::of(&recording, origin, Some(day));
    activity::upsert(tx, &activity, number)?;
    let times = (Column::Time, stream::encode_times(&recording.samples.time_ms));
    let columns = recording.samples.channels.iter();
    let blocks =
        columns.map(|(channel, values)| (Column::Channel(*channel), stream::encode(*channel, values)));
    activity_stream::replace(tx, &activity.id, &[times].into_iter().chain(blocks).collect::<Vec<_>>())
}

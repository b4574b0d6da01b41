//! Segments of one's own and the ground that was covered: what a history of five thousand activities costs, and what
//! one more costs after it.

use std::f64::consts::{PI, TAU};
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::ensure;
use fitness::Scope;
use fitness::ground::Place;
use fitness::ground::explorer::Tiles;
use fitness::recording::Channel;
use fitness::records::activity_place::{self, Filter};
use fitness::records::athlete::{self, Athlete};
use fitness::records::segment::{self, New};
use fitness::records::{change_number, route, segment_effort};
use serde_json::json;

use crate::cpu;
use crate::demo::{self, Demo};
use crate::numbers::{self, Blocks};
use crate::report::{Bar, Report};

const ACTIVITIES: usize = 5_000;
/// Activities in one transaction.
const CHUNK: usize = 100;
/// Ways of which each is gone by every eighth activity.
const SHAPES: usize = 8;
const SEGMENTS: usize = 50;
const NEW: usize = 100;
const ROUNDS: usize = 9;
/// Of a loop that an hour of these samples just goes round.
const RADIUS_M: f64 = 2_000.0;
const DEGREE_M: f64 = 111_195.0;
/// Each step alone, so that each is held against its own bar.
const SCRIPTS: [(&str, &str); 3] = [
    ("segments", "pipeline(\"segments\");\nways::segments([]);\n"),
    ("places", "pipeline(\"places\");\nways::places([]);\n"),
    ("routes", "pipeline(\"routes\");\nways::routes([]);\n"),
];

pub(crate) async fn of_a_history(report: &mut Report) -> anyhow::Result<()> {
    let mut house = House::new().await?;
    house.keep(ACTIVITIES).await?;
    segments(&mut house, report).await?;
    places(&mut house, report).await?;
    routes(&mut house, report).await
}

async fn segments(house: &mut House, report: &mut Report) -> anyhow::Result<()> {
    // Where there is no segment yet the activities are only gone past.
    house.run("segments").await?;
    let first = house.define(0..1).await?;
    let one_s = house.run("segments").await?;
    let found = house.efforts(&first).await?;
    ensure!(found == ACTIVITIES / SHAPES, "{found} efforts were found on a segment");
    report.add("one new segment over 5,000 activities", one_s, "s", Bar::AtMost(2.0));
    house.define(1..SEGMENTS).await?;
    let others_s = house.run("segments").await?;
    report.add("49 new segments over them in one pass", others_s, "s", Bar::None);
    let idle_s = house.idle("segments").await?;
    house.keep(NEW).await?;
    let current_s = house.run("segments").await? - idle_s;
    let more = house.efforts(&first).await? - found;
    ensure!(more >= NEW / SHAPES, "{more} efforts of {NEW} activities were found on a segment");
    let each_ms = current_s * 1e3 / NEW as f64;
    report.add("50 segments kept current, each of 100 new ones", each_ms, "ms", Bar::AtMost(5.0));
    let alone = house.alone("segments", idle_s).await?;
    report.spread("50 segments kept current, one new one", alone, "ms", Bar::AtMost(5.0));
    report.add("the run itself, with nothing to do", idle_s * 1e3, "ms", Bar::None);
    Ok(())
}

async fn places(house: &mut House, report: &mut Report) -> anyhow::Result<()> {
    let kept = house.kept;
    let whole_s = house.run("places").await?;
    let outings = house.outings().await?.len();
    ensure!(outings == kept, "the ground of {outings} of {kept} activities is known");
    report.add("tiles of 5,000 activities", whole_s * ACTIVITIES as f64 / kept as f64, "s", Bar::AtMost(5.0));
    let idle_s = house.idle("places").await?;
    let alone = house.alone("places", idle_s).await?;
    report.spread("tiles of one new activity", alone, "ms", Bar::AtMost(5.0));
    let mut asked = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let outings = house.outings().await?;
        for zoom in [14, 17] {
            let tiles = Tiles::of(zoom, outings.iter().map(|outing| &outing.cells));
            ensure!(black_box(tiles.square()).is_some(), "there is no tile of zoom {zoom}");
            black_box(tiles.cluster());
        }
        asked.push(started.elapsed().as_secs_f64() * 1e3);
    }
    report.spread("tiles, square and cluster at two zooms", asked, "ms", Bar::AtMost(100.0));
    Ok(())
}

async fn routes(house: &mut House, report: &mut Report) -> anyhow::Result<()> {
    let kept = house.kept;
    let whole_s = house.run("routes").await?;
    let listed = house.demo.engine.store().read(|tx| route::list(tx, "me", Scope::All, None)).await?;
    ensure!(listed.len() == SHAPES, "{} routes were found on {SHAPES} ways", listed.len());
    report.add("routes of 5,000 activities", whole_s * ACTIVITIES as f64 / kept as f64, "s", Bar::None);
    let idle_s = house.idle("routes").await?;
    let alone = house.alone("routes", idle_s).await?;
    report.spread("route of one new activity", alone, "ms", Bar::None);
    Ok(())
}

struct House {
    demo: Demo,
    shapes: Arc<Vec<Blocks>>,
    /// So many activities, one a day.
    kept: usize,
    _scripts: tempfile::TempDir,
}

impl House {
    async fn new() -> anyhow::Result<Self> {
        let scripts = tempfile::tempdir()?;
        fs::create_dir(scripts.path().join("pipelines"))?;
        for (name, text) in SCRIPTS {
            fs::write(scripts.path().join(format!("pipelines/{name}.rhai")), text)?;
        }
        let demo = Demo::with(demo::options(), scripts.path(), None).await?;
        let me = Athlete { id: "me".to_owned(), timezone: "UTC".to_owned(), created_ms: 0 };
        demo.engine.store().write(move |tx| athlete::ensure(tx, &me)).await?;
        let shapes = Arc::new((0..SHAPES).map(gone).collect());
        Ok(Self { demo, shapes, kept: 0, _scripts: scripts })
    }

    /// So many more activities, each an hour on one of the ways.
    async fn keep(&mut self, count: usize) -> anyhow::Result<()> {
        let last = self.kept + count;
        for first in (self.kept..last).step_by(CHUNK) {
            let shapes = self.shapes.clone();
            let keep = move |tx: &mut store::Tx<'_>| {
                let changed = change_number::next(tx, "me")?;
                let mut chunk = first..(first + CHUNK).min(last);
                chunk.try_for_each(|number| numbers::keep(tx, number, &shapes[number % SHAPES], changed))
            };
            self.demo.engine.store().write(keep).await?;
        }
        self.kept = last;
        Ok(())
    }

    /// Makes these of the segments, and answers the id of the first.
    async fn define(&self, numbers: std::ops::Range<usize>) -> anyhow::Result<String> {
        let defined = numbers.map(|number| New::of_gpx(&format!("Segment {number}"), None, line(number)));
        let defined = defined.collect::<Result<Vec<New>, _>>()?;
        let define = move |tx: &mut store::Tx<'_>| {
            let ids = defined.iter().map(|new| segment::define(tx, "me", new, 0));
            Ok(ids.collect::<store::Result<Vec<String>>>()?.into_iter().next().unwrap_or_default())
        };
        Ok(self.demo.engine.store().write(define).await?)
    }

    async fn efforts(&self, segment: &str) -> anyhow::Result<usize> {
        let segment = segment.to_owned();
        let ranked = move |tx: &mut store::Tx<'_>| segment_effort::ranked(tx, "me", Scope::All, &segment);
        Ok(self.demo.engine.store().read(ranked).await?.len())
    }

    async fn outings(&self) -> anyhow::Result<Vec<activity_place::Outing>> {
        let outings =
            |tx: &mut store::Tx<'_>| activity_place::outings(tx, "me", Scope::All, &Filter::default());
        Ok(self.demo.engine.store().read(outings).await?)
    }

    /// Seconds of a run.
    async fn run(&self, pipeline: &str) -> anyhow::Result<f64> {
        let started = Instant::now();
        self.demo.run(pipeline, json!({})).await?;
        Ok(started.elapsed().as_secs_f64())
    }

    /// Seconds of a run that has nothing to do.
    async fn idle(&self, pipeline: &str) -> anyhow::Result<f64> {
        let mut seconds = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            seconds.push(self.run(pipeline).await?);
        }
        Ok(cpu::median(seconds))
    }

    /// Milliseconds that one new activity adds to a run, several times.
    async fn alone(&mut self, pipeline: &str, idle_s: f64) -> anyhow::Result<Vec<f64>> {
        let mut added = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            self.keep(1).await?;
            added.push(((self.run(pipeline).await? - idle_s) * 1e3).max(0.0));
        }
        Ok(added)
    }
}

/// An hour on a way, as a receiver a little off tells it.
fn gone(shape: usize) -> Blocks {
    let mut samples = numbers::recorded(shape, 0);
    let along = samples.channel(Channel::Distance).unwrap_or_default();
    // A receiver errs for half a minute to the same side.
    let off = |second: usize, of: usize| (second as f64 / (11.0 + of as f64) + shape as f64).sin();
    let place = |(second, along_m): (usize, &f64)| {
        let Place { latitude, longitude } = on_way(shape, *along_m);
        (latitude + 2.0 * off(second, 1) / DEGREE_M, longitude + 3.0 * off(second, 2) / DEGREE_M)
    };
    let (latitudes, longitudes): (Vec<f64>, Vec<f64>) = along.iter().enumerate().map(place).unzip();
    samples.channels.extend([(Channel::Latitude, latitudes), (Channel::Longitude, longitudes)]);
    numbers::pack(&samples)
}

/// Eight hundred metres of a way; those of one way lie apart.
fn line(number: usize) -> Vec<Place> {
    let from_m = 500.0 + 1_500.0 * (number / SHAPES) as f64;
    (0..=80).map(|step| on_way(number % SHAPES, from_m + 10.0 * f64::from(step))).collect()
}

/// A place so far along a way: each is a circle that begins at the one door, in a direction of its own.
fn on_way(shape: usize, along_m: f64) -> Place {
    let toward = TAU * shape as f64 / SHAPES as f64;
    let around = toward + PI + along_m / RADIUS_M;
    let north_m = RADIUS_M * (toward.sin() + around.sin());
    let east_m = RADIUS_M * (toward.cos() + around.cos());
    let shrunk = 47.0_f64.to_radians().cos();
    Place { latitude: 47.0 + north_m / DEGREE_M, longitude: 8.0 + east_m / DEGREE_M / shrunk }
}

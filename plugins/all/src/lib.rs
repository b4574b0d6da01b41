//! Every plugin, one line each.

use engine::registry::{Registry, RegistryError};

pub use artifacts::DEPRECATED as DEPRECATED_ARTIFACTS;
pub use {open_meteo, process, strava};

/// What only the program knows, by plugin.
#[derive(Debug, Clone)]
pub struct Options {
    pub files: files::Options,
    pub open_meteo: open_meteo::Options,
    pub process: process::Options,
    pub strava: strava::Options,
}

/// Adds what all plugins offer.
pub fn register(registry: &mut Registry, options: Options) -> Result<(), RegistryError> {
    // One setting of the operator allows both.
    let of_artifacts = artifacts::Options {
        is_enabled: options.files.local_paths_over_http,
        time_zone: options.files.time_zone.clone(),
    };
    files::register(registry, options.files)?;
    rollup::register(registry)?;
    insights::register(registry)?;
    open_meteo::register(registry, options.open_meteo)?;
    process::register(registry, options.process)?;
    strava::register(registry, options.strava)?;
    artifacts::register(registry, of_artifacts)?;
    ways::register(registry)?;
    own_metrics::register(registry)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use engine::script::{Library, Source};

    use super::*;

    fn registry() -> Registry {
        let files = files::Options { local_paths_over_http: false, time_zone: "UTC".to_owned() };
        let mut registry = Registry::default();
        let (open_meteo, process) = (open_meteo::Options::standard(), process::Options::default());
        let options = Options { files, open_meteo, process, strava: strava::Options::default() };
        register(&mut registry, options).unwrap();
        registry
    }

    fn plan(pipeline: &str) -> engine::plan::Plan {
        let library = Library::from_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
        let source = Source::of(&library, pipeline).unwrap();
        engine::script::plan(&registry(), &source).unwrap().plan
    }

    /// The kinds of a shipped pipeline's steps, in the order in which they begin.
    fn check(pipeline: &str, wanted: &[&str]) {
        let plan = plan(pipeline);
        let kinds: Vec<&str> = plan.steps.iter().map(|step| step.kind.kind).collect();
        assert_eq!(kinds, wanted);
    }

    #[test]
    fn an_import_reads_computes_and_advises() {
        check(
            "import",
            &[
                "files.read",
                "rollup.loads",
                "metrics.compute",
                "rollup.days",
                "insights.daily",
                "ways.segments",
                "ways.routes",
                "ways.places",
                "metrics.compute",
            ],
        );
    }

    #[test]
    fn metrics_change_days_and_advice() {
        check("metrics", &["metrics.compute", "rollup.days", "insights.daily", "metrics.compute"]);
    }

    #[test]
    fn artifacts_of_the_former_system_change_days_and_advice() {
        check("artifacts", &["artifacts.take_over", "rollup.days", "insights.daily"]);
    }

    #[test]
    fn a_new_day_needs_no_files() {
        check(
            "daily",
            &[
                "strava.expire",
                "rollup.loads",
                "metrics.compute",
                "rollup.days",
                "insights.daily",
                "ways.segments",
                "ways.routes",
                "ways.places",
                "metrics.compute",
            ],
        );
    }

    #[test]
    fn strava_is_asked_for_what_is_new_for_everything_and_for_what_it_hints_at() {
        check(
            "hourly",
            &[
                "strava.activities",
                "strava.details",
                "strava.streams",
                "rollup.loads",
                "metrics.compute",
                "rollup.days",
                "insights.daily",
                "ways.segments",
                "ways.routes",
                "ways.places",
                "metrics.compute",
            ],
        );
        check(
            "sweep",
            &[
                "strava.sweep",
                "strava.expire",
                "strava.athlete",
                "strava.segments",
                "strava.details",
                "strava.streams",
                "rollup.loads",
                "metrics.compute",
                "rollup.days",
                "insights.daily",
                "ways.segments",
                "ways.routes",
                "ways.places",
                "metrics.compute",
            ],
        );
        check(
            "hints",
            &[
                "strava.hints",
                "strava.streams",
                "rollup.loads",
                "metrics.compute",
                "rollup.days",
                "insights.daily",
                "ways.segments",
                "ways.routes",
                "ways.places",
                "metrics.compute",
            ],
        );
    }

    #[test]
    fn weather_is_put_where_it_is_looked_up() {
        let taken_over = plan("artifacts").steps[0].config.clone();
        let taken_over: artifacts::TakeOverConfig = serde_json::from_value(taken_over).unwrap();
        let looked_up = open_meteo::HistoryConfig::of(&plan("weather")).unwrap();
        assert_eq!(taken_over.precision, looked_up.precision);
    }

    #[test]
    fn weather_forecasts_and_looks_back() {
        let advised_twice = ["open_meteo.forecast", "insights.daily", "open_meteo.history", "insights.daily"];
        check("weather", &advised_twice);
    }
}

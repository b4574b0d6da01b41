//! `paceline routes`: ways that you went more than once, and how you fare on them.

use clap::{Args, Subcommand};
use fitness::Scope;
use fitness::ground::polyline;
use fitness::records::route::{self, Listed, Outing, Route, UnknownRoute};
use serde::Serialize;

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline routes
  paceline routes --sport running --json      one route a line
  paceline routes show 2447hfyga3vqdfsd6h5bdll3ly

A route is what two activities or more went in the same direction, from about the same place;
docs/NUMBERS.md tells how they are compared.";
const SHOW_HELP: &str = "\
Examples:
  paceline routes show 2447hfyga3vqdfsd6h5bdll3ly
  paceline routes show 2447hfyga3vqdfsd6h5bdll3ly --json

Corrected is the speed in still and cool air, of activities on foot whose weather is known.";

/// Compares activities that went the same way
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Routes {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Those of the group of this sport alone
    #[arg(long, value_name = "SPORT")]
    sport: Option<String>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Show(Show),
}

/// Lists the outings on a route, and tells where they lead
#[derive(Debug, Args)]
#[command(after_help = SHOW_HELP)]
struct Show {
    /// Its id
    route: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

/// A route as a script reads it, the same as the API tells it.
#[derive(Serialize)]
struct Told<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sports: Option<&'a str>,
    meters: f64,
    polyline: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_bpm: Option<f64>,
    outings: &'a [Outing],
    trend: Led,
}

#[derive(Serialize)]
struct Led {
    #[serde(skip_serializing_if = "Option::is_none")]
    pace_at_hr_s_per_km_per_year: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pace_at_hr_percent_per_year: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_percent_per_year: Option<f64>,
    outings: usize,
    weather_known: usize,
}

impl<'a> Told<'a> {
    fn of(route: &'a Route) -> Self {
        let (outings, weather_known) = route.compared();
        let trend = Led {
            pace_at_hr_s_per_km_per_year: route.trend.pace_at_hr.map(|slope| slope.per_year),
            pace_at_hr_percent_per_year: route.trend.pace_at_hr_percent,
            speed_percent_per_year: route.trend.speed_percent,
            outings,
            weather_known,
        };
        Self {
            id: &route.listed.id,
            sports: route.listed.sports.as_deref(),
            meters: route.listed.meters,
            polyline: polyline::encode(&route.line),
            reference_bpm: route.reference_bpm,
            outings: &route.outings,
            trend,
        }
    }
}

impl Routes {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Show(show)) => show.run(config).await,
            None => self.list(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Show(show)) => show.form,
            None => self.form,
        }
    }

    async fn list(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let (athlete, sport) = (self.whose.athlete, self.sport);
        cli::known_sport(&store, &athlete, sport.as_deref()).await?;
        let is_filtered = sport.is_some();
        let listed = store.read(move |tx| route::list(tx, &athlete, Scope::All, sport.as_deref())).await?;
        if self.form.json {
            listed.iter().try_for_each(output::json)?;
        } else if listed.is_empty() && is_filtered {
            cli::nothing("routes", true);
        } else if listed.is_empty() {
            output::note("no way was gone twice yet; `paceline run ways` looks for those that were");
        } else {
            output::line(table(&listed).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Show {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let (athlete, id) = (self.whose.athlete, self.route.clone());
        let found = store.read(move |tx| route::get(tx, &athlete, Scope::All, &id)).await?;
        let route = found.ok_or_else(|| unknown(self.route))?;
        if self.form.json {
            output::json(&Told::of(&route))?;
        } else {
            output::line(shown(&route))?;
        }
        Ok(error::DONE)
    }
}

fn unknown(id: String) -> Problem {
    let refused = UnknownRoute(id);
    let problem = Problem::new(refused.code(), refused.to_string()).hint("`paceline routes` lists them");
    Problem { exit: error::USAGE, ..problem }
}

fn table(listed: &[Listed]) -> Table {
    let mut table = Table::new(&[
        ("Route", Left),
        ("Length", Right),
        ("Sport", Left),
        ("Outings", Right),
        ("First", Left),
        ("Last", Left),
    ]);
    for route in listed {
        table.row([
            route.id.clone(),
            units::distance(route.meters),
            route.sports.clone().unwrap_or_default(),
            route.outings.to_string(),
            route.first_date.map(|date| date.to_string()).unwrap_or_default(),
            route.last_date.map(|date| date.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

fn shown(route: &Route) -> String {
    let sports = route.listed.sports.as_deref().unwrap_or_default();
    let is_paced = sports == "on foot";
    let outings = units::count(route.outings.len(), "outing", "outings");
    let at_hr = route.reference_bpm.map(|bpm| format!(", compared at {} bpm", units::number(bpm, 0)));
    let at_hr = at_hr.unwrap_or_default();
    let head = format!("{} {sports}, {outings}{at_hr}", units::distance(route.listed.meters));
    let attribution = route.outings.iter().find_map(|outing| outing.attribution);
    let attribution = attribution.map(|text| format!("\n{text}")).unwrap_or_default();
    format!("{head}\n\n{}{}{attribution}", outings_table(route, is_paced), trend(route))
}

/// Where the outings lead, by what is known of them.
fn trend(route: &Route) -> String {
    if let (Some(slope), Some(bpm)) = (route.trend.pace_at_hr, route.reference_bpm) {
        let way = if slope.per_year > 0.0 { "slower" } else { "faster" };
        let by = units::number(slope.per_year.abs(), 1);
        let percent =
            route.trend.pace_at_hr_percent.map(|percent| units::number(percent.abs(), 1)).unwrap_or_default();
        let bpm = units::number(bpm, 0);
        let of = slope.count;
        return format!("\n\nTrend: at {bpm} bpm {by} s/km a year {way}, or {percent} %, over {of} outings");
    }
    let Some((slope, percent)) = route.trend.speed.zip(route.trend.speed_percent) else {
        return String::new();
    };
    let way = if percent < 0.0 { "slower" } else { "faster" };
    let by = units::number(percent.abs(), 1);
    format!("\n\nTrend: {by} % a year {way} over {} outings, whatever the heart did", slope.count)
}

fn outings_table(route: &Route, is_paced: bool) -> Table {
    let mut table = Table::new(&[
        ("Day", Left),
        ("Speed", Right),
        ("Corrected", Right),
        ("HR", Right),
        ("At HR", Right),
        ("Activity", Left),
    ]);
    for outing in &route.outings {
        table.row(row(outing, is_paced));
    }
    table
}

fn row(outing: &Outing, is_paced: bool) -> [String; 6] {
    let speed = |mps: f64| {
        if mps <= 0.0 {
            String::new()
        } else if is_paced {
            format!("{}/km", units::duration(1000.0 / mps))
        } else {
            format!("{} km/h", units::number(mps * 3.6, 1))
        }
    };
    // A pace at one heart rate, in the same words as the speed.
    let at_hr = outing.pace_at_hr_s_per_km.map(|seconds| speed(1000.0 / seconds));
    [
        outing.date.map(|date| date.to_string()).unwrap_or_default(),
        speed(outing.speed_mps),
        outing.corrected_mps.map(speed).unwrap_or_default(),
        outing.avg_hr.map(|bpm| format!("{} bpm", units::number(bpm, 0))).unwrap_or_default(),
        at_hr.unwrap_or_default(),
        outing.activity.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use fitness::ground::outing::Trend;
    use fitness::ground::trend::Slope;
    use jiff::civil::Date;

    use super::*;

    fn route() -> Route {
        let outing = Outing {
            activity: "2447hfyga3vqdfsd6h5bdll3ly".to_owned(),
            start_ms: Some(0),
            date: Some(Date::constant(2026, 5, 2)),
            speed_mps: 2.5,
            corrected_mps: Some(2.6),
            avg_hr: Some(150.4),
            pace_at_hr_s_per_km: Some(391.0),
            attribution: None,
        };
        let plain = Outing { corrected_mps: None, avg_hr: None, pace_at_hr_s_per_km: None, ..outing.clone() };
        let listed = Listed {
            id: outing.activity.clone(),
            sports: Some("on foot".to_owned()),
            outings: 2,
            meters: 10_120.0,
            first_date: Some(Date::constant(2024, 3, 1)),
            last_date: outing.date,
        };
        let trend = Trend {
            pace_at_hr: Some(Slope { per_year: -4.13, count: 23 }),
            pace_at_hr_percent: Some(-1.04),
            ..Trend::default()
        };
        Route { listed, line: Vec::new(), outings: vec![outing, plain], reference_bpm: Some(148.4), trend }
    }

    #[test]
    fn a_route_shows_its_first_and_its_last_day() {
        let wanted = "\
Route                         Length  Sport    Outings  First       Last
2447hfyga3vqdfsd6h5bdll3ly  10.12 km  on foot        2  2024-03-01  2026-05-02";
        assert_eq!(table(&[route().listed]).to_string(), wanted);
    }

    #[test]
    fn outings_stand_beside_each_other_with_where_they_lead() {
        let wanted = "\
10.12 km on foot, 2 outings, compared at 148 bpm

Day           Speed  Corrected       HR    At HR  Activity
2026-05-02  6:40/km    6:25/km  150 bpm  6:31/km  2447hfyga3vqdfsd6h5bdll3ly
2026-05-02  6:40/km                               2447hfyga3vqdfsd6h5bdll3ly

Trend: at 148 bpm 4.1 s/km a year faster, or 1.0 %, over 23 outings";
        assert_eq!(shown(&route()), wanted);
    }

    #[test]
    fn a_ride_has_a_speed_and_without_a_heart_rate_that_has_the_trend() {
        let mut route = route();
        route.listed.sports = Some("cycling".to_owned());
        let speed = Some(Slope { per_year: 0.2, count: 6 });
        route.trend = Trend { speed, speed_percent: Some(8.0), ..Trend::default() };
        let text = shown(&route);
        assert!(text.contains("9.0 km/h") && text.contains("9.4 km/h"), "{text}");
        assert!(
            text.ends_with("Trend: 8.0 % a year faster over 6 outings, whatever the heart did"),
            "{text}"
        );
    }
}

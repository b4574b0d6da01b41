//! What an activity's numbers rest on, as it is stored.

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use store::{Result, Tx};

use super::{
    activity, activity_number, activity_stream, activity_weather, athlete_setting, export_row, own_number,
};
use crate::best_effort::is_on_foot;
use crate::explain::{Explanation, Input};
use crate::export::Figures;
use crate::heat;
use crate::load::{Effort, LoadOf, OwnLoad, threshold_power};
use crate::metric::{self, Metric, Of};
use crate::records::activity::Shown;
use crate::records::export_row::ExportRow;
use crate::scope::Scope;
use crate::settings::{ALWAYS, Dated, Measure, Name, Settings, SettingsHistory, Source};
use crate::stream::Column;
use crate::weather::rounded;
use crate::zone::Edges;

/// As much of the hash of a text as is shown.
const SHOWN_HASH: usize = 12;

/// The explanations of an activity's numbers, of all that are known or of one by its name; nothing where there is no
/// such activity.
pub fn activity(
    tx: &mut Tx<'_>,
    athlete: &str,
    id: &str,
    field: Option<&'static Metric>,
) -> Result<Option<Vec<Explanation>>> {
    let Some(shown) = activity::get(tx, athlete, id)? else { return Ok(None) };
    let ground = Ground::load(tx, athlete, shown)?;
    let of_activity = metric::all().filter(|metric| metric.of == Of::Activity);
    let is_asked = |metric: &&'static Metric| match field {
        Some(field) => metric.name == field.name,
        None => ground.values.contains_key(metric.name),
    };
    Ok(Some(of_activity.filter(is_asked).map(|metric| ground.explain(metric)).collect()))
}

/// All that numbers of one activity rest on.
struct Ground {
    shown: Shown,
    /// Every number by its name.
    values: Map<String, Value>,
    columns: Vec<Column>,
    settings: Settings,
    given: Vec<Dated>,
    day: Date,
    edges: Edges,
    rows: Vec<(ExportRow, Figures)>,
    weather: Sky,
    /// What stands in place of the load.
    own_load: Option<Input>,
}

/// The metric that stands in place of a load, with the load that would be there without it.
fn own_load(tx: &mut Tx<'_>, athlete: &str, id: &str, history: &SettingsHistory) -> Result<Option<Input>> {
    let Some(mut pending) = activity::pending_of(tx, athlete, &[id.to_owned()])?.pop() else {
        return Ok(None);
    };
    let Some(OwnLoad { metric, .. }) = pending.effort.own.take() else { return Ok(None) };
    let numbers = own_number::of_activity(tx, id, Scope::All)?;
    let hash = numbers.iter().find(|number| number.name == metric).map_or("", |number| number.hash.as_str());
    let chain = pending.load(history);
    let without = chain.load.zip(chain.method).map_or_else(
        || "without it there is none".to_owned(),
        |(load, method)| format!("the chain gives {load:.1} by {}", method.as_str()),
    );
    let version = hash.get(..SHOWN_HASH).unwrap_or(hash);
    let provenance = format!("scripts/metrics/{metric}.rhai, version {version}; {without}");
    Ok(Some(Input { name: "own_metric", value: Some(json!(metric)), provenance }))
}

/// The weather, by the names of its numbers.
#[derive(Default)]
struct Sky {
    values: Map<String, Value>,
    /// Present where a service told it.
    attribution: Option<&'static str>,
}

impl Ground {
    fn load(tx: &mut Tx<'_>, athlete: &str, shown: Shown) -> Result<Self> {
        let id = shown.row.id.clone();
        let given = athlete_setting::list(tx, athlete)?;
        let history = SettingsHistory::new(&given, activity::peaks(tx, athlete)?);
        let own_load = own_load(tx, athlete, &id, &history)?;
        let day = shown.local_date.unwrap_or(ALWAYS);
        let settings = history.at(day);
        let effort = Effort {
            sport: shown.row.sport.clone(),
            sub_sport: shown.sub_sport.clone(),
            best_20min_power: activity::best_20min_power(tx, &id)?,
            ..Effort::default()
        };
        let mut values = match serde_json::to_value(&shown.row).unwrap_or_default() {
            Value::Object(values) => values,
            _ => Map::new(),
        };
        let numbers = activity_number::get(tx, &id)?.unwrap_or_default();
        for (name, curve) in [("hr_curve_bpm", numbers.hr_curve), ("pace_curve_mps", numbers.pace_curve)] {
            let points = curve
                .iter()
                .flat_map(|curve| curve.named().map(|(name, value)| (name.to_owned(), json!(value))));
            let points: Map<String, Value> = points.collect();
            if !points.is_empty() {
                values.insert(name.to_owned(), points.into());
            }
        }
        let weather = Sky::of(tx, athlete, &shown)?;
        values.extend(weather.values.clone());
        let rows = export_row::of_activity(tx, athlete, &id)?;
        let figures = |row: ExportRow| Some((serde_json::from_str(&row.figures).ok()?, row));
        let rows = rows.into_iter().filter_map(figures).map(|(figures, row)| (row, figures)).collect();
        Ok(Self {
            columns: activity_stream::columns(tx, &id)?,
            edges: Edges::of(&effort, &settings),
            values,
            settings: Settings { ftp: measured_ftp(&effort, &settings), ..settings },
            given,
            day,
            rows,
            weather,
            own_load,
            shown,
        })
    }

    fn explain(&self, metric: &'static Metric) -> Explanation {
        let own_load = self.own_load.iter().filter(|_| metric.name == "load").cloned();
        let inputs = metric.inputs.iter().map(|name| self.input(name)).chain(own_load).collect();
        let value = self.values.get(metric.name).cloned();
        let attribution = self.weather.attribution.filter(|_| self.weather.values.contains_key(metric.name));
        let explanation = Explanation { attribution, ..Explanation::new(metric, value, inputs) };
        self.rows.iter().fold(explanation, |explanation, (row, figures)| {
            explanation.beside(figures, &format!("row {} of {}", row.source_id, row.archive))
        })
    }

    fn input(&self, name: &'static str) -> Input {
        if let Some(column) = Column::parse(name) {
            return self.recorded(name, column);
        }
        if let Some(setting) = Name::parse(name) {
            return self.set(name, setting);
        }
        let known = |value: Option<Value>, provenance: &str, missing: &str| Input {
            name,
            provenance: if value.is_some() { provenance } else { missing }.to_owned(),
            value,
        };
        match name {
            "perceived_exertion" => {
                let exertion = self.rows.iter().find_map(|(_, figures)| figures.perceived_exertion);
                known(exertion.map(|exertion| json!(exertion)), "the activity's row in an export", "not told")
            }
            "zones_hr" => known(
                Some(json!(self.edges.hr)),
                &self.edges_of(Measure::HeartRate, "lower edges, from the maximum heart rate"),
                "",
            ),
            "zones_power" => known(
                self.edges.power.as_ref().map(|edges| json!(edges)),
                &self.edges_of(Measure::Power, "lower edges, from the threshold power"),
                "no threshold power is known",
            ),
            "zones_pace" => known(
                self.edges.speed.as_ref().map(|edges| json!(edges)),
                &self.edges_of(Measure::Pace, "lower edges in m/s, from the threshold pace"),
                "no threshold pace is known",
            ),
            _ if self.weather.values.contains_key(name) => {
                let told = self.weather.attribution.map(|_| "the hours of Open-Meteo around the start");
                known(self.values.get(name).cloned(), told.unwrap_or("the activity's row in an export"), "")
            }
            _ => known(
                self.values.get(name).cloned(),
                "computed from this activity, or its device's own",
                "unknown for this activity",
            ),
        }
    }

    fn recorded(&self, name: &'static str, column: Column) -> Input {
        let provenance = if self.columns.contains(&column) {
            let row = &self.shown.row;
            format!("{} samples of {} ({})", row.samples, row.file, row.provenance)
        } else {
            "not recorded".to_owned()
        };
        Input { name, value: None, provenance }
    }

    fn set(&self, name: &'static str, setting: Name) -> Input {
        let number = |setting: Option<crate::settings::Setting<f64>>| {
            setting.map(|setting| (json!(setting.value), setting.source))
        };
        let settings = &self.settings;
        let known = match setting {
            Name::Sex => Some((json!(settings.sex.value), settings.sex.source)),
            Name::HrRest => number(Some(settings.hr_rest)),
            Name::HrMax => number(Some(settings.hr_max)),
            Name::Lthr => number(Some(settings.lthr)),
            Name::Vt1 => number(settings.vt1),
            Name::Vt2 => number(settings.vt2),
            Name::Ftp => number(settings.ftp),
            Name::ThresholdPace => number(settings.threshold_pace_s_per_km),
            Name::Css => number(settings.css_s_per_100m),
            Name::Weight => number(settings.weight_kg),
            Name::LoadBy(_) | Name::Race | Name::BirthYear | Name::Zones(_) => None,
        };
        let provenance = match &known {
            Some((_, Source::Given)) => self.since(setting),
            Some((_, Source::Estimated)) => {
                format!("estimated for {} from earlier activities, or a default", self.day)
            }
            None => format!("never given; `paceline athlete set` gives it ({setting})"),
        };
        Input { name, value: known.map(|(value, _)| value), provenance }
    }

    /// Where the edges of zones come from: the athlete, or a threshold.
    fn edges_of(&self, measure: Measure, usual: &str) -> String {
        let of = LoadOf::of(&self.shown.row.sport, self.shown.sub_sport.as_deref()).as_str();
        let given = self.settings.zoned(measure, of);
        given.map_or_else(
            || usual.to_owned(),
            |zoned| format!("lower edges, {}", self.since(Name::Zones(zoned))),
        )
    }

    fn since(&self, setting: Name) -> String {
        let of_name =
            self.given.iter().filter(|dated| dated.name == setting && dated.source == Source::Given);
        let from = of_name.map(|dated| dated.from).filter(|from| *from <= self.day).max();
        match from.filter(|from| *from != ALWAYS) {
            Some(from) => format!("given, from {from} on"),
            None => "given, for all days".to_owned(),
        }
    }
}

impl Sky {
    fn of(tx: &mut Tx<'_>, athlete: &str, shown: &Shown) -> Result<Self> {
        let Some(weather) = activity_weather::of(tx, athlete, &shown.row.id)? else {
            return Ok(Self::default());
        };
        let Some(conditions) = weather.conditions else { return Ok(Self::default()) };
        let start = conditions.start;
        let heat = start.heat().filter(|_| is_on_foot(&shown.row.sport));
        let cost = |(air, dew)| heat::cost_percent(heat::hadley_f(air, dew));
        let numbers = [
            ("temperature_c", start.temperature_c),
            ("dew_point_c", start.heat().map(|(_, dew_point_c)| dew_point_c)),
            ("wind_mps", start.wind_mps),
            ("heat_cost_percent", heat.and_then(cost)),
            ("wind_cost_percent", conditions.wind_cost_percent),
        ];
        let known = |(name, value): (&str, Option<f64>)| Some((name.to_owned(), json!(rounded(value?, 2))));
        Ok(Self { values: numbers.into_iter().filter_map(known).collect(), attribution: weather.attribution })
    }
}

/// The threshold that this activity is measured against.
fn measured_ftp(effort: &Effort, settings: &Settings) -> Option<crate::settings::Setting<f64>> {
    let mut ftp = settings.ftp?;
    ftp.value = threshold_power(settings, effort.best_20min_power).unwrap_or(ftp.value);
    Some(ftp)
}

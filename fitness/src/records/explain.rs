//! What an activity's numbers rest on, as it is stored.

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use store::{Result, Tx};

use super::{activity, activity_number, activity_stream, athlete_setting, export_row};
use crate::explain::{Explanation, Input};
use crate::export::Figures;
use crate::load::{Effort, threshold_power};
use crate::metric::{self, Metric, Of};
use crate::records::activity::Shown;
use crate::records::export_row::ExportRow;
use crate::settings::{ALWAYS, Dated, Name, Settings, SettingsHistory, Source};
use crate::stream::Column;
use crate::zone::Edges;

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
}

impl Ground {
    fn load(tx: &mut Tx<'_>, athlete: &str, shown: Shown) -> Result<Self> {
        let id = shown.row.id.clone();
        let given = athlete_setting::list(tx, athlete)?;
        let history = SettingsHistory::new(&given, activity::peaks(tx, athlete)?);
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
        let rows = export_row::of_activity(tx, athlete, &id)?;
        let figures = |row: ExportRow| Some((serde_json::from_str(&row.figures).ok()?, row));
        let rows = rows.into_iter().filter_map(figures).map(|(figures, row)| (row, figures)).collect();
        Ok(Self {
            columns: activity_stream::columns(tx, &id)?,
            edges: Edges::usual(&effort, &settings),
            values,
            settings: Settings { ftp: measured_ftp(&effort, &settings), ..settings },
            given,
            day,
            rows,
            shown,
        })
    }

    fn explain(&self, metric: &'static Metric) -> Explanation {
        let inputs = metric.inputs.iter().map(|name| self.input(name)).collect();
        let value = self.values.get(metric.name).cloned();
        let explanation = Explanation::new(metric, value, inputs);
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
            "zones_hr" => known(Some(json!(self.edges.hr)), "lower edges, from the maximum heart rate", ""),
            "zones_power" => known(
                self.edges.power.as_ref().map(|edges| json!(edges)),
                "lower edges, from the threshold power",
                "no threshold power is known",
            ),
            "zones_pace" => known(
                self.edges.speed.as_ref().map(|edges| json!(edges)),
                "lower edges in m/s, from the threshold pace",
                "no threshold pace is known",
            ),
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
            Name::LoadBy(_) | Name::Race => None,
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

/// The threshold that this activity is measured against.
fn measured_ftp(effort: &Effort, settings: &Settings) -> Option<crate::settings::Setting<f64>> {
    let mut ftp = settings.ftp?;
    ftp.value = threshold_power(settings, effort.best_20min_power).unwrap_or(ftp.value);
    Some(ftp)
}

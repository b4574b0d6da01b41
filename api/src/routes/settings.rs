//! What the athlete says of himself or herself: as it stands, what a change would touch, and the change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use engine::Request;
use engine::run::Cause;
use fitness::records::athlete::{self, Athlete};
use fitness::records::setting_change::{self, Touched, Wish};
use fitness::records::setting_overview::{self, Estimate, Held, Overview};
use fitness::settings::{ALWAYS, Dated, Name, SettingError, Value, of_edges, of_number, parse};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::body;
use crate::error::{Error, ErrorBody};
use crate::query::{FromQuery, Params, Query, date};
use crate::request::RequestId;
use crate::state::Shared;
use crate::today::{Today, today};

/// Brings loads, days and advice up to date.
const PIPELINE: &str = "daily";
/// Settings in one change.
const MOST: usize = 200;

/// The settings as they stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settings {
    athlete: String,
    /// IANA name.
    timezone: String,
    /// The athlete's local day, on which `now` holds.
    date: String,
    /// What holds; without what was never given and has no estimate.
    now: Vec<Setting>,
    /// Everything that was given, by date.
    given: Vec<GivenSetting>,
    /// What was never given, estimated by month, where it changes.
    estimates: Vec<EstimatedSetting>,
}

/// A setting that holds.
#[derive(Debug, Serialize, ToSchema)]
struct Setting {
    /// Such as `ftp` or `hr_zones_running`.
    name: &'static str,
    /// A number in the setting's own unit, the lower edges of zones, or `m` or `f`.
    value: serde_json::Value,
    /// The value as a person writes it.
    text: String,
    /// `given`, or `estimated`.
    source: &'static str,
    /// The first day for which it was given; absent for all days, and for an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
}

/// A setting as it was given.
#[derive(Debug, Serialize, ToSchema)]
struct GivenSetting {
    name: &'static str,
    /// The first day; absent for all days.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    value: serde_json::Value,
    text: String,
}

/// A setting as it is estimated.
#[derive(Debug, Serialize, ToSchema)]
struct EstimatedSetting {
    name: &'static str,
    /// The first day of the month.
    from: String,
    value: serde_json::Value,
    text: String,
    /// Absent for what no activity shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
}

/// What an estimate rests on.
#[derive(Debug, Serialize, ToSchema)]
struct Evidence {
    /// Id of the activity.
    activity: String,
    date: String,
    /// Beats per minute, or the watts of the best 20 minutes.
    reading: f64,
}

/// Shows the settings: what holds today, everything given, and the estimates with their evidence.
#[utoipa::path(
    get, path = "/athlete/settings", tag = "athlete", operation_id = "show_settings",
    responses(
        (status = 200, description = "The settings", body = Settings),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn show(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Settings>, Error> {
    let (athlete, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let read = shared.store().read(move |tx| {
        let Today { date, timezone } = today(tx, &athlete, now_ms)?;
        let overview = setting_overview::read(tx, &athlete, date)?;
        Ok(Settings::new(athlete.clone(), timezone, date, overview))
    });
    Ok(Json(read.await?))
}

/// What is to hold from then on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SettingsChange)]
pub(crate) struct Asked {
    #[serde(default)]
    settings: Vec<AskedSetting>,
    /// Where the days begin and end, such as `Europe/Berlin`; it has no date.
    #[serde(default)]
    timezone: Option<String>,
}

/// A setting from a day on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskedSetting {
    name: String,
    /// As `2026-07-31`; for all days, if left out.
    #[serde(default)]
    from: Option<String>,
    /// A number in the setting's own unit, a text as the command line takes it, or the lower edges of zones; null takes
    /// back what was given for exactly that day.
    value: serde_json::Value,
}

/// Whether to change anything.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Preview {
    /// `1` only tells what would be computed again.
    #[param(value_type = Option<u8>, maximum = 1)]
    preview: bool,
}

impl FromQuery for Preview {
    fn read(query: &mut Query) -> Result<Self, Error> {
        Ok(Self { preview: query.flag("preview")? })
    }
}

/// What a change touches, and the run that computes it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    /// The settings that have another value from then on.
    changed: Vec<&'static str>,
    timezone_changed: bool,
    /// Activities whose load is computed again.
    activities: usize,
    /// Those of them that get another load, or other zones.
    loads: usize,
    /// Days that are computed again.
    days: usize,
    /// The first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_day: Option<String>,
    /// The run that does it; absent in a preview, and where nothing changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

/// Changes settings, and starts the run that computes anew what depends on them; or only tells how much that is.
#[utoipa::path(
    post, path = "/athlete/settings", tag = "athlete", operation_id = "change_settings",
    params(Preview), request_body(content = Asked),
    responses(
        (status = 202, description = "Changed; a run computes what follows", body = Change),
        (status = 200, description = "A preview, or nothing changed", body = Change),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    Params(Preview { preview }): Params<Preview>,
    id: RequestId,
    body::Json(asked): body::Json<Asked>,
) -> Result<(StatusCode, Json<Change>), Error> {
    let (wishes, timezone) = asked.read()?;
    let (athlete, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let (looks, wanted, zone) = (athlete.clone(), wishes.clone(), timezone.clone());
    let looked = shared.store().read(move |tx| {
        let Today { date, timezone } = today(tx, &looks, now_ms)?;
        let touched = setting_change::preview(tx, &looks, &wanted, date)?;
        Ok((touched, zone.as_ref().is_some_and(|zone| *zone != timezone)))
    });
    let (touched, timezone_changed) = looked.await.map_err(refused)?;
    let change = Change::new(touched, timezone_changed);
    if preview || change.is_empty() {
        return Ok((StatusCode::OK, Json(change)));
    }
    shared.state.engine.known(PIPELINE)?;
    let written = shared.store().write(move |tx| {
        let home = timezone.clone().unwrap_or_else(|| "UTC".to_owned());
        athlete::ensure(tx, &Athlete { id: athlete.clone(), timezone: home, created_ms: now_ms })?;
        if let Some(timezone) = &timezone {
            athlete::set_timezone(tx, &athlete, timezone)?;
        }
        setting_change::make(tx, &athlete, &wishes, now_ms)
    });
    written.await.map_err(refused)?;
    let run = follow(&shared, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(Change { run: Some(run), ..change })))
}

async fn follow(shared: &Shared, id: &RequestId) -> Result<String, Error> {
    let request = Request {
        pipeline: PIPELINE.to_owned(),
        partition: shared.state.partition.clone(),
        params: json!({}),
        cause: Cause::Http,
        // A run that is at work already may have read the settings before they changed.
        force: true,
        fresh: false,
        key: None,
        request_id: Some(id.as_str().to_owned()),
    };
    Ok(shared.state.engine.enqueue(request).await?.run)
}

fn refused(error: store::Error) -> Error {
    match error.downcast_aborted::<SettingError>() {
        Ok(wrong) => Error::parameter("settings", format!("cannot be: {wrong}")),
        Err(error) => error.into(),
    }
}

impl Asked {
    fn read(self) -> Result<(Vec<Wish>, Option<String>), Error> {
        if self.settings.len() > MOST {
            return Err(Error::parameter("settings", format!("must be at most {MOST}")));
        }
        if let Some(zone) = &self.timezone {
            let known = fitness::day::time_zone(zone);
            known.map_err(|error| Error::parameter("timezone", format!("cannot be: {error}")))?;
        }
        let wishes = self.settings.iter().enumerate().map(|(place, asked)| asked.wish(place));
        Ok((wishes.collect::<Result<_, _>>()?, self.timezone))
    }
}

impl AskedSetting {
    fn wish(&self, place: usize) -> Result<Wish, Error> {
        let at = |field: &str| format!("settings[{place}].{field}");
        let wrong = |reason: String| Error::parameter(at("value"), format!("cannot be: {reason}"));
        let name = Name::parse(&self.name).ok_or_else(|| {
            let known: Vec<&str> = Name::ALL.into_iter().map(Name::as_str).collect();
            Error::parameter(at("name"), format!("must be one of {}", known.join(", ")))
        })?;
        let from = self.from.as_deref().map_or(Ok(ALWAYS), |text| date(&at("from"), text))?;
        if from != ALWAYS && name.is_undated() {
            return Err(Error::parameter(at("from"), format!("must be left out: {name} holds for all days")));
        }
        if from == ALWAYS && name == Name::Race {
            return Err(Error::parameter(at("from"), "must be the day of the race"));
        }
        let value = match &self.value {
            serde_json::Value::Null => None,
            serde_json::Value::Number(number) => Some(of_number(name, number.as_f64().unwrap_or(f64::NAN))),
            serde_json::Value::String(text) => Some(parse(name, text)),
            serde_json::Value::Array(edges) => {
                let edges: Option<Vec<f64>> = edges.iter().map(serde_json::Value::as_f64).collect();
                Some(of_edges(name, &edges.ok_or_else(|| wrong("an edge is no number".to_owned()))?))
            }
            _ => return Err(wrong("it is neither number nor text nor list".to_owned())),
        };
        Ok(Wish::new(name, from, value.transpose().map_err(|error| wrong(error.to_string()))?))
    }
}

impl Change {
    fn new(touched: Touched, timezone_changed: bool) -> Self {
        Self {
            changed: touched.changed.into_iter().map(Name::as_str).collect(),
            timezone_changed,
            activities: touched.activities,
            loads: touched.loads,
            days: touched.days,
            first_day: touched.first_day.map(|day| day.to_string()),
            run: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.changed.is_empty() && !self.timezone_changed
    }
}

impl Settings {
    fn new(athlete: String, timezone: String, date: Date, overview: Overview) -> Self {
        Self {
            athlete,
            timezone,
            date: date.to_string(),
            now: overview.now.into_iter().map(Setting::from).collect(),
            given: overview.given.into_iter().map(GivenSetting::from).collect(),
            estimates: overview.estimates.into_iter().map(EstimatedSetting::from).collect(),
        }
    }
}

impl From<Held> for Setting {
    fn from(Held { name, value, source, since, evidence }: Held) -> Self {
        Self {
            name: name.as_str(),
            value: plain(value),
            text: value.show(name),
            source: source.as_str(),
            since: since.and_then(dated),
            evidence: evidence.map(Evidence::from),
        }
    }
}

impl From<Dated> for GivenSetting {
    fn from(Dated { name, from, value, .. }: Dated) -> Self {
        Self { name: name.as_str(), from: dated(from), value: plain(value), text: value.show(name) }
    }
}

impl From<Estimate> for EstimatedSetting {
    fn from(Estimate { name, from, value, evidence }: Estimate) -> Self {
        let (value, text) = (plain(value), value.show(name));
        Self {
            name: name.as_str(),
            from: from.to_string(),
            value,
            text,
            evidence: evidence.map(Evidence::from),
        }
    }
}

impl From<setting_overview::Evidence> for Evidence {
    fn from(from: setting_overview::Evidence) -> Self {
        Self { activity: from.activity, date: from.date.to_string(), reading: from.reading }
    }
}

fn plain(value: Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn dated(day: Date) -> Option<String> {
    (day != ALWAYS).then(|| day.to_string())
}

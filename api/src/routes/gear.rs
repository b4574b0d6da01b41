//! Shoes, bicycles and what is mounted on them.

pub(crate) mod components;
pub(crate) mod worn;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fitness::Scope;
use fitness::gear::{Kind, Totals};
use fitness::records::athlete;
use fitness::records::gear::{self, Care, Cared, Change, GearError, New, Said, Standing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::insights::answer;
use crate::body;
use crate::error::{Error, ErrorBody};
use crate::path::{Segment, Segments};
use crate::query::{Params, date};
use crate::state::Shared;
use crate::today::today;

/// How far gear went, and what scripts say is due of it.
const QUERY: &str = "gear.overview";

/// All gear with what is due of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GearOverview)]
pub(crate) struct Overview {
    items: Vec<Gear>,
    /// Null: all of it is on one page.
    #[schema(required = true)]
    next: Option<String>,
    /// What is wrong with maintenance scripts.
    errors: Vec<Broken>,
}

/// A pair of shoes, a bicycle or something else; what is unknown is absent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Gear {
    id: String,
    /// As the athlete calls it, else as a source does.
    name: String,
    /// `shoes`, `bike` or `other`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Where it is told of: `bulk_export`, `strava_api`, `manual`.
    sources: Vec<String>,
    /// In all, with what it had done before.
    meters: f64,
    seconds: f64,
    /// Activities.
    uses: u32,
    /// Since the day of the last service; in all where there was none.
    since: Distance,
    /// What it had done before the first activity here.
    before_m: f64,
    before_s: f64,
    /// The local day of the first use.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    is_retired: bool,
    /// As the athlete says; no source tells the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    retired_on: Option<String>,
    components: Vec<Component>,
    /// The oldest first.
    services: Vec<Service>,
    /// What maintenance scripts say is due of it and of its components, the most urgent first.
    due: Vec<Due>,
}

/// What is mounted on gear, or was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GearComponent)]
pub(crate) struct Component {
    id: String,
    /// Such as `chain`.
    kind: String,
    /// Empty where it has none.
    name: String,
    /// The first day; absent from the first use on.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The last day; absent while it is mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    meters: f64,
    seconds: f64,
    uses: u32,
    since: Distance,
    services: Vec<Service>,
}

/// How far something went.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GearDistance)]
pub(crate) struct Distance {
    meters: f64,
    seconds: f64,
    uses: u32,
}

/// What was done to gear or to a component.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GearService)]
pub(crate) struct Service {
    date: String,
    what: String,
}

/// What is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GearDue)]
pub(crate) struct Due {
    /// Id of the gear or of the component.
    item: String,
    /// The path of the script that says so.
    script: String,
    /// Which text of it does.
    version: String,
    /// Such as `replace`.
    what: String,
    /// `soon` or `now`.
    urgency: &'static str,
    why: String,
}

/// Why a maintenance script says nothing that should.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GearScriptError)]
pub(crate) struct Broken {
    path: String,
    code: String,
    message: String,
}

/// Gear to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGear)]
pub(crate) struct Added {
    /// What a source calls so is the same gear.
    name: String,
    /// `shoes`, `bike` or `other`; by its list or its sport, if not given.
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    before_m: Option<f64>,
    #[serde(default)]
    before_s: Option<f64>,
}

/// What is to be otherwise; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GearChange)]
pub(crate) struct Changed {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    before_m: Option<f64>,
    #[serde(default)]
    before_s: Option<f64>,
    /// The last day that it was in use.
    #[serde(default)]
    retired_on: Option<String>,
    /// True for what is in use again, or whatever a source says.
    #[serde(default)]
    in_use: bool,
}

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GearServiced)]
pub(crate) struct Serviced {
    /// The day; today, if not given.
    #[serde(default)]
    date: Option<String>,
    /// Such as `waxed`; `service`, if not given.
    #[serde(default)]
    what: Option<String>,
}

/// Lists all gear with what was done on it and what is due of it: what is in use first, then by name.
#[utoipa::path(
    get, path = "/gear", tag = "athlete", operation_id = "list_gear",
    responses(
        (status = 200, description = "All of it", body = Overview),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn list(State(shared): State<Arc<Shared>>, _: Params<()>) -> Result<Json<Overview>, Error> {
    let Care { items, errors } = care(&shared).await?;
    let items = items.into_iter().map(Gear::from).collect();
    let errors = errors.into_iter().map(Broken::from).collect();
    Ok(Json(Overview { items, next: None, errors }))
}

/// Adds gear, or says more of what a source calls so.
#[utoipa::path(
    post, path = "/gear", tag = "athlete", operation_id = "add_gear",
    request_body(content = Added),
    responses(
        (status = 200, description = "It was there already", body = Gear),
        (status = 201, description = "It is there", body = Gear),
        (status = 422, description = "That is no gear", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn add(
    State(shared): State<Arc<Shared>>,
    _: Params<()>,
    body::Json(added): body::Json<Added>,
) -> Result<(StatusCode, Json<Gear>), Error> {
    let Added { name, kind, before_m, before_s } = added;
    let new = New::of(&name, kind_of(kind.as_deref())?, (before_m, before_s));
    let new = new.map_err(|error| refused(&error))?;
    let (id, now_ms) = (shared.state.partition.clone(), shared.state.engine.clock().now_ms());
    let added = shared.store().write(move |tx| {
        if athlete::get(tx, &id)?.is_none() {
            return Ok(None);
        }
        let before = gear::overview(tx, &id, Scope::All)?;
        let added = gear::add(tx, &id, &new, now_ms)?;
        let was_there = before.iter().any(|known| known.id == added);
        Ok(Some((added, was_there)))
    });
    let (added, was_there) = added.await?.ok_or_else(|| Error::NotFound("athlete".to_owned()))?;
    Ok((made(was_there), Json(find(&shared, added).await?)))
}

/// How what is asked to be made is answered.
fn made(was_there: bool) -> StatusCode {
    if was_there { StatusCode::OK } else { StatusCode::CREATED }
}

/// Changes what the athlete says of gear.
#[utoipa::path(
    patch, path = "/gear/{id}", tag = "athlete", operation_id = "change_gear",
    params(("id" = String, Path, description = "Id of the gear")), request_body(content = Changed),
    responses(
        (status = 200, description = "The gear", body = Gear),
        (status = 422, description = "That cannot be", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn change(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    body::Json(changed): body::Json<Changed>,
) -> Result<Json<Gear>, Error> {
    let Changed { name, kind, before_m, before_s, retired_on, in_use } = changed;
    let standing = standing("retired_on", retired_on.as_deref(), in_use)?;
    let change = Change { name, kind: kind_of(kind.as_deref())?, before_m, before_s, standing };
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let now_ms = shared.state.engine.clock().now_ms();
    let said = shared.store().write(move |tx| gear::change(tx, &athlete, &of, &change, now_ms)).await?;
    heard(said)?;
    find(&shared, id).await.map(Json)
}

/// Forgets all that the athlete said of gear, its components and its services; what sources tell stays.
#[utoipa::path(
    delete, path = "/gear/{id}", tag = "athlete", operation_id = "forget_gear",
    params(("id" = String, Path, description = "Id of the gear")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn forget(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
) -> Result<StatusCode, Error> {
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    if !shared.store().write(move |tx| gear::forget(tx, &athlete, &of)).await? {
        return Err(refused(&GearError::Unknown(id)));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Notes what was done on a day to gear or to a component of it.
#[utoipa::path(
    post, path = "/gear/{id}/services", tag = "athlete", operation_id = "service_gear",
    params(("id" = String, Path, description = "Id of the gear or the component")),
    request_body(content = Serviced),
    responses(
        (status = 200, description = "The gear", body = Gear),
        (status = 422, description = "That cannot be", body = ErrorBody),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn service(
    State(shared): State<Arc<Shared>>,
    Segment(id): Segment,
    _: Params<()>,
    body::Json(Serviced { date: day, what }): body::Json<Serviced>,
) -> Result<Json<Gear>, Error> {
    let day = day.map(|day| date("date", &day)).transpose()?;
    let what = what.unwrap_or_else(|| "service".to_owned());
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    let now_ms = shared.state.engine.clock().now_ms();
    let said = shared.store().write(move |tx| {
        let day = match day {
            Some(day) => day,
            None => today(tx, &athlete, now_ms)?.date,
        };
        gear::service(tx, &athlete, &of, day, &what)
    });
    heard(said.await?)?;
    find(&shared, id).await.map(Json)
}

/// Forgets what was done on a day.
#[utoipa::path(
    delete, path = "/gear/{id}/services/{date}", tag = "athlete", operation_id = "take_back_gear_service",
    params(
        ("id" = String, Path, description = "Id of the gear or the component"),
        ("date" = String, Path, description = "The day"),
    ),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = "default", description = "Refused or failed", body = ErrorBody),
    )
)]
pub(crate) async fn take_back(
    State(shared): State<Arc<Shared>>,
    Segments((id, day)): Segments,
    _: Params<()>,
) -> Result<StatusCode, Error> {
    let on = date("date", &day)?;
    let (athlete, of) = (shared.state.partition.clone(), id.clone());
    if !shared.store().write(move |tx| gear::take_back_service(tx, &athlete, &of, on)).await? {
        return Err(Error::NotFound(format!("service of `{id}` on {on}")));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The gear of an id, or that which a component of that id is mounted on.
async fn find(shared: &Shared, id: String) -> Result<Gear, Error> {
    let found = care(shared).await?.items.into_iter().find(|cared| cared.is(&id));
    found.map(Gear::from).ok_or_else(|| refused(&GearError::UnknownItem(id)))
}

/// All gear with what is due of it.
async fn care(shared: &Shared) -> Result<Care, Error> {
    let answered = answer(shared, QUERY, json!({})).await?;
    serde_json::from_value(answered).map_err(|error| Error::Internal(error.to_string()))
}

fn kind_of(word: Option<&str>) -> Result<Option<Kind>, Error> {
    let kind = |word: &str| {
        let wrong = || Error::parameter("kind", format!("must be `shoes`, `bike` or `other`, not `{word}`"));
        Kind::parse(word).ok_or_else(wrong)
    };
    word.map(kind).transpose()
}

/// Whether something is in use, by the day that a field names or because it is said so.
fn standing(field: &str, day: Option<&str>, in_use: bool) -> Result<Option<Standing>, Error> {
    match (day, in_use) {
        (Some(_), true) => Err(Error::parameter("in_use", format!("cannot stand beside `{field}`"))),
        (Some(day), false) => Ok(Some(Standing::Retired(date(field, day)?))),
        (None, in_use) => Ok(in_use.then_some(Standing::InUse)),
    }
}

fn heard<T>(said: Said<T>) -> Result<T, Error> {
    said.map_err(|error| refused(&error))
}

/// How what cannot be said is told.
fn refused(error: &GearError) -> Error {
    let status = match error {
        GearError::Unknown(_)
        | GearError::UnknownComponent(_)
        | GearError::UnknownItem(_)
        | GearError::UnknownActivity(_) => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Error::Refused { status, code: error.code().into(), message: error.to_string(), details: None }
}

impl From<Cared> for Gear {
    fn from(Cared { gear: of, due }: Cared) -> Self {
        let Totals { meters, seconds, uses } = of.totals;
        Self {
            id: of.id,
            name: of.name,
            kind: of.kind.as_str(),
            brand: of.brand,
            model: of.model,
            sources: of.sources,
            meters,
            seconds,
            uses,
            since: of.since.into(),
            before_m: of.before_m,
            before_s: of.before_s,
            first: of.first.map(|day| day.to_string()),
            last: of.last.map(|day| day.to_string()),
            is_retired: of.is_retired,
            retired_on: of.retired_on.map(|day| day.to_string()),
            components: of.components.into_iter().map(Component::from).collect(),
            services: of.services.into_iter().map(Service::from).collect(),
            due: due.into_iter().map(Due::from).collect(),
        }
    }
}

impl From<fitness::gear::Due> for Due {
    fn from(of: fitness::gear::Due) -> Self {
        Self {
            item: of.item,
            script: of.script,
            version: of.version,
            what: of.what,
            urgency: of.urgency.as_str(),
            why: of.why,
        }
    }
}

impl From<gear::Broken> for Broken {
    fn from(gear::Broken { path, code, message }: gear::Broken) -> Self {
        Self { path, code, message }
    }
}

impl From<gear::Component> for Component {
    fn from(of: gear::Component) -> Self {
        let Totals { meters, seconds, uses } = of.totals;
        Self {
            id: of.id,
            kind: of.kind,
            name: of.name,
            from: of.from.map(|day| day.to_string()),
            to: of.to.map(|day| day.to_string()),
            meters,
            seconds,
            uses,
            since: of.since.into(),
            services: of.services.into_iter().map(Service::from).collect(),
        }
    }
}

impl From<gear::Service> for Service {
    fn from(of: gear::Service) -> Self {
        Self { date: of.date.to_string(), what: of.what }
    }
}

impl From<Totals> for Distance {
    fn from(Totals { meters, seconds, uses }: Totals) -> Self {
        Self { meters, seconds, uses }
    }
}

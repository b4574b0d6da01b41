//! The paths below `/strava/api/v3`: who asks, what it counts as, what is answered.

use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use serde_json::{Value, json};

use super::activity::Activity;
use super::desk::Consent;
use super::limits::Spent;
use super::list::{Page, is_set, param};
use super::refusal::Refusal;
use super::switches::LimitForm;
use super::track::Track;
use super::{Mutable, Strava, detail, oauth, segment, webhooks};
use crate::frame::{self, Cost};

type Pairs = Query<Vec<(String, String)>>;
type Answered = Result<Response, Refusal>;

pub(super) fn router(strava: &Strava) -> Router<Strava> {
    Router::new()
        .route("/athlete", get(athlete))
        .route("/athlete/zones", get(athlete_zones))
        .route("/athlete/activities", get(activities))
        .route("/activities/{id}", get(activity))
        .route("/activities/{id}/laps", get(laps))
        .route("/activities/{id}/zones", get(zones))
        .route("/activities/{id}/streams", get(streams))
        .route("/segments/starred", get(starred))
        .route("/segments/{id}", get(segment))
        .route("/segment_efforts", get(efforts))
        .route("/gear/{id}", get(gear))
        .route("/{*rest}", any(async || Refusal::not_found("Path")))
        .layer(middleware::from_fn_with_state(strava.clone(), meter))
        // These are the application's own and count against no limit.
        .route("/push_subscriptions", get(webhooks::list).post(webhooks::subscribe))
        .route("/push_subscriptions/{id}", delete(webhooks::unsubscribe))
        .route("/oauth/token", post(oauth::token))
        .layer(middleware::from_fn_with_state(strava.clone(), tell))
}

/// Counts each call, and refuses those for which a window is spent.
async fn meter(State(strava): State<Strava>, request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let now_ms = strava.now_ms();
    let (spent, switches) =
        strava.with(|state| (state.counters.count(now_ms, is_read), state.switches.clone()));
    let mut answer = match (spent, switches.limit_form) {
        (Some(_), LimitForm::Text) => Refusal::too_many().into_response(),
        (Some(Spent::Overall), LimitForm::List) => Refusal::limit("overall rate limit").into_response(),
        (Some(Spent::Read), LimitForm::List) => Refusal::limit("read rate limit").into_response(),
        (None, _) if switches.is_inactive => Refusal::inactive().into_response(),
        (None, _) => next.run(request).await,
    };
    answer.extensions_mut().insert(Cost(1.0));
    answer
}

/// Writes the limits into each answer.
async fn tell(State(strava): State<Strava>, request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let (now_ms, is_refused) = (strava.now_ms(), answer.status() == StatusCode::TOO_MANY_REQUESTS);
    strava.with(|state| {
        if !(is_refused && state.switches.hides_limits) {
            state.counters.tell(now_ms, answer.headers_mut());
        }
    });
    answer
}

/// The athlete whose token came with the call.
pub(super) struct Caller {
    consent: Consent,
    scope_status: u16,
}

impl FromRequestParts<Strava> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(head: &mut Parts, strava: &Strava) -> Result<Self, Refusal> {
        let token = oauth::bearer(&head.headers).ok_or_else(Refusal::token)?;
        let now_s = strava.now_s();
        strava.with(|state| {
            let consent = state.desk.caller(token, now_s).ok_or_else(Refusal::token)?;
            Ok(Self { consent, scope_status: state.switches.scope_status })
        })
    }
}

impl Caller {
    fn has(&self, scope: &str) -> bool {
        self.consent.scopes.iter().any(|granted| granted == scope)
    }

    fn sees_private(&self) -> bool {
        self.has("activity:read_all")
    }

    fn reads_public(&self) -> Result<(), Refusal> {
        match self.has("read") {
            true => Ok(()),
            false => Err(Refusal::scope(self.scope_status, "read_permission")),
        }
    }

    fn reads_activities(&self) -> Result<(), Refusal> {
        match self.has("activity:read") || self.sees_private() {
            true => Ok(()),
            false => Err(Refusal::scope(self.scope_status, "activity:read_permission")),
        }
    }

    fn reads_profile(&self) -> Result<(), Refusal> {
        match self.has("profile:read_all") {
            true => Ok(()),
            false => Err(Refusal::scope(self.scope_status, "profile:read_permission")),
        }
    }

    /// The activity, if this caller gets to see it.
    fn activity<'a>(&self, state: &'a Mutable, id: &str) -> Result<&'a Activity, Refusal> {
        self.reads_activities()?;
        let not_found = || Refusal::not_found("Activity");
        let id = id.parse::<i64>().map_err(|_| not_found())?;
        if state.switches.poison.contains(&id) {
            return Err(Refusal::stumble());
        }
        let activity = state.truth.activity(id).filter(|_| !state.switches.missing.contains(&id));
        let is_seen = |activity: &&Activity| {
            activity.athlete_id == self.consent.athlete_id && (self.sees_private() || !activity.is_private())
        };
        activity.filter(is_seen).ok_or_else(not_found)
    }

    fn pays(&self, state: &Mutable) -> Result<(), Refusal> {
        let athlete = state.truth.athlete(self.consent.athlete_id);
        match athlete.is_some_and(|athlete| athlete.has_subscription) && !state.switches.is_paid_only {
            true => Ok(()),
            false => Err(Refusal::payment()),
        }
    }
}

fn answer(body: &Value) -> Answered {
    Ok(frame::json(StatusCode::OK, body.to_string()))
}

async fn athlete(State(strava): State<Strava>, caller: Caller) -> Answered {
    let is_detailed = caller.reads_profile().is_ok();
    let athlete = strava.athlete(caller.consent.athlete_id).ok_or_else(|| Refusal::not_found("Athlete"))?;
    answer(&if is_detailed { athlete.detail() } else { athlete.summary() })
}

async fn athlete_zones(State(strava): State<Strava>, caller: Caller) -> Answered {
    caller.reads_profile()?;
    let athlete = strava.athlete(caller.consent.athlete_id).ok_or_else(|| Refusal::not_found("Athlete"))?;
    answer(&athlete.zones())
}

async fn activities(State(strava): State<Strava>, caller: Caller, Query(query): Pairs) -> Answered {
    caller.reads_activities()?;
    let now_ms = strava.now_ms();
    let page = strava.with(|state| {
        let id = caller.consent.athlete_id;
        let listed = state.truth.listed(id, &query, now_ms, caller.sees_private())?;
        Ok(state.page(&listed))
    })?;
    strava.drift();
    Ok(frame::json(StatusCode::OK, page))
}

async fn activity(
    State(strava): State<Strava>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Pairs,
) -> Answered {
    let is_all_efforts = is_set(&query, "include_all_efforts");
    let told = strava.with(|state| Ok(state.truth.detail(caller.activity(state, &id)?, is_all_efforts)))?;
    answer(&told)
}

async fn laps(State(strava): State<Strava>, caller: Caller, Path(id): Path<String>) -> Answered {
    answer(&strava.with(|state| Ok(detail::laps(caller.activity(state, &id)?)))?)
}

async fn zones(State(strava): State<Strava>, caller: Caller, Path(id): Path<String>) -> Answered {
    let told = strava.with(|state| {
        let activity = caller.activity(state, &id)?;
        caller.pays(state)?;
        let athlete =
            state.truth.athlete(activity.athlete_id).ok_or_else(|| Refusal::not_found("Athlete"))?;
        Ok(detail::zones(activity, athlete))
    })?;
    answer(&told)
}

/// The columns asked for, and the distance with them, as a list or by their names.
async fn streams(
    State(strava): State<Strava>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Pairs,
) -> Answered {
    let activity = strava.with(|state| Ok(caller.activity(state, &id)?.clone()))?;
    let is_by_type = is_set(&query, "key_by_type");
    if strava.switches().bare_streams.contains(&activity.id) {
        return answer(&if is_by_type { json!({}) } else { json!([]) });
    }
    let streams = Track::of(&activity).streams().ok_or_else(|| Refusal::not_found("Activity"))?;
    let keys = param(&query, "keys").unwrap_or_default().split(',').collect::<Vec<_>>();
    let is_wanted = |name: &str| name == "distance" || keys.contains(&name);
    Ok(frame::json(StatusCode::OK, streams.written(is_wanted, is_by_type)))
}

async fn starred(State(strava): State<Strava>, caller: Caller, Query(query): Pairs) -> Answered {
    caller.reads_public()?;
    let (page, id) = (Page::read(&query)?, caller.consent.athlete_id);
    let told = strava.with(|state| {
        let starred = state.truth.segments.iter().filter(|segment| segment.starred_by.contains(&id));
        page.of(starred).map(|segment| state.truth.starred(segment, id)).collect::<Value>()
    });
    answer(&told)
}

async fn segment(State(strava): State<Strava>, caller: Caller, Path(id): Path<String>) -> Answered {
    let told = strava.with(|state| {
        let segment = state.truth.segments.iter().find(|segment| segment.id.to_string() == id)?;
        Some(state.truth.segment_detail(segment, caller.consent.athlete_id))
    });
    answer(&told.ok_or_else(|| Refusal::not_found("Segment"))?)
}

async fn efforts(State(strava): State<Strava>, caller: Caller, Query(query): Pairs) -> Answered {
    let page = Page::read(&query)?;
    let wrong = || Refusal::bad(["SegmentEffort", "segment_id", "invalid"]);
    let segment_id = param(&query, "segment_id").and_then(|id| id.parse::<i64>().ok()).ok_or_else(wrong)?;
    let (from, to) = (param(&query, "start_date_local"), param(&query, "end_date_local"));
    let told = strava.with(|state| {
        caller.pays(state)?;
        let truth = &state.truth;
        let efforts = truth.efforts.iter().filter(|effort| effort.segment_id == segment_id);
        let efforts = efforts.filter(|effort| {
            let activity = truth.activity(effort.activity_id);
            let Some(activity) = activity.filter(|a| a.athlete_id == caller.consent.athlete_id) else {
                return false;
            };
            let [_, local] = segment::starts(effort, activity);
            // Dates of this form stand in their order as texts too.
            from.is_none_or(|from| local.as_str() >= from) && to.is_none_or(|to| local.as_str() <= to)
        });
        Ok(page.of(efforts).filter_map(|effort| truth.effort(effort)).collect::<Value>())
    })?;
    answer(&told)
}

async fn gear(State(strava): State<Strava>, caller: Caller, Path(id): Path<String>) -> Answered {
    let athlete = strava.athlete(caller.consent.athlete_id);
    let gear = athlete.as_ref().and_then(|athlete| athlete.gear(&id));
    answer(&gear.ok_or_else(|| Refusal::not_found("Gear"))?.detail())
}

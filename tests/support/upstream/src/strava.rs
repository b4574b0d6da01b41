//! Strava: athletes with their activities, consent and tokens, limits, and events.
//!
//! The interface lies under `/strava/api/v3`, consent and tokens under `/strava/oauth`.
//! One application is known, [`CLIENT_ID`], and one athlete is there from the start, [`ATHLETE`].

mod activity;
mod api;
mod athlete;
mod control;
mod desk;
mod detail;
mod history;
mod limits;
mod list;
mod oauth;
mod polyline;
mod recorded;
mod refusal;
mod segment;
mod switches;
mod track;
mod traps;
mod truth;
mod webhooks;
mod zone;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use tokio::runtime::Handle;

use crate::Clock;

pub use activity::{Activity, Sensors, Visibility};
pub use athlete::{Athlete, Gear};
pub use desk::{Misuse, Tokens};
pub use limits::{Calls, Windows};
pub use segment::{Effort, Segment};
pub use switches::{HeaderCase, LimitForm, Rotation, Switches};
pub use track::Streams;
pub use traps::{HOSTILE, Trap};
pub use truth::{ATHLETE, Truth};
pub use webhooks::{Delivery, Event};

pub(crate) use control::router as control;
pub(crate) use recorded::path_of;
pub(crate) use refusal::Refusal;

use desk::{Consent, Desk};
use limits::Counters;
use webhooks::{Change, Hooks};

/// The number of the one application that is known.
pub const CLIENT_ID: &str = "24523";
/// Its secret.
pub const CLIENT_SECRET: &str = "2b5f3c9a8e7d6c5b4a39281706f5e4d3c2b1a098";
/// The scopes with which all of an athlete can be read.
pub const ALL_SCOPES: [&str; 3] = ["read", "activity:read_all", "profile:read_all"];

/// The state of the service; clones share it.
#[derive(Clone)]
pub struct Strava(Arc<Inner>);

struct Inner {
    clock: Clock,
    http: reqwest::Client,
    runtime: Option<Handle>,
    state: Mutex<Mutable>,
}

struct Mutable {
    truth: Truth,
    desk: Desk,
    counters: Counters,
    switches: Switches,
    hooks: Hooks,
    /// Activities that arrive one by one between the pages of a list.
    arriving: VecDeque<Activity>,
}

impl Strava {
    #[expect(clippy::disallowed_methods, reason = "the service calls callbacks like any other client")]
    pub(crate) fn new(clock: Clock) -> Self {
        let state = Mutable {
            truth: Truth::standard(),
            desk: Desk::default(),
            counters: Counters::default(),
            switches: Switches::default(),
            hooks: Hooks::default(),
            arriving: VecDeque::new(),
        };
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let (http, runtime) = (http.unwrap_or_default(), Handle::try_current().ok());
        Self(Arc::new(Inner { clock, http, runtime, state: Mutex::new(state) }))
    }

    /// All that is known, to compare a client's store with.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.with(|state| state.truth.clone())
    }

    /// An athlete by the account's number.
    #[must_use]
    pub fn athlete(&self, id: i64) -> Option<Athlete> {
        self.with(|state| state.truth.athlete(id).cloned())
    }

    /// An activity by its id.
    #[must_use]
    pub fn activity(&self, id: i64) -> Option<Activity> {
        self.with(|state| state.truth.activity(id).cloned())
    }

    /// The device's records of an activity, if there are any.
    #[must_use]
    pub fn streams(&self, id: i64) -> Option<Streams> {
        self.with(|state| state.truth.streams(id))
    }

    /// Adds an athlete, or changes the one with this number.
    pub fn set_athlete(&self, athlete: Athlete) {
        self.with(|state| {
            state.truth.athletes.retain(|other| other.id != athlete.id);
            state.truth.athletes.push(athlete);
        });
    }

    /// Adds a segment.
    pub fn add_segment(&self, segment: Segment) {
        self.with(|state| state.truth.segments.push(segment));
    }

    /// Adds an effort of so many seconds on a segment, begun so many seconds after the start of an activity.
    pub fn add_effort(&self, segment_id: i64, activity_id: i64, after_s: i64, elapsed_s: i64) {
        self.with(|state| {
            state.truth.add_effort_on(segment_id, activity_id, after_s, elapsed_s, false);
        });
    }

    /// An hour's run from home with the next id, to be changed and then added.
    #[must_use]
    pub fn new_activity(&self, athlete_id: i64, start_ms: i64) -> Activity {
        self.with(|state| state.truth.new_activity(athlete_id, start_ms))
    }

    /// Adds an activity, and answers its id.
    pub fn add_activity(&self, activity: Activity) -> i64 {
        let id = activity.id;
        self.change(id, |_| Some(activity));
        id
    }

    /// Adds one that is uploaded now and began long ago, and answers its id.
    pub fn upload_late(&self, athlete_id: i64, start_ms: i64) -> i64 {
        self.add_activity(self.new_activity(athlete_id, start_ms))
    }

    /// Adds so many activities of an athlete without telling anybody, the last of them shortly before a time;
    /// answers their ids, the oldest first.
    pub fn grow(&self, athlete_id: i64, count: usize, until_ms: i64) -> Vec<i64> {
        self.with(|state| state.truth.grow(athlete_id, count, until_ms))
    }

    /// Adds an activity with something odd about it, and answers its id.
    pub fn add_trap(&self, athlete_id: i64, trap: Trap, start_ms: i64) -> i64 {
        self.with(|state| state.truth.add_trap(athlete_id, trap, start_ms))
    }

    /// Adds one of each kind, a day apart and the last a day before a time.
    pub fn add_traps(&self, athlete_id: i64, until_ms: i64) -> Vec<(Trap, i64)> {
        let days = (1..).map(|days| until_ms - 86_400_000 * days);
        Trap::ALL
            .into_iter()
            .zip(days)
            .map(|(trap, ms)| (trap, self.add_trap(athlete_id, trap, ms)))
            .collect()
    }

    /// Changes an activity, and says whether it is there.
    pub fn edit(&self, id: i64, edit: impl FnOnce(&mut Activity)) -> bool {
        let mut is_there = false;
        self.change(id, |activity| {
            let mut activity = activity?;
            is_there = true;
            edit(&mut activity);
            Some(activity)
        });
        is_there
    }

    /// Changes who sees an activity, and says whether it is there.
    pub fn set_visibility(&self, id: i64, visibility: Visibility) -> bool {
        self.edit(id, |activity| activity.visibility = visibility)
    }

    /// Deletes an activity, and says whether it was there.
    pub fn delete(&self, id: i64) -> bool {
        let mut was_there = false;
        self.change(id, |activity| {
            was_there = activity.is_some();
            None
        });
        was_there
    }

    /// Adds these one by one, each after a page of a list was answered, so that the next page is shifted.
    pub fn arrive_between_pages(&self, activities: impl IntoIterator<Item = Activity>) {
        self.with(|state| state.arriving.extend(activities));
    }

    /// What is switched how.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.with(|state| state.switches.clone())
    }

    /// Switches something.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// Connects an athlete without the way by the browser.
    pub fn connect(&self, athlete_id: i64, scopes: &[&str]) -> Tokens {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let now_s = self.now_s();
        self.with(|state| state.desk.connect(Consent { athlete_id, scopes }, now_s))
    }

    /// A code as it comes with the redirect.
    #[must_use]
    pub fn code(&self, athlete_id: i64, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.with(|state| state.desk.code(Consent { athlete_id, scopes }))
    }

    /// The pair that works for an athlete now.
    #[must_use]
    pub fn tokens(&self, athlete_id: i64) -> Option<Tokens> {
        self.with(|state| state.desk.tokens_of(athlete_id).cloned())
    }

    /// Ends an athlete's access tokens before their time; a refresh gives a new one.
    pub fn end_access(&self, athlete_id: i64) {
        self.with(|state| state.desk.end_access(athlete_id));
    }

    /// The athlete takes the consent back: all tokens are dead, and the callback is told.
    pub fn deauthorize(&self, athlete_id: i64) {
        let now_s = self.now_s();
        self.with(|state| {
            if state.desk.end(athlete_id) {
                state.hooks.note(now_s, athlete_id, Change::deauthorized(athlete_id));
            }
        });
        self.send_if_switched();
    }

    /// How often a refresh token was used that a refresh had replaced: 0 for a good client.
    #[must_use]
    pub fn stale_refreshes(&self) -> u32 {
        self.misuse().stale_refreshes
    }

    /// How often tokens were used that must not be used any more.
    #[must_use]
    pub fn misuse(&self) -> Misuse {
        self.with(|state| state.desk.misuse)
    }

    /// Sets the application's limits.
    pub fn set_limits(&self, limits: Calls) {
        self.with(|state| state.counters.limits = limits);
    }

    /// What was used in the quarter of an hour and the day of the clock.
    #[must_use]
    pub fn used(&self) -> Calls {
        let now_ms = self.now_ms();
        self.with(|state| state.counters.used(now_ms))
    }

    /// Counts these calls as if another process with this application had made them.
    pub fn spend(&self, calls: Calls) {
        let now_ms = self.now_ms();
        self.with(|state| state.counters.spend(now_ms, calls));
    }

    /// How many calls came though a window was spent: 0 for a good client.
    #[must_use]
    pub fn calls_while_spent(&self) -> u32 {
        self.with(|state| state.counters.calls_while_spent)
    }

    /// What the callback will be told.
    #[must_use]
    pub fn pending_events(&self) -> Vec<Event> {
        self.with(|state| state.hooks.pending())
    }

    /// What the callback will be told besides: events that come twice, out of order, or of nothing that happened.
    pub fn push_events(&self, events: impl IntoIterator<Item = Event>) {
        self.with(|state| state.hooks.push(events));
    }

    /// What became of the events that were sent.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.with(|state| state.hooks.deliveries())
    }

    /// What becomes of an activity, if it is there, and what the application is told of it.
    fn change(&self, id: i64, change: impl FnOnce(Option<Activity>) -> Option<Activity>) {
        let now_s = self.now_s();
        self.with(|state| {
            let before = state.truth.activities.remove(&id);
            let after = change(before.clone());
            if let Some(after) = &after {
                state.truth.activities.insert(after.id, after.clone());
            } else {
                state.truth.efforts.retain(|effort| effort.activity_id != id);
            }
            let Some(athlete_id) = after.as_ref().or(before.as_ref()).map(|activity| activity.athlete_id)
            else {
                return;
            };
            let Some(consent) = state.desk.consent_of(athlete_id) else { return };
            let sees_all = consent.scopes.iter().any(|scope| scope == "activity:read_all");
            if let Some(told) = Change::between(before.as_ref(), after.as_ref(), sees_all) {
                state.hooks.note(now_s, athlete_id, told);
            }
        });
        self.send_if_switched();
    }

    /// The next of the activities that arrive between pages.
    fn drift(&self) {
        if let Some(activity) = self.with(|state| state.arriving.pop_front()) {
            self.add_activity(activity);
        }
    }

    fn send_if_switched(&self) {
        if let (true, Some(runtime)) = (self.with(|state| state.switches.sends_events), &self.0.runtime) {
            let strava = self.clone();
            runtime.spawn(async move { strava.send_events().await });
        }
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    fn now_s(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }

    fn with<T>(&self, action: impl FnOnce(&mut Mutable) -> T) -> T {
        action(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn router(strava: Strava) -> Router {
    Router::new().nest("/api/v3", api::router(&strava)).nest("/oauth", oauth::router()).with_state(strava)
}

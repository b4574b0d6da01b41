//! The doctor's lines about Strava.

mod reach;
pub(crate) mod webhook;

use engine::registry::{Check, Checkup, Means, Registry};
use engine::step::BoxFuture;
use fitness::records::strava::connection::{self, Connection, State};
use fitness::records::strava::overview::{self, InStep, Window};
use fitness::records::strava::subscription::{self, Subscription};
use jiff::Timestamp;
use store::Tx;

use crate::options::Options;
use crate::scope::Scopes;
use crate::token::{Vault, closed};

const TOKENS: &str = "Strava tokens";
const SCOPES: &str = "Strava scopes";
const QUOTA: &str = "Strava quota";
const DATA: &str = "Strava data";
/// Everything is looked through once a day; twice that is a sign.
const OLD_SWEEP_MS: i64 = 2 * 86_400_000;
const DAY_MS: i64 = 86_400_000;
const QUARTER_MS: i64 = 15 * 60_000;

/// Adds the lines.
pub(crate) fn register(registry: &mut Registry, options: &Options) {
    registry.check(Strava { options: options.clone() });
}

struct Strava {
    options: Options,
}

/// What is stored of it.
struct Facts {
    connections: Vec<Connection>,
    windows: Vec<Window>,
    in_step: Vec<InStep>,
    subscriptions: Vec<Subscription>,
}

impl Check for Strava {
    fn name(&self) -> &'static str {
        "Strava"
    }

    fn examine<'a>(&'a self, means: &'a Means) -> BoxFuture<'a, Vec<Checkup>> {
        Box::pin(self.look(means))
    }
}

impl Strava {
    async fn look(&self, means: &Means) -> Vec<Checkup> {
        let facts = match means.store.read(read).await {
            Ok(facts) => facts,
            Err(error) => return vec![Checkup::ill(self.name(), error.to_string())],
        };
        if self.options.application.is_none() {
            return vec![unset(&facts.connections)];
        }
        let now_ms = means.clock.now_ms();
        let mut lines = vec![tokens(&facts.connections, means, now_ms)];
        lines.extend(scopes(&facts.connections));
        lines.extend(quota(&facts.windows, now_ms));
        lines.extend(data(&facts, now_ms));
        lines.extend(webhook::look(means, &facts.subscriptions));
        lines.extend(reach::look(means, &self.options).await);
        lines
    }
}

fn read(tx: &mut Tx<'_>) -> store::Result<Facts> {
    Ok(Facts {
        connections: connection::list(tx)?,
        windows: overview::windows(tx)?,
        in_step: overview::in_step(tx)?,
        subscriptions: subscription::list(tx)?,
    })
}

fn unset(connections: &[Connection]) -> Checkup {
    if connections.is_empty() {
        return Checkup::well("Strava", "no application is set; docs/STRAVA.md tells how to connect one");
    }
    let what = "connected, but no application is set any more; set FITNESS_STRAVA_CLIENT_ID and its secret";
    Checkup::ill("Strava", what)
}

fn tokens(connections: &[Connection], means: &Means, now_ms: i64) -> Checkup {
    if connections.is_empty() {
        return Checkup::well(TOKENS, "nobody is connected; `paceline strava connect` does it");
    }
    let vault = Vault { keys: &means.secrets };
    let (mut well, mut ill) = (Vec::new(), Vec::new());
    for connection in connections {
        let athlete = &connection.athlete;
        if let Err(cause) = vault.refresh(connection) {
            ill.push(format!(
                "{athlete}: {}; set the key that sealed them again, or connect again",
                cause.report()
            ));
        } else if let Some(wrong) = wrong(connection) {
            ill.push(format!("{athlete}: {wrong}"));
        } else if connection.pair.expires_ms > now_ms {
            well.push(format!("{athlete}: good until {}", time(connection.pair.expires_ms)));
        } else {
            well.push(format!(
                "{athlete}: ended {}, renewed when it is needed",
                time(connection.pair.expires_ms)
            ));
        }
    }
    if ill.is_empty() { Checkup::well(TOKENS, well.join("; ")) } else { Checkup::ill(TOKENS, ill.join("; ")) }
}

fn wrong(connection: &Connection) -> Option<String> {
    match connection.state {
        State::Connected => None,
        State::Disconnecting => {
            Some("is being disconnected; `paceline strava disconnect` goes on with it".to_owned())
        }
        State::Inactive | State::AthleteLimit => {
            Some(connection.reason.clone().unwrap_or_else(|| connection.state.as_str().to_owned()))
        }
        state => {
            let cause = closed(state, connection.reason.as_deref())?;
            Some(format!("{}; `paceline strava connect` does it", cause.message))
        }
    }
}

fn scopes(connections: &[Connection]) -> Option<Checkup> {
    let alive: Vec<&Connection> =
        connections.iter().filter(|connection| connection.state != State::Disconnecting).collect();
    let missing: Vec<String> = alive.iter().flat_map(|connection| lacks(connection)).collect();
    if alive.is_empty() {
        return None;
    }
    Some(if missing.is_empty() {
        Checkup::well(SCOPES, "all that is asked for is granted")
    } else {
        let what = format!("{}; connect again and tick every box", missing.join("; "));
        Checkup::ill(SCOPES, what)
    })
}

fn lacks(connection: &Connection) -> Vec<String> {
    let missing = Scopes::parse(&connection.scopes).missing().into_iter();
    missing.map(|one| format!("{}: without `{}`, {}", connection.athlete, one.scope, one.without)).collect()
}

fn quota(windows: &[Window], now_ms: i64) -> Option<Checkup> {
    if windows.is_empty() {
        return None;
    }
    let (mut told, mut is_spent) = (Vec::new(), false);
    for window in windows {
        let until_ms = window.start_ms + if window.span == "day" { DAY_MS } else { QUARTER_MS };
        let used = if until_ms > now_ms { window.used } else { 0 };
        is_spent |= used >= window.most;
        let end = if until_ms > now_ms { format!(" until {}", time(until_ms)) } else { String::new() };
        told.push(format!("{} of the {}: {used} of {}{end}", window.bucket, window.span, window.most));
    }
    let told = told.join("; ");
    Some(if is_spent {
        Checkup::ill(QUOTA, format!("spent, and goes on by itself; {told}"))
    } else {
        Checkup::well(QUOTA, told)
    })
}

fn data(facts: &Facts, now_ms: i64) -> Option<Checkup> {
    let connected = facts.connections.iter().filter(|connection| connection.state == State::Connected);
    let (mut fresh, mut old) = (Vec::new(), Vec::new());
    for connection in connected {
        let athlete = &connection.athlete;
        let swept = facts.in_step.iter().find(|one| one.athlete == *athlete).and_then(|one| one.swept_ms);
        let since_ms = swept.unwrap_or(connection.connected_ms);
        let last = swept.map_or_else(|| "never".to_owned(), time);
        let line = format!("{athlete}: looked through {last}");
        if now_ms - since_ms > OLD_SWEEP_MS { old.push(line) } else { fresh.push(line) }
    }
    if !old.is_empty() {
        let what = "what was deleted or changed there may still be here; `paceline sync --force` asks";
        return Some(Checkup::ill(DATA, format!("{}; {what}", old.join("; "))));
    }
    (!fresh.is_empty()).then(|| Checkup::well(DATA, fresh.join("; ")))
}

fn time(epoch_ms: i64) -> String {
    Timestamp::from_millisecond(epoch_ms).map(|at| format!("{at:.0}")).unwrap_or_default()
}

#[cfg(test)]
mod tests;

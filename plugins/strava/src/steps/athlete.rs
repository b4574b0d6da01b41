//! Who the athlete is at Strava: profile and zones, which are shown and never computed with, and gear, which names what
//! activities were done with.

use std::time::Duration;

use engine::context::StepContext;
use engine::step::{ConfigError, Step, StepError};
use fitness::records::export_row;
use fitness::records::intake::Intake;
use fitness::records::strava::item::{self, Item};
use fitness::records::strava::quota::Purpose;
use fitness::records::strava::sync;
use fitness::{Changes, STRAVA_API};
use serde_json::Value;

use super::pace::{EveryConfig, PATIENCE_USUAL, is_fresh, is_over};
use crate::client::{Client, Reply};
use crate::mark::Mark;
use crate::options::Options;
use crate::steps::Made;
use crate::wire;

const PROFILE: &str = "athlete";
const ZONES: &str = "zones";
const GEAR: &str = "gear";
/// Gear that the profile does not list in one run, so that a long past does not spend the quota at once.
const UNLISTED_MOST: usize = 20;
const DAY_MS: i64 = 86_400_000;

/// Reads profile, zones and gear.
#[derive(Debug)]
pub(crate) struct AthleteStep {
    client: Client,
    every: Duration,
    /// How old what is kept of gear may be that the profile does not list.
    unlisted_ms: i64,
}

impl Step for AthleteStep {
    const KIND: &'static str = "strava.athlete";
    const ABOUT: &'static str = "Reads the athlete's profile, zones and gear from Strava.";
    type Config = EveryConfig;
    type Input = ();
    type Output = Changes;

    fn build(config: EveryConfig) -> Result<Self, ConfigError> {
        Self::made(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Changes, StepError> {
        let mut mark = Mark::<()>::begin(ctx).await?;
        let Err(error) = self.read(ctx, &mut mark).await else { return Ok(mark.changes) };
        if is_over(ctx, &error, &mark, PATIENCE_USUAL).await? { Ok(mark.changes) } else { Err(error) }
    }
}

impl Made for AthleteStep {
    fn made(config: EveryConfig, options: &Options) -> Result<Self, ConfigError> {
        // It is asked for again in time, before it would be kept for too long.
        let unlisted_ms = i64::from(options.retention_days()) * DAY_MS / 2;
        Ok(Self { client: Client::new(options.clone()), every: config.every()?, unlisted_ms })
    }
}

impl AthleteStep {
    async fn read(&self, ctx: &StepContext, mark: &mut Mark<()>) -> Result<(), StepError> {
        if is_fresh(ctx, PROFILE, self.every).await? {
            return Ok(());
        }
        let Reply::Told(profile) = self.client.get(ctx, "athlete", &[], Purpose::Past).await? else {
            return Ok(());
        };
        // Something else that is called a success is none.
        if !wire::has_id(&profile, self.client.account(ctx).await?) {
            return Ok(());
        }
        if self.client.sees_zones(ctx).await?
            && let Reply::Told(zones) = self.client.get(ctx, "athlete/zones", &[], Purpose::Past).await?
            && ["heart_rate", "power"].iter().any(|name| zones.get(name).is_some())
        {
            keep(ctx, mark, (ZONES, "own"), &zones).await?;
        }
        let listed = gear(&profile);
        let unlisted = self.unlisted(ctx, &listed).await?;
        for id in listed.into_iter().chain(unlisted) {
            let path = format!("gear/{id}");
            if let Reply::Told(gear) = self.client.get(ctx, &path, &[], Purpose::Past).await?
                && gear.get("id").and_then(Value::as_str) == Some(&id)
            {
                keep(ctx, mark, (GEAR, &id), &gear).await?;
            }
        }
        let has_subscription = ["premium", "summit"].iter().any(|name| profile[*name] == Value::Bool(true));
        if has_subscription {
            let again = |intake: &mut Intake<'_, '_>| sync::set_no_efforts(intake.tx, intake.athlete, None);
            mark.commit(ctx, (), again).await?;
        }
        // Last, because a profile says that all of it was read.
        keep(ctx, mark, (PROFILE, "own"), &profile).await
    }

    /// Gear that activities name and the profile does not list any more, as what is retired, where it is not kept or
    /// soon would be no longer.
    async fn unlisted(&self, ctx: &StepContext, listed: &[String]) -> Result<Vec<String>, StepError> {
        let (athlete, fresh_ms) = (ctx.run.partition.clone(), ctx.clock.now_ms() - self.unlisted_ms);
        let (named, kept) = ctx
            .read(move |tx| {
                let named = export_row::gear_ids(tx, &athlete, STRAVA_API)?;
                Ok((named, item::list(tx, &athlete, GEAR)?))
            })
            .await?;
        let is_kept = |id: &str| kept.iter().any(|item| item.item_id == id && item.fetched_ms > fresh_ms);
        let unlisted = named.into_iter().filter(|id| is_plain(id) && !listed.contains(id) && !is_kept(id));
        Ok(unlisted.take(UNLISTED_MOST).collect())
    }
}

/// The ids of shoes and bicycles, which go into a path: letters and digits.
fn gear(profile: &Value) -> Vec<String> {
    let lists = ["bikes", "shoes"].into_iter().filter_map(|name| profile.get(name)?.as_array());
    let ids = lists.flatten().filter_map(|gear| gear.get("id")?.as_str());
    ids.filter(|id| is_plain(id)).map(str::to_owned).collect()
}

fn is_plain(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

async fn keep(
    ctx: &StepContext,
    mark: &mut Mark<()>,
    (kind, id): (&str, &str),
    value: &Value,
) -> Result<(), StepError> {
    let item = Item {
        kind: kind.to_owned(),
        item_id: id.to_owned(),
        body: value.to_string(),
        fetched_ms: ctx.clock.now_ms(),
    };
    let write = move |intake: &mut Intake<'_, '_>| item::put(intake.tx, intake.athlete, &item);
    mark.commit(ctx, (), write).await
}

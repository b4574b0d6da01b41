//! Which sports went into the load, which did not, and why.

use std::collections::BTreeMap;

use fitness::load::LoadMethod;
use jiff::ToSpan;
use schemars::JsonSchema;
use serde::Serialize;

use crate::figures::rounded;
use crate::history::View;

/// The days that are told of.
const WINDOW_DAYS: i64 = 28;

/// What the load of the last days was computed from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Counted {
    pub days: i64,
    pub sports: Vec<Sport>,
    pub left_out: Vec<LeftOut>,
    /// Sentences for a person, where a load is less than measured.
    pub notes: Vec<String>,
}

/// A sport whose activities went into the load.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Sport {
    pub sport: String,
    pub activities: u32,
    pub hours: f64,
    pub load: f64,
    /// Activities whose load is that of power.
    pub by_power: u32,
    /// Activities whose load is that of the pace, on foot or in the water.
    pub by_pace: u32,
    /// Activities whose load is that of heart rate.
    pub by_heart_rate: u32,
    /// Activities whose load is that of the exertion that was felt.
    pub by_exertion: u32,
    /// Activities whose load is assumed from their duration.
    pub by_duration: u32,
    /// Activities whose load is that of a metric of the athlete's own.
    #[serde(skip_serializing_if = "is_zero")]
    pub by_own: u32,
}

/// Activities that did not go into the load.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LeftOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sport: Option<String>,
    pub activities: u32,
    pub why: &'static str,
}

impl Counted {
    pub(crate) fn of(view: &View<'_>) -> Self {
        let mut sports: BTreeMap<&str, Sport> = BTreeMap::new();
        let mut without: BTreeMap<&str, u32> = BTreeMap::new();
        let mut estimated = 0;
        for outing in view.last_outings(WINDOW_DAYS) {
            let Some(load) = outing.load else {
                *without.entry(&outing.sport).or_default() += 1;
                continue;
            };
            estimated += u32::from(outing.estimated);
            sports.entry(&outing.sport).or_default().add(outing.seconds, load, outing.method);
        }
        let sports: Vec<Sport> = sports.into_iter().map(|(sport, sums)| sums.rounded(sport)).collect();
        Self {
            days: WINDOW_DAYS,
            notes: notes(&sports, estimated),
            sports,
            left_out: left_out(view, without),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Sport {
    fn add(&mut self, seconds: f64, load: f64, method: Option<LoadMethod>) {
        self.activities += 1;
        self.hours += seconds / 3600.0;
        self.load += load;
        match method {
            Some(LoadMethod::Power) => self.by_power += 1,
            Some(LoadMethod::GradedPace | LoadMethod::SwimPace) => self.by_pace += 1,
            Some(LoadMethod::HeartRate) => self.by_heart_rate += 1,
            Some(LoadMethod::Rpe) => self.by_exertion += 1,
            Some(LoadMethod::Own) => self.by_own += 1,
            Some(LoadMethod::Duration) | None => self.by_duration += 1,
        }
    }

    fn rounded(self, sport: &str) -> Self {
        let (hours, load) = (rounded(self.hours, 1), rounded(self.load, 0));
        Self { sport: sport.to_owned(), hours, load, ..self }
    }
}

fn left_out(view: &View<'_>, without: BTreeMap<&str, u32>) -> Vec<LeftOut> {
    let since = view.today.saturating_sub((WINDOW_DAYS - 1).days());
    let recent = view.doubles.iter().filter(|(day, _)| (since..=view.today).contains(day));
    let doubles: u32 = recent.map(|(_, count)| count).sum();
    let without = without.into_iter().map(|(sport, activities)| LeftOut {
        sport: Some(sport.to_owned()),
        activities,
        why: "neither power, heart rate nor duration is known",
    });
    let doubled =
        LeftOut { sport: None, activities: doubles, why: "another record of the same activity is counted" };
    without.chain((doubles > 0).then_some(doubled)).collect()
}

fn notes(sports: &[Sport], estimated: u32) -> Vec<String> {
    let by_duration: u32 = sports.iter().map(|sport| sport.by_duration).sum();
    let assumed = (by_duration > 0).then(|| {
        format!("{} without power, pace or heart rate: load estimated from duration", activities(by_duration))
    });
    let never_given = (estimated > 0).then(|| {
        format!("the load of {} rests on estimated settings, not on given ones", activities(estimated))
    });
    assumed.into_iter().chain(never_given).collect()
}

fn activities(count: u32) -> String {
    format!("{count} {}", if count == 1 { "activity" } else { "activities" })
}

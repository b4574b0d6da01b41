//! What loads are measured against: the athlete's own figures, dated, and estimates where none was given.

mod estimate;
mod history;
mod value;
mod zones;

pub(crate) use estimate::ftp_of;
pub use estimate::{Peak, differing};
pub use history::SettingsHistory;
pub use value::{Name, SettingError, Value, of_edges, of_number, parse};
pub use zones::{Measure, Zoned, Zones, ZonesError};

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::heart_rate::Sex;
use crate::load::{LoadOf, LoadOrder};

/// The date from which a setting holds that was given without one: before every activity.
pub const ALWAYS: Date = Date::constant(1, 1, 1);

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The athlete.
    Given,
    /// Earlier activities, or a default before the first of them.
    Estimated,
}

impl Source {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Estimated => "estimated",
        }
    }

    /// The source of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Given, Self::Estimated].into_iter().find(|source| source.as_str() == word)
    }
}

/// A value with its source.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Setting<T> {
    pub value: T,
    pub source: Source,
}

impl<T> Setting<T> {
    /// Another form of the value, from the same source.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: change(self.value), source: self.source }
    }

    /// True where the athlete never gave it.
    pub fn is_estimated(&self) -> bool {
        self.source == Source::Estimated
    }
}

/// One setting from one day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Dated {
    pub name: Name,
    pub from: Date,
    pub value: Value,
    pub source: Source,
}

/// What holds on one day. What has no sensible estimate is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    pub sex: Setting<Sex>,
    /// Beats per minute.
    pub hr_rest: Setting<f64>,
    /// Beats per minute.
    pub hr_max: Setting<f64>,
    /// Heart rate at the lactate threshold, in beats per minute.
    pub lthr: Setting<f64>,
    /// Threshold power on the bicycle, in watts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ftp: Option<Setting<f64>>,
    /// Threshold pace on foot, in seconds per kilometre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_pace_s_per_km: Option<Setting<f64>>,
    /// Critical swim speed, in seconds per 100 m.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub css_s_per_100m: Option<Setting<f64>>,
    /// Heart rate at the first ventilatory threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vt1: Option<Setting<f64>>,
    /// And at the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vt2: Option<Setting<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_kg: Option<Setting<f64>>,
    /// What loads are computed from, where the athlete set an order.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub load_by: BTreeMap<LoadOf, LoadOrder>,
    /// Zones that the athlete set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub zones: BTreeMap<Zoned, Zones>,
}

impl Settings {
    /// True where a load by heart rate would rest on an estimate.
    pub fn estimates_heart_rate(&self) -> bool {
        let rates = [self.hr_rest, self.hr_max, self.lthr];
        self.sex.is_estimated() || rates.iter().any(Setting::is_estimated)
    }

    /// Which zones the athlete set of a measure for a sport: those of the sport, else those of every sport.
    pub fn zoned(&self, measure: Measure, sport: &str) -> Option<Zoned> {
        let named = [Zoned::of(measure, Some(sport)), Zoned::of(measure, None)];
        named.into_iter().flatten().find(|zoned| self.zones.contains_key(zoned))
    }

    /// These zones.
    pub fn zones(&self, measure: Measure, sport: &str) -> Option<Zones> {
        self.zoned(measure, sport).and_then(|zoned| self.zones.get(&zoned).copied())
    }

    /// In which order the methods of a load are tried.
    pub fn load_order(&self, of: LoadOf) -> LoadOrder {
        self.load_by.get(&of).copied().unwrap_or(LoadOrder::USUAL)
    }

    /// Checks that the heart rates the athlete gave are in order: rest below threshold below maximum, and the two
    /// ventilatory thresholds.
    pub fn check(&self) -> Result<(), SettingError> {
        let in_order = [(Name::HrRest, self.hr_rest), (Name::Lthr, self.lthr), (Name::HrMax, self.hr_max)];
        let given: Vec<(Name, f64)> = in_order
            .into_iter()
            .filter(|(_, setting)| !setting.is_estimated())
            .map(|(name, setting)| (name, setting.value))
            .collect();
        let wrong = given.windows(2).find(|pair| pair[0].1 >= pair[1].1);
        let ventilatory = self.vt1.zip(self.vt2).filter(|(vt1, vt2)| vt1.value >= vt2.value);
        if let Some((vt1, vt2)) = ventilatory {
            return Err(SettingError::OutOfOrder {
                lower: (Name::Vt1, vt1.value),
                higher: (Name::Vt2, vt2.value),
            });
        }
        wrong.map_or(Ok(()), |pair| Err(SettingError::OutOfOrder { lower: pair[0], higher: pair[1] }))
    }
}

//! One load for every activity, by a stated chain: power, else heart rate, else duration.

use serde::{Deserialize, Serialize};

use crate::heart_rate::{HeartScale, HrSeconds};
use crate::power;
use crate::settings::{self, Settings};

/// Load of an hour when only the duration is known.
///
/// 100 × IF² with an intensity of 0.65, an easy endurance pace in Coggan's scale: 42.25 an hour.
/// Evidence: an assumption, in the middle of what coaches book for an hour without data (40 to 50).
const LOAD_PER_HOUR: f64 = 100.0 * 0.65 * 0.65;
/// A heart rate known for less of the effort than this (a strap that died) does not stand for all of it.
const HEART_RATE_COVERS: f64 = 0.5;
/// A recording that ran on past this does not stand for effort.
const LONGEST_EFFORT_S: f64 = 24.0 * 3600.0;

/// What a load was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadMethod {
    /// TSS from normalized power and threshold power.
    Power,
    /// hrTSS from the seconds at each heart rate.
    HeartRate,
    /// An assumed easy hour.
    Duration,
}

impl LoadMethod {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::HeartRate => "heart_rate",
            Self::Duration => "duration",
        }
    }

    /// The method of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Power, Self::HeartRate, Self::Duration].into_iter().find(|method| method.as_str() == word)
    }
}

/// What of an activity its load depends on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effort {
    pub sport: String,
    pub sub_sport: Option<String>,
    pub elapsed_s: Option<f64>,
    pub timer_s: Option<f64>,
    pub moving_s: Option<f64>,
    pub np: Option<f64>,
    pub best_20min_power: Option<f64>,
    pub hr_seconds: Option<HrSeconds>,
}

/// What the athlete's settings make of an effort; absent where it cannot be known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    pub trimp: Option<f64>,
    pub hrtss: Option<f64>,
    /// Intensity factor (IF).
    pub intensity: Option<f64>,
    pub tss: Option<f64>,
    pub load: Option<f64>,
    pub method: Option<LoadMethod>,
    /// True where the load rests on a setting that the athlete never gave.
    pub estimated: bool,
}

impl Load {
    /// Computes every load of an effort and picks one: power TSS for cycling, else hrTSS where the heart rate is
    /// known for half of the effort at least, else the duration.
    pub fn of(effort: &Effort, settings: &Settings) -> Self {
        let (intensity, tss) = by_power(effort, settings).unzip();
        let (trimp, hrtss) = by_heart_rate(effort, settings);
        let by_duration = effort.duration_s().map(|seconds| LOAD_PER_HOUR * seconds / 3600.0);
        let chain = [
            (tss, LoadMethod::Power),
            (hrtss.filter(|_| effort.heart_rate_covers()), LoadMethod::HeartRate),
            (by_duration, LoadMethod::Duration),
        ];
        let chosen = chain.into_iter().find_map(|(load, method)| Some((load?, method)));
        let (load, method) = chosen.unzip();
        let estimated = match method {
            Some(LoadMethod::Power) => settings.ftp.is_some_and(|ftp| ftp.is_estimated()),
            Some(LoadMethod::HeartRate) => settings.estimates_heart_rate(),
            _ => false,
        };
        Self { trimp, hrtss, intensity, tss, load, method, estimated }
    }
}

impl Effort {
    /// Seconds of effort: the timer's, else those in motion, else all of them, at most a day.
    pub fn duration_s(&self) -> Option<f64> {
        let seconds = self.timer_s.or(self.moving_s).or(self.elapsed_s);
        seconds.filter(|seconds| *seconds > 0.0).map(|seconds| seconds.min(LONGEST_EFFORT_S))
    }

    fn heart_rate_covers(&self) -> bool {
        let known_s = self.hr_seconds.as_ref().map_or(0.0, HrSeconds::total_s);
        self.duration_s().is_none_or(|seconds| known_s >= HEART_RATE_COVERS * seconds)
    }

    /// True where threshold power on the bicycle is the measure of power.
    pub fn is_cycling(&self) -> bool {
        is_cycling(&self.sport, self.sub_sport.as_deref())
    }
}

/// True for sports on a bicycle, trainers included; a runner's or rower's watts have another threshold.
pub fn is_cycling(sport: &str, sub_sport: Option<&str>) -> bool {
    let names_it = |word: &str| word.contains("cycling") || word.contains("biking") || word.contains("ride");
    names_it(sport) || sub_sport.is_some_and(|word| names_it(word) || word == "spin")
}

fn by_power(effort: &Effort, settings: &Settings) -> Option<(f64, f64)> {
    let setting = settings.ftp.filter(|_| effort.is_cycling())?;
    // An estimate from easy months gives way to what the effort itself proves.
    let proven = effort.best_20min_power.filter(|_| setting.is_estimated()).map(settings::ftp_of);
    let ftp = setting.value.max(proven.unwrap_or(0.0));
    let (np, seconds) = (effort.np?, effort.timer_s.or(effort.moving_s).or(effort.elapsed_s)?);
    Some((power::intensity(np, ftp), power::training_stress(seconds, np, ftp)))
}

fn by_heart_rate(effort: &Effort, settings: &Settings) -> (Option<f64>, Option<f64>) {
    let Some(held) = &effort.hr_seconds else {
        return (None, None);
    };
    let scale = HeartScale {
        sex: settings.sex.value,
        rest_bpm: settings.hr_rest.value,
        max_bpm: settings.hr_max.value,
    };
    let trimp = held.trimp(&scale);
    (Some(trimp), scale.hrtss(trimp, settings.lthr.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heart_rate::Sex;
    use crate::settings::{Setting, Source};

    fn given<T>(value: T) -> Setting<T> {
        Setting { value, source: Source::Given }
    }

    fn settings(ftp: Option<Setting<f64>>) -> Settings {
        Settings {
            sex: given(Sex::Male),
            hr_rest: given(50.0),
            hr_max: given(190.0),
            lthr: Setting { value: 170.0, source: Source::Estimated },
            ftp,
            threshold_pace_s_per_km: None,
            weight_kg: None,
        }
    }

    /// An hour at 200 W and 150 bpm.
    fn ride() -> Effort {
        Effort {
            sport: "cycling".to_owned(),
            timer_s: Some(3600.0),
            np: Some(200.0),
            hr_seconds: "150:3600".parse().ok(),
            ..Effort::default()
        }
    }

    fn check(effort: &Effort, ftp: Option<Setting<f64>>, wanted: (f64, LoadMethod, bool)) {
        let load = Load::of(effort, &settings(ftp));
        let rounded = (load.load.unwrap() * 1000.0).round() / 1000.0;
        assert_eq!((rounded, load.method.unwrap(), load.estimated), wanted);
    }

    #[test]
    fn power_comes_first() {
        check(&ride(), Some(given(250.0)), (64.0, LoadMethod::Power, false));
    }

    #[test]
    fn heart_rate_serves_without_a_threshold_power() {
        check(&ride(), None, (63.343, LoadMethod::HeartRate, true));
    }

    #[test]
    fn an_estimated_threshold_power_gives_way_to_what_the_effort_proves() {
        let ride = Effort { best_20min_power: Some(263.0), ..ride() };
        let easy = Setting { value: 150.0, source: Source::Estimated };
        check(&ride, Some(easy), (64.0, LoadMethod::Power, true));
        check(&ride, Some(given(150.0)), (177.778, LoadMethod::Power, false));
    }

    #[test]
    fn watts_of_a_runner_do_not_count() {
        let run = Effort { sport: "running".to_owned(), ..ride() };
        check(&run, Some(given(250.0)), (63.343, LoadMethod::HeartRate, true));
    }

    #[test]
    fn the_duration_is_the_last_resort() {
        let yoga = Effort { sport: "yoga".to_owned(), elapsed_s: Some(3600.0), ..Effort::default() };
        check(&yoga, None, (42.25, LoadMethod::Duration, false));
    }

    #[test]
    fn a_strap_that_died_does_not_stand_for_the_ride() {
        let ride = Effort { hr_seconds: "150:600".parse().ok(), ..ride() };
        check(&ride, None, (42.25, LoadMethod::Duration, false));
    }

    #[test]
    fn a_clock_left_running_is_a_day_at_most() {
        let hike = Effort { elapsed_s: Some(27.0 * 86_400.0), ..Effort::default() };
        check(&hike, None, (1014.0, LoadMethod::Duration, false));
    }

    #[test]
    fn an_effort_without_time_has_no_load() {
        assert_eq!(Load::of(&Effort::default(), &settings(None)), Load::default());
    }

    #[test]
    fn every_load_is_kept_beside_the_chosen_one() {
        let load = Load::of(&ride(), &settings(Some(given(250.0))));
        let numbers = [load.intensity, load.tss, load.trimp, load.hrtss];
        assert_eq!(
            numbers.map(|number| (number.unwrap() * 1000.0).round()),
            [800.0, 64_000.0, 108_095.0, 63_343.0]
        );
    }

    #[test]
    fn a_trainer_is_a_bicycle() {
        assert!(is_cycling("fitness_equipment", Some("indoor_cycling")));
    }
}

//! Which of the athlete's settings a metric rests on.

use engine::script::formula::Formula;
use engine::script::version;
use fitness::settings::{Dated, Name, Source};

/// What the athlete gave of the settings that a formula reads, as a hash; empty where it reads none.
///
/// What is estimated follows from activities, which are due where that changes; what is given does not.
pub(crate) fn hash_of(dated: &[Dated], formula: &Formula) -> String {
    let is_of_athlete = |path: &&String| path.split('.').next() == Some("athlete");
    let paths: Vec<&String> = formula.inputs().iter().filter(is_of_athlete).collect();
    if paths.is_empty() {
        return String::new();
    }
    let is_whole = formula.passes("athlete");
    let is_read = |name: Name| is_told(name) && (is_whole || paths.iter().any(|path| rests_on(path, name)));
    let given = dated.iter().filter(|dated| dated.source == Source::Given && is_read(dated.name));
    let lines =
        given.map(|dated| format!("{} {} {}\n", dated.name.as_str(), dated.from, dated.value.to_stored()));
    version::hash(&lines.collect::<String>())
}

/// False for what no metric is given.
fn is_told(name: Name) -> bool {
    !matches!(name, Name::LoadBy(_) | Name::Zones(_) | Name::Race)
}

/// True where what stands at a path below `athlete` is another with that setting; estimates rest on others too.
fn rests_on(path: &str, name: Name) -> bool {
    let path = path.strip_prefix("athlete.").unwrap_or_default();
    let path = path.strip_prefix("estimated.").unwrap_or(path);
    match path.split('.').next().unwrap_or_default() {
        "sex" => name == Name::Sex,
        "hr_rest" => name == Name::HrRest,
        "hr_max" => matches!(name, Name::HrMax | Name::Lthr | Name::BirthYear),
        "lthr" => matches!(name, Name::Lthr | Name::HrRest | Name::HrMax | Name::BirthYear),
        "ftp" => name == Name::Ftp,
        "threshold_pace_s_per_km" => name == Name::ThresholdPace,
        "css_s_per_100m" => name == Name::Css,
        "vt1" => name == Name::Vt1,
        "vt2" => name == Name::Vt2,
        "weight_kg" => name == Name::Weight,
        "age" => name == Name::BirthYear,
        // All of them, or what nobody knows.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use fitness::heart_rate::Sex;
    use fitness::settings::{ALWAYS, SettingsHistory, Value as Set};
    use serde_json::Value;

    use super::*;
    use crate::argument;

    fn told(settings: &[Dated]) -> Value {
        let date = jiff::civil::date(2026, 5, 2);
        argument::athlete(&SettingsHistory::new(settings, []), Some(date)).unwrap()
    }

    #[test]
    fn whatever_a_setting_changes_rests_on_it() {
        let given = [
            (Name::Sex, Set::Sex(Sex::Female)),
            (Name::Sex, Set::Sex(Sex::Male)),
            (Name::HrRest, Set::Number(41.0)),
            (Name::HrMax, Set::Number(205.0)),
            (Name::Lthr, Set::Number(190.0)),
            (Name::Vt1, Set::Number(140.0)),
            (Name::Vt2, Set::Number(165.0)),
            (Name::Ftp, Set::Number(250.0)),
            (Name::ThresholdPace, Set::Number(270.0)),
            (Name::Css, Set::Number(100.0)),
            (Name::Weight, Set::Number(70.0)),
            (Name::BirthYear, Set::Number(1960.0)),
        ];
        let before = told(&[]);
        for (name, value) in given {
            let after = told(&[Dated { name, from: ALWAYS, value, source: Source::Given }]);
            let mut changed = 0;
            for part in ["", "/estimated"] {
                let keys = after.pointer(part).and_then(Value::as_object).unwrap().keys();
                for key in keys.filter(|key| *key != "estimated") {
                    let at = format!("{part}/{key}");
                    if before.pointer(&at) != after.pointer(&at) {
                        let path = format!("athlete{}", at.replace('/', "."));
                        assert!(rests_on(&path, name), "{path} follows {}", name.as_str());
                        changed += 1;
                    }
                }
            }
            assert!(changed > 0, "nobody is told of {}", name.as_str());
        }
    }
}

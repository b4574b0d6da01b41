use serde_json::json;

use super::*;

/// Of 21 November 2026 in UTC.
const NOON_MS: i64 = 1_795_262_400_000;

fn insight() -> Insight {
    serde_json::from_value(json!({
        "date": "2026-11-21",
        "today": {
            "text": "Easy session, 40 minutes, below 148 bpm.",
            "pick": "easy", "minutes": 40, "why": "Your form is -28.", "rule": "fatigue",
            "cap": { "feel": "easy", "below_bpm": 148, "estimated": true },
            "source": { "path": "scripts/rules/fatigue.rhai", "line": 11 },
        },
        "trend": { "word": "building", "number": 3.1, "period_days": 28 },
        "predictions": { "items": [{
            "distance": "5k", "seconds": 1275.0, "low": 1249.0, "high": 1302.0, "change_s": -12.0,
            "confidence": "medium", "basis": { "window_days": 90, "hard_efforts": 3, "newest_days": 9 },
        }] },
        "contributors": [
            { "figure": "form.tsb", "name": "Form", "value": -18.0, "unit": "", "word": "low",
              "usual": { "low": -12.0, "high": 6.0, "days": 90 }, "from": "2026-10-10", "to": "2026-11-20" },
            { "figure": "week.hours", "name": "7-day time", "value": 6.5, "unit": "h",
              "from": "2026-11-14", "to": "2026-11-20" },
        ],
        "counted": {
            "days": 28,
            "sports": [{ "sport": "running", "activities": 12, "hours": 9.4, "load": 560.0 }],
            "left_out": [{ "activities": 1, "why": "another record of the same activity is counted" }],
            "notes": ["2 activities without power or heart rate: load estimated from duration"],
        },
        "next": { "pick": "hard", "minutes": 60, "why": "You are fresh.", "rule": "fresh" },
        "rules": [
            { "id": "fatigue", "verdict": "won", "weight": 90 },
            { "id": "fresh", "verdict": "lost", "pick": "hard", "weight": 60, "why": "You are fresh." },
            { "id": "heat", "verdict": "lost", "pick": "easy", "weight": 45, "why": "It is warm." },
            { "id": "come_back", "verdict": "silent" },
            { "id": "sudden_load", "verdict": "missing", "why": "`load.ratio` is not known" },
        ],
        "missing": ["load.ratio"],
    }))
    .unwrap()
}

#[test]
fn the_card_answers_what_why_and_how_that_came_about() {
    let wanted = "\
TODAY · Sat 21 Nov 2026
Easy session, 40 minutes, below 148 bpm.
Your form is -28.

Form               -18  usual -12 to 6       low    2026-10-10 to 2026-11-20
7-day time       6.5 h  usual not known yet         2026-11-14 to 2026-11-20
Trend         building: fitness +3.1 in 28 days
5k               21:15  20:49 to 21:42, -0:12 in 28 days
              medium confidence: 3 hard efforts in 90 days, newest 9 days old
Counted       in 28 days: running 12 (9.4 h, load 560)
Not counted   records 1: another record of the same activity is counted
              2 activities without power or heart rate: load estimated from
              duration

Rule          fatigue, weight 90, scripts/rules/fatigue.rhai:11
Next best     fresh: hard, 60 minutes. You are fresh.
Outvoted      heat said easy, weight 45: It is warm.
Missing       sudden_load: `load.ratio` is not known
Silent        come_back
Not known     load.ratio
Estimated     the threshold heart rate; `paceline athlete set --lthr` gives
              yours";
    assert_eq!(insight().card(None, NOON_MS).text(false), wanted);
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    let mut insight = insight();
    insight.today.as_mut().unwrap().why = "word ".repeat(60);
    insight.missing = vec!["form.ctl_four_weeks_ago".to_owned(); 12];
    let text = insight.card(None, NOON_MS).text(false);
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
}

#[test]
fn what_is_missing_for_a_prediction_is_said() {
    let mut insight = insight();
    let needs = Needs { message: "needs one hard effort of a mile or more".to_owned() };
    insight.predictions = Some(Predictions { items: Vec::new(), needs: Some(needs) });
    let text = insight.card(None, NOON_MS).text(false);
    assert!(text.contains("Predicted     needs one hard effort of a mile or more"), "{text}");
}

#[test]
fn a_day_without_advice_says_so() {
    let insight: Insight = serde_json::from_value(json!({ "date": "2026-05-02" })).unwrap();
    let text = insight.card(Some(Date::constant(2026, 5, 2)), NOON_MS).text(false);
    assert!(text.starts_with("Sat 2 May 2026\nNo rule had anything to say."), "{text}");
}

#[test]
fn a_forecast_has_its_age_today_and_none_on_other_days() {
    let mut insight = insight();
    let outlook = json!({
        "low_c": 3.4, "high_c": 9.0, "told_ms": NOON_MS - 3 * 3_600_000, "attribution": "Weather data by Open-Meteo.com",
    });
    insight.forecast = serde_json::from_value(outlook).unwrap();
    let shown = |asked_for, now_ms| {
        let text = insight.card(asked_for, now_ms).text(false);
        text.lines().find_map(|line| line.strip_prefix("Weather       ").map(str::to_owned)).unwrap()
    };
    assert!(shown(None, NOON_MS).starts_with("3 to 9 °C · forecast of 3 h ago · Weather data by"));
    let old = shown(None, NOON_MS + 30 * 3_600_000);
    assert!(old.starts_with("3 to 9 °C · forecast of 33 h ago, too old for advice"), "{old}");
    let past = shown(Some(Date::constant(2026, 11, 21)), NOON_MS + 30 * 3_600_000);
    assert!(past.starts_with("3 to 9 °C · Weather data by"), "{past}");
}

//! The shipped rules, the step and the query, from days in a store to the advice.

mod house;
mod shipped;

use engine::registry::QueryError;
use engine::script::Library;
use engine::step::{Cause, Step, StepError};
use fitness::Changes;
use fitness::weather::Air;
use house::{House, Run};
use serde_json::{Value, json};

use crate::{Daily, DailyConfig};

/// Each scenario is a test of its own on SQLite, and on PostgreSQL one test has an athlete for each of them.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                let store = house::store(&support::sqlite_url()).await;
                scenario::$name(House::new(&store, stringify!($name)).await).await;
            }
        )*

        #[tokio::test]
        async fn every_scenario_holds_on_postgres() {
            let store = house::store(&support::postgres_url()).await;
            $( scenario::$name(House::new(&store, stringify!($name)).await).await; )*
        }
    };
}

scenarios![
    the_step_keeps_what_the_query_answers,
    a_kept_insight_is_answered_without_asking_a_rule,
    the_query_asks_the_rules_that_were_asked_last,
    rules_that_there_are_none_of_are_hopeless,
    an_insight_of_days_that_changed_meanwhile_is_not_kept,
    the_same_days_give_the_same_bytes,
    advice_that_stands_is_not_asked_for_again,
    what_becomes_another_is_asked_about_again,
    rules_that_failed_are_asked_again,
    days_not_computed_yet_change_nothing,
    an_earlier_day_sees_nothing_of_later_ones,
    the_artifact_is_the_advice_in_short,
    a_broken_rule_breaks_nothing_else,
    nothing_known_is_answered_kindly,
    a_stranger_is_answered_kindly_and_not_kept,
    today_is_the_athletes_own_day,
    a_day_in_the_future_is_refused,
    a_day_that_is_none_is_refused,
    an_insight_of_an_older_form_is_worked_out_anew,
    an_evaluation_answers_the_card_and_keeps_nothing,
    a_draft_stands_in_place_of_the_rule_of_its_name,
    a_draft_stands_beside_all_others,
    a_draft_may_be_asked_alone,
    a_draft_that_does_not_compile_is_refused_with_its_place,
    a_draft_that_never_ends_is_refused_with_its_loop,
    a_draft_that_advises_nonsense_is_refused,
    a_draft_needs_a_plain_name,
    a_backtest_answers_what_each_day_would_have_said,
    a_backtest_of_a_rule_reads_the_days_and_its_former_text,
    a_backtest_that_cannot_be_says_why,
    what_is_told_of_a_double_counts_for_the_run_that_is_counted,
    a_new_best_is_one_of_the_year,
    heat_is_read_from_the_export,
    weather_of_the_service_counts_where_the_export_tells_none,
    a_hot_forecast_at_home_speaks_before_the_last_outing,
    a_forecast_that_is_older_than_a_day_is_shown_and_no_rule_sees_it,
    advice_does_not_outlive_the_forecast_that_it_rests_on,
    a_forecast_that_was_told_again_in_the_same_words_is_as_young_as_it_was_told,
    a_new_home_takes_todays_advice_with_it,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn advice_does_not_outlive_a_change_that_another_connection_commits_beside_it() {
    for url in support::databases() {
        let house = House::new(&house::store(&url).await, "beside").await;
        house.trained("2024-05-01", &[60.0; 60]).await;
        assert!(!house.keep_beside("2024-05-01", &url, &[50.0; 60]).await);
        assert_eq!(house.kept("2024-05-01").await, None);
        house.advise("2024-05-01").await;
        let kept: Value = serde_json::from_str(&house.kept("2024-05-01").await.unwrap()).unwrap();
        assert_eq!(kept["day"]["load"]["today"], 50.0);
    }
}

mod scenario {
    use super::*;

    pub(super) async fn the_step_keeps_what_the_query_answers(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let computed = house.ask("2024-05-01", None).await.unwrap().to_string();
        house.advise("2024-05-01").await;
        assert_eq!(house.kept("2024-05-01").await.as_ref(), Some(&computed));
        assert_eq!(house.ask("2024-05-01", None).await.unwrap().to_string(), computed);
    }

    pub(super) async fn a_kept_insight_is_answered_without_asking_a_rule(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.advise("2024-05-01").await;
        let kept = house.kept("2024-05-01").await.unwrap();
        let house = house.with(Library::default());
        assert_eq!(house.ask("2024-05-01", None).await.unwrap().to_string(), kept);
    }

    pub(super) async fn the_query_asks_the_rules_that_were_asked_last(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.try_advise("2024-05-01", "rules/come_*.rhai").await.unwrap();
        let insight = house.ask("2024-05-02", None).await.unwrap();
        let ids: Vec<&Value> = insight["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
        assert_eq!((&insight["asked"], ids), (&"rules/come_*.rhai".into(), vec![&"come_back".into()]));
    }

    pub(super) async fn rules_that_there_are_none_of_are_hopeless(house: House) {
        match house.try_advise("2024-05-01", "rules/of_mine/*.rhai").await {
            Err(StepError::Hopeless(Cause { code: "rules_missing", message, .. })) => assert_eq!(
                message,
                "no file below `scripts/` fits `rules/of_mine/*.rhai`, so there is no rule to ask"
            ),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn an_insight_of_days_that_changed_meanwhile_is_not_kept(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        assert!(!house.keep_late("2024-05-01", &[50.0; 60]).await);
        assert_eq!(house.kept("2024-05-01").await, None);
        assert!(house.keep_late("2024-05-01", &[60.0; 60]).await);
    }

    pub(super) async fn the_same_days_give_the_same_bytes(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.advise("2024-05-01").await;
        let first = house.kept("2024-05-01").await;
        assert_eq!(house.written_again("2024-05-01").await, 0);
        assert_eq!(house.kept("2024-05-01").await, first);
    }

    pub(super) async fn advice_that_stands_is_not_asked_for_again(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let first = house.advise("2024-05-01").await;
        assert_eq!(house.asked_again("2024-05-01").await, 0);
        assert_eq!(house.advise("2024-05-01T20:00:00Z").await, first);
    }

    pub(super) async fn what_becomes_another_is_asked_about_again(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.lives_under("2024-05-01", HOT, "2024-04-30T16:00:00Z").await;
        house.advise("2024-05-01").await;

        house.keep_body("2024-05-01", "{}").await;
        assert_ne!(house.asked_again("2024-05-01").await, 0, "what somebody else kept");
        house.measured("2024-05-01", 48.0).await;
        assert_ne!(house.asked_again("2024-05-01").await, 0, "a fact");
        assert_eq!(house.asked_again("2024-05-01").await, 0);
        assert_ne!(house.asked_again("2024-05-01T17:00:00Z").await, 0, "a forecast that grew old");
        assert_ne!(house.asked_again("2024-05-02").await, 0, "the day");

        let rule = "//! Rests.\nfn applies(day) { true }\n\
                    fn advise(day) { #{ pick: \"rest\", weight: 99, why: \"So.\" } }\nfn examples() { [] }";
        let texts = [("scripts/rules/rest.rhai".to_owned(), rule.to_owned())];
        let house = house.with(Library::from_texts(texts.into()));
        assert_eq!(house.asked_again("2024-05-02").await, 1, "the rules");
    }

    pub(super) async fn rules_that_failed_are_asked_again(house: House) {
        let texts = [("scripts/rules/broken.rhai".to_owned(), "fn applies(day) {".to_owned())];
        let house = house.with(Library::from_texts(texts.into()));
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.advise("2024-05-01").await;
        assert_eq!(house.asked_again("2024-05-01").await, 1);
    }

    pub(super) async fn days_not_computed_yet_change_nothing(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let before = house.ask("2024-05-03", None).await.unwrap();
        house.trained("2024-05-03", &[[60.0; 60].as_slice(), &[0.0, 0.0]].concat()).await;
        assert_eq!(house.ask("2024-05-03", None).await.unwrap(), before);
    }

    pub(super) async fn an_earlier_day_sees_nothing_of_later_ones(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let before = house.ask("2024-05-01", None).await.unwrap();
        house.trained("2024-05-03", &[[60.0; 60].as_slice(), &[300.0, 300.0]].concat()).await;
        assert_eq!(house.ask("2024-05-03", Some("2024-05-01")).await.unwrap(), before);
    }

    pub(super) async fn the_artifact_is_the_advice_in_short(house: House) {
        house.trained("2024-05-01", &[[60.0; 60].as_slice(), &[0.0]].concat()).await;
        let artifact = serde_json::to_value(house.advise("2024-05-01").await).unwrap();
        assert_eq!((&artifact["date"], &artifact["rule"]), (&"2024-05-01".into(), &"streak".into()));
    }

    pub(super) async fn a_broken_rule_breaks_nothing_else(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let texts =
            [("scripts/rules/a.rhai", "//! Broken.\nfn applies(day) {"), ("scripts/rules/b.rhai", SPEAKS)];
        let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let house = house.with(Library::from_texts(texts.into()));
        let insight = house.ask("2024-05-01", None).await.unwrap();
        let verdicts: Vec<&Value> =
            insight["rules"].as_array().unwrap().iter().map(|rule| &rule["verdict"]).collect();
        assert_eq!(verdicts, ["failed", "won"]);
    }

    pub(super) async fn nothing_known_is_answered_kindly(house: House) {
        let advice = house.advise("2024-05-01").await;
        assert_eq!(advice.rule.as_deref(), Some("come_back"));
        assert!(house.kept("2024-05-01").await.is_some());
    }

    pub(super) async fn a_stranger_is_answered_kindly_and_not_kept(house: House) {
        let stranger = house.for_athlete("stranger");
        assert_eq!(stranger.advise("2024-05-01").await.rule.as_deref(), Some("come_back"));
        assert_eq!(stranger.kept("2024-05-01").await, None);
    }

    pub(super) async fn today_is_the_athletes_own_day(house: House) {
        house.lives_in("Pacific/Auckland").await;
        // Noon of the first in UTC is the second there.
        assert_eq!(house.advise("2024-05-01").await.date, "2024-05-02");
    }

    pub(super) async fn a_day_in_the_future_is_refused(house: House) {
        check_refused(&house, "2024-05-02", "`date` of `2024-05-02` lies in the future").await;
    }

    pub(super) async fn a_day_that_is_none_is_refused(house: House) {
        for text in ["2024-02-30", "20240430", "2024-04-30T10:00", "yesterday", ""] {
            check_refused(&house, text, &format!("`date` of `{text}` is not a day such as 2024-05-01")).await;
        }
    }

    pub(super) async fn an_insight_of_an_older_form_is_worked_out_anew(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let computed = house.ask("2024-05-01", None).await.unwrap();
        house
            .keep_body(
                "2024-05-01",
                r#"{"asked":"rules/*.rhai","date":"2024-05-01","today":{"pick":"hard"}}"#,
            )
            .await;
        assert_eq!(house.ask("2024-05-01", None).await.unwrap(), computed);
    }

    pub(super) async fn an_evaluation_answers_the_card_and_keeps_nothing(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let card = house.evaluate("2024-05-02", json!({ "date": "2024-05-01" })).await.unwrap();
        assert_eq!(card, house.ask("2024-05-01", None).await.unwrap());
        assert_eq!(house.kept("2024-05-01").await, None);
    }

    pub(super) async fn a_draft_stands_in_place_of_the_rule_of_its_name(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let (verdict, count) = drafted(&house, "streak", false).await;
        assert_eq!((verdict.as_str(), count), ("lost", 14));
    }

    pub(super) async fn a_draft_stands_beside_all_others(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let (verdict, count) = drafted(&house, "mine", false).await;
        assert_eq!((verdict.as_str(), count), ("lost", 15));
    }

    pub(super) async fn a_draft_may_be_asked_alone(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let (verdict, count) = drafted(&house, "mine", true).await;
        assert_eq!((verdict.as_str(), count), ("won", 1));
        let error = house.evaluate("2024-05-01", json!({ "only": true })).await.unwrap_err();
        assert_eq!(error.to_string(), "`only` asks for a draft in `rule`");
    }

    pub(super) async fn a_draft_that_does_not_compile_is_refused_with_its_place(house: House) {
        let text = SPEAKS.replace("{ true }", "{ tru }");
        assert_eq!(mistake(&house, &text).await, ("unknown_variable", 2, 19));
    }

    pub(super) async fn a_draft_that_never_ends_is_refused_with_its_loop(house: House) {
        let text = SPEAKS.replace("{ true }", "{ loop {} }");
        assert_eq!(mistake(&house, &text).await, ("script_limit", 2, 19));
    }

    pub(super) async fn a_draft_that_advises_nonsense_is_refused(house: House) {
        let text = SPEAKS.replace("easy", "sprint");
        assert_eq!(mistake(&house, &text).await.0, "rule_result");
    }

    pub(super) async fn a_draft_needs_a_plain_name(house: House) {
        for name in ["", "../daily", "a b", &"x".repeat(65)] {
            let params = json!({ "rule": { "name": name, "text": SPEAKS } });
            match house.evaluate("2024-05-01", params).await {
                Err(QueryError::Invalid { code: "invalid_parameter", .. }) => {}
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    pub(super) async fn a_backtest_of_a_rule_reads_the_days_and_its_former_text(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let test = house.test_rule("2024-05-01", json!({ "name": "fresh_and_ready" })).await.unwrap();
        assert_eq!(
            (&test["draft"], &test["from"], &test["to"], &test["days"]),
            (&json!(false), &json!("2024-03-03"), &json!("2024-05-01"), &json!(60))
        );
        let counts = &test["counts"];
        let sum = ["fires", "silent", "missing", "failed"].map(|key| counts[key].as_i64().unwrap());
        assert_eq!((sum.iter().sum::<i64>(), test["saved"].is_null()), (60, true), "{counts}");
        assert_eq!(counts["fires"], test["fires"].as_array().unwrap().len());

        // A draft stands beside the rule in force, and both beside a version that was kept.
        let text = house.script("scripts/rules/streak.rhai");
        let former = format!("{text}\n// Former.");
        house.note_rule("scripts/rules/streak.rhai", &former).await;
        let test = house.test_rule("2024-05-01", json!({ "name": "streak" })).await.unwrap();
        let version = &test["saved"]["version"];
        assert_eq!((&test["saved"]["added"], version.is_string()), (&json!([]), true));
        let draft = json!({ "name": "streak", "text": text.replace("70", "71") });
        let days = json!({ "rule": draft, "from": "2024-04-01", "to": "2024-04-10", "against": version });
        let test = house.test_rule("2024-05-01", days).await.unwrap();
        assert_eq!(
            (&test["saved"]["version"], &test["days"], &test["draft"]),
            (version, &json!(10), &json!(true))
        );
        assert_eq!(test["fires"][0]["after"]["days_known"], 7, "what followed is beyond the last day");
    }

    pub(super) async fn a_backtest_that_cannot_be_says_why(house: House) {
        let draft = json!({ "name": "mine", "text": "fn applies(day) {" });
        let cases = [
            (json!({}), "invalid_parameter"),
            (json!({ "name": "taper", "rule": draft }), "invalid_parameter"),
            (json!({ "name": "nothing" }), "rule_unknown"),
            (json!({ "name": "taper", "against": "abc" }), "rule_version_unknown"),
            (json!({ "rule": draft }), "script_syntax"),
            (json!({ "name": "taper", "from": "2024-05-02" }), "invalid_parameter"),
            (json!({ "name": "taper", "from": "2024-04-02", "to": "2024-04-01" }), "invalid_parameter"),
            (json!({ "name": "taper", "from": "2014-04-02" }), "invalid_parameter"),
        ];
        for (params, wanted) in cases {
            let code = match house.test_rule("2024-05-01", params.clone()).await.unwrap_err() {
                QueryError::Invalid { code, .. } | QueryError::NotFound { code, .. } => code,
                QueryError::Script(found) => found[0].code,
                QueryError::Store(error) => panic!("{error}"),
            };
            assert_eq!(code, wanted, "{params}");
        }
    }

    pub(super) async fn a_backtest_answers_what_each_day_would_have_said(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let days = ["2024-03-03", "2024-03-10", "2024-05-01"];
        for advised in house.backtest(days[0], days[2]).await {
            let day = advised.date.to_string();
            if days.contains(&day.as_str()) {
                let insight = house.ask("2024-05-01", Some(&day)).await.unwrap();
                assert_eq!(advised.rule.as_deref(), insight["today"]["rule"].as_str(), "{day}");
            }
        }
    }

    pub(super) async fn what_is_told_of_a_double_counts_for_the_run_that_is_counted(house: House) {
        house.ran("2024-04-29", Run::default()).await;
        let double =
            Run { told: Some(r#"{"competition":true}"#), double_of: Some("2024-04-29"), ..Run::default() };
        house.ran("2024-04-29", double).await;
        let insight = house.ask("2024-05-01", None).await.unwrap();
        let race = json!({ "days_since": 2, "km": 10.0, "minutes": 60, "on_foot": true });
        assert_eq!(insight["day"]["race"], json!({ "last": race }));
        let left_out = &insight["counted"]["left_out"];
        assert_eq!(left_out[1]["activities"], 1, "{left_out}");
    }

    pub(super) async fn a_new_best_is_one_of_the_year(house: House) {
        let days = ["2024-03-01", "2024-03-11", "2024-03-21", "2024-04-30"];
        for (day, seconds) in days.into_iter().zip([1500.0, 1480.0, 1490.0, 1450.0]) {
            house.ran(day, Run { best_5k_s: Some(seconds), ..Run::default() }).await;
        }
        let insight = house.ask("2024-05-01", None).await.unwrap();
        let best = json!({ "days_since": 1, "distance": "5k", "seconds": 1450, "gain_s": 30 });
        assert_eq!(insight["day"]["best"], best);
        assert_eq!(insight["predictions"]["items"][0]["distance"], "5k");
    }

    pub(super) async fn heat_is_read_from_the_export(house: House) {
        let told = r#"{"weather":{"temperature_c":30.0,"humidity":0.5}}"#;
        house.ran("2024-04-30", Run { told: Some(told), ..Run::default() }).await;
        let insight = house.ask("2024-05-01", None).await.unwrap();
        assert_eq!(insight["day"]["heat"]["hadley_f"], 151.0);
        assert_eq!(insight["day"]["heat"]["dew_point_c"], 18.0);
    }

    pub(super) async fn weather_of_the_service_counts_where_the_export_tells_none(house: House) {
        house
            .ran("2024-04-29", Run { told: Some(r#"{"weather":{"temperature_c":30.0}}"#), ..Run::default() })
            .await;
        house.ran("2024-04-30", Run::default()).await;
        house.learned("2024-04-29", r#"{"start":{"temperature_c":20.0,"dew_point_c":11.0}}"#).await;
        house
            .learned(
                "2024-04-30",
                r#"{"start":{"temperature_c":25.0,"dew_point_c":18.0,"wind_mps":6.0},"wind_cost_percent":1.26}"#,
            )
            .await;
        let insight = house.ask("2024-05-01", None).await.unwrap();
        assert_eq!(insight["day"]["heat"]["temperature_c"], 25.0);
        assert_eq!(
            insight["day"]["wind"],
            json!({ "speed_mps": 6.0, "slower_percent": 1.3, "days_since": 1 })
        );
        let before = house.ask("2024-05-01", Some("2024-04-29")).await.unwrap();
        assert_eq!(before["day"]["heat"]["temperature_c"], 20.0, "the export tells no moisture");
    }

    pub(super) async fn a_hot_forecast_at_home_speaks_before_the_last_outing(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house
            .lives_under(
                "2024-05-01",
                Air { temperature_c: Some(34.0), dew_point_c: Some(22.0), ..Air::default() },
                "2024-05-01T06:00:00Z",
            )
            .await;
        let insight = house.ask("2024-05-01", None).await.unwrap();
        assert_eq!(
            (&insight["forecast"]["high_c"], &insight["day"]["forecast"]["hadley_f"]),
            (&json!(34.0), &json!(165.0))
        );
        assert_eq!(insight["forecast"]["attribution"], "Weather data by Open-Meteo.com");
        let rules = insight["rules"].as_array().unwrap();
        let heat = rules.iter().find(|rule| rule["id"] == "heat").unwrap();
        assert_ne!(heat["verdict"], "missing", "{heat}");
        let before = house.ask("2024-05-01", Some("2024-04-30")).await.unwrap();
        assert_eq!(before["day"].get("forecast"), None);
    }

    const HOT: Air = Air {
        temperature_c: Some(34.0),
        apparent_c: None,
        humidity: None,
        dew_point_c: Some(22.0),
        precipitation_mm: None,
        weather_code: None,
        cloud_cover: None,
        wind_mps: None,
        wind_direction_deg: None,
        gust_mps: None,
    };

    /// Whether the card tells a forecast, and whether rules saw it.
    fn is_told_and_seen(insight: &Value) -> (bool, bool) {
        (insight["forecast"].is_object(), insight["day"]["forecast"].is_object())
    }

    pub(super) async fn a_forecast_that_is_older_than_a_day_is_shown_and_no_rule_sees_it(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.lives_under("2024-05-01", HOT, "2024-04-30T12:00:01Z").await;
        for (now, wanted) in [("2024-05-01", (true, true)), ("2024-05-01T12:00:02Z", (true, false))] {
            assert_eq!(is_told_and_seen(&house.ask(now, None).await.unwrap()), wanted, "{now}");
        }
    }

    pub(super) async fn advice_does_not_outlive_the_forecast_that_it_rests_on(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.lives_under("2024-05-01", HOT, "2024-04-30T16:00:00Z").await;
        house.advise("2024-05-01").await;
        for (now, wanted) in [("2024-05-01", (true, true)), ("2024-05-01T17:00:00Z", (true, false))] {
            assert_eq!(is_told_and_seen(&house.ask(now, None).await.unwrap()), wanted, "{now}");
        }
        // Of a day that is over its own advice stands.
        let past = house.ask("2024-05-03", Some("2024-05-01")).await.unwrap();
        assert_eq!(is_told_and_seen(&past), (true, true));
    }

    pub(super) async fn a_forecast_that_was_told_again_in_the_same_words_is_as_young_as_it_was_told(
        house: House,
    ) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.lives_under("2024-05-01", HOT, "2024-05-01T06:00:00Z").await;
        house.advise("2024-05-01").await;
        house.lives_under("2024-05-01", HOT, "2024-05-01T11:00:00Z").await;
        let insight = house.ask("2024-05-01", None).await.unwrap();
        assert_eq!(insight["forecast"]["told_ms"], 1_714_561_200_000_i64);
    }

    pub(super) async fn a_new_home_takes_todays_advice_with_it(house: House) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        house.lives_under("2024-05-01", HOT, "2024-05-01T06:00:00Z").await;
        house.advise("2024-04-30").await;
        house.advise("2024-05-01").await;
        house.moves("2024-05-01", None).await;
        assert!(house.kept("2024-04-30").await.is_some(), "what was said yesterday stays");
        assert_eq!(house.kept("2024-05-01").await, None);
        assert_eq!(is_told_and_seen(&house.ask("2024-05-01", None).await.unwrap()), (false, false));
        house.advise("2024-05-01").await;
        house.moves("2024-05-01", None).await;
        assert!(house.kept("2024-05-01").await.is_some(), "it lived nowhere before");
        house.moves("2024-05-01", Some((10.0, 10.0))).await;
        assert_eq!(house.kept("2024-05-01").await, None);
    }

    async fn drafted(house: &House, name: &str, only: bool) -> (String, usize) {
        let params = json!({ "rule": { "name": name, "text": SPEAKS }, "only": only });
        let card = house.evaluate("2024-05-01", params).await.unwrap();
        let rules = card["rules"].as_array().unwrap();
        let draft = rules.iter().find(|rule| rule["id"] == name).unwrap();
        assert_eq!(draft["about"], "Speaks.");
        (draft["verdict"].as_str().unwrap().to_owned(), rules.len())
    }

    async fn mistake(house: &House, text: &str) -> (&'static str, u32, u32) {
        house.trained("2024-05-01", &[60.0; 60]).await;
        let params = json!({ "rule": { "name": "mine", "text": text } });
        match house.evaluate("2024-05-01", params).await {
            Err(QueryError::Script(found)) => (found[0].code, found[0].line, found[0].column),
            other => panic!("{other:?}"),
        }
    }

    const SPEAKS: &str = "//! Speaks.\nfn applies(day) { true }\n\
        fn advise(day) { #{ pick: \"easy\", weight: 1, why: \"Because.\" } }\nfn examples() { [] }";

    async fn check_refused(house: &House, date: &str, wanted: &str) {
        match house.ask("2024-05-01", Some(date)).await {
            Err(QueryError::Invalid { code: "invalid_parameter", message }) => assert_eq!(message, wanted),
            other => panic!("{date}: {other:?}"),
        }
    }
}

#[test]
fn rules_are_named_below_the_scripts() {
    for rules in ["/etc/*.rhai", "../rules/*.rhai", "rules/*"] {
        let config: DailyConfig = serde_json::from_value(serde_json::json!({ "rules": rules })).unwrap();
        let error = Daily::build(config).unwrap_err();
        assert_eq!(error.path, ["rules"], "{rules}");
    }
}

/// What the days are handed on with; the step reads them from the store.
fn unchanged() -> (Changes,) {
    (Changes::none(0),)
}

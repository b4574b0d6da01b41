use jiff::civil::date;

use super::*;

fn about() -> About {
    About {
        per: Per::Activity,
        title: "Beats".to_owned(),
        unit: "beats/km".to_owned(),
        aggregate: Aggregate::Mean,
        sports: vec!["running".to_owned()],
        decimals: 0,
        replaces_load: false,
    }
}

#[test]
fn an_answer_that_cannot_be_says_why() {
    let day = || About { per: Per::Day, sports: Vec::new(), ..about() };
    let cases = [
        (about(), Ok(())),
        (day(), Ok(())),
        (About { title: " ".to_owned(), ..about() }, Err(AboutError::Empty("title"))),
        (About { unit: String::new(), ..about() }, Err(AboutError::Empty("unit"))),
        (About { decimals: 7, ..about() }, Err(AboutError::Decimals(7))),
        (About { sports: vec!["Run!".to_owned()], ..about() }, Err(AboutError::Sport("Run!".to_owned()))),
        (About { sports: Vec::new(), replaces_load: true, ..about() }, Err(AboutError::Load)),
        (About { replaces_load: true, ..day() }, Err(AboutError::Load)),
        (About { per: Per::Day, ..about() }, Err(AboutError::SportsOfDay)),
    ];
    for (about, wanted) in cases {
        assert_eq!(about.check(), wanted, "{about:?}");
    }
}

#[test]
fn a_group_holds_its_sports_and_a_sport_only_itself() {
    let of = |sports: &[&str], sport: &str, sub_sport: Option<&str>| {
        let sports = sports.iter().map(|sport| (*sport).to_owned()).collect();
        About { sports, ..about() }.is_of(sport, sub_sport)
    };
    assert!(of(&["running"], "running", None) && of(&["cycling"], "e_biking", None));
    assert!(of(&["rowing"], "rowing", None) && !of(&["rowing"], "running", None));
    assert!(of(&[], "chess", None) && !of(&["other"], "chess", None));
}

#[test]
fn metrics_of_a_group_and_of_a_sport_in_it_meet() {
    let of = |sport: &str| About { sports: vec![sport.to_owned()], ..about() };
    assert!(of("cycling").meets(&of("e_biking")) && of("e_biking").meets(&of("cycling")));
    assert!(!of("rowing").meets(&of("running")));
}

#[test]
fn numbers_of_a_span_become_one() {
    let numbers =
        [(date(2026, 5, 3), 1.0), (date(2026, 5, 4), 5.0), (date(2026, 5, 10), 3.0), (date(2026, 6, 1), 7.0)];
    let of = |by, aggregate| over(by, aggregate, &numbers);
    let weeks = [(date(2026, 4, 27), 1.0), (date(2026, 5, 4), 8.0), (date(2026, 6, 1), 7.0)];
    assert_eq!(of(By::Week, Aggregate::Sum), weeks);
    assert_eq!(of(By::Month, Aggregate::Mean), [(date(2026, 5, 1), 3.0), (date(2026, 6, 1), 7.0)]);
    for (aggregate, wanted) in
        [(Aggregate::Max, 7.0), (Aggregate::Min, 1.0), (Aggregate::Last, 7.0), (Aggregate::Sum, 16.0)]
    {
        assert_eq!(of(By::Year, aggregate), [(date(2026, 1, 1), wanted)]);
    }
    assert_eq!(of(By::Day, Aggregate::Sum), numbers);
}

//! The doctor's line about what loads are measured against.

use std::collections::BTreeSet;

use engine::registry::{Check, Checkup, Means};
use engine::step::BoxFuture;
use fitness::records;
use fitness::settings::{Name, Source};
use store::Tx;

/// The settings whose estimate moves a load the most.
const WANTED: [Name; 4] = [Name::HrRest, Name::HrMax, Name::Lthr, Name::Ftp];

/// Looks which settings every athlete gave.
pub(crate) struct Settings;

impl Check for Settings {
    fn name(&self) -> &'static str {
        "athlete settings"
    }

    fn examine<'a>(&'a self, means: &'a Means) -> BoxFuture<'a, Vec<Checkup>> {
        Box::pin(async move {
            let (ok, detail) = match means.store.read(never_given).await {
                Ok(athletes) => (true, describe(&athletes)),
                Err(error) => (false, error.to_string()),
            };
            vec![Checkup { name: self.name().to_owned(), ok, detail }]
        })
    }
}

/// Every athlete with the settings that were never given.
fn never_given(tx: &mut Tx<'_>) -> store::Result<Vec<(String, Vec<Name>)>> {
    let mut athletes = Vec::new();
    for athlete in records::athlete::list(tx)? {
        let settings = records::athlete_setting::list(tx, &athlete.id)?;
        let given: BTreeSet<Name> =
            settings.iter().filter(|dated| dated.source == Source::Given).map(|dated| dated.name).collect();
        athletes.push((athlete.id, WANTED.into_iter().filter(|name| !given.contains(name)).collect()));
    }
    Ok(athletes)
}

// An estimate is a choice and no fault, so this line tells and never complains.
fn describe(athletes: &[(String, Vec<Name>)]) -> String {
    let lines: Vec<String> = athletes
        .iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(athlete, names)| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            format!("{athlete}: {} estimated from the activities", names.join(", "))
        })
        .collect();
    match (athletes.is_empty(), lines.is_empty()) {
        (true, _) => "no athlete yet".to_owned(),
        (_, true) => "all given".to_owned(),
        _ => format!("{}; `paceline athlete set` makes the loads yours", lines.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(athletes: &[(&str, &[Name])], wanted: &str) {
        let athletes: Vec<_> =
            athletes.iter().map(|(id, names)| ((*id).to_owned(), names.to_vec())).collect();
        assert_eq!(describe(&athletes), wanted);
    }

    #[test]
    fn what_is_estimated_is_named_with_the_way_to_give_it() {
        check(
            &[("me", &[Name::HrMax, Name::Ftp])],
            "me: maximum heart rate, threshold power estimated from the activities; \
             `paceline athlete set` makes the loads yours",
        );
    }

    #[test]
    fn settings_that_were_given_need_no_word() {
        check(&[("me", &[])], "all given");
    }

    #[test]
    fn without_an_athlete_there_is_nothing_to_say() {
        check(&[], "no athlete yet");
    }
}

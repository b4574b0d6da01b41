//! Sports by the names that FIT gives them.

/// Those that files of other makings are translated to.
pub const NAMES: [&str; 19] = [
    "running",
    "cycling",
    "swimming",
    "walking",
    "hiking",
    "rowing",
    "training",
    "mountaineering",
    "cross_country_skiing",
    "alpine_skiing",
    "snowboarding",
    "snowshoeing",
    "inline_skating",
    "ice_skating",
    "kayaking",
    "paddling",
    "e_biking",
    "stand_up_paddleboarding",
    "other",
];

/// A word that names no sport.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {}, not `{word}`", listed(known))]
pub struct UnknownSport {
    word: String,
    known: Vec<String>,
}

/// Checks a sport that was asked for: a common one, or one that the athlete has activities of, of which `own` tells.
pub fn check<E>(
    word: &str,
    own: impl FnOnce() -> Result<Vec<String>, E>,
) -> Result<Result<(), UnknownSport>, E> {
    if NAMES.contains(&word) {
        return Ok(Ok(()));
    }
    let own = own()?;
    if own.iter().any(|sport| sport == word) {
        return Ok(Ok(()));
    }
    let known = if own.is_empty() { NAMES.map(str::to_owned).into() } else { own };
    Ok(Err(UnknownSport { word: word.to_owned(), known }))
}

/// The group of sports that ways are compared within; empty for a sport that nobody named.
pub fn group<'a>(sport: &'a str, sub_sport: Option<&str>) -> &'a str {
    if crate::load::is_cycling(sport, sub_sport) {
        return "cycling";
    }
    match sport {
        "other" | "generic" | "all" => "",
        "running" | "walking" | "hiking" | "mountaineering" | "snowshoeing" => "on foot",
        "alpine_skiing" | "cross_country_skiing" | "snowboarding" => "on snow",
        "ice_skating" | "inline_skating" => "on skates",
        "rowing" | "kayaking" | "paddling" | "rafting" | "stand_up_paddleboarding" => "on water",
        sport => sport,
    }
}

fn listed(known: &[String]) -> String {
    let quoted: Vec<String> = known.iter().map(|sport| format!("`{sport}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn told(word: &str, own: &[&str]) -> String {
        let own = own.iter().map(|sport| (*sport).to_owned()).collect();
        let Ok(checked) = check(word, || Ok::<_, Infallible>(own));
        checked.map_or_else(|unknown| unknown.to_string(), |()| "known".to_owned())
    }

    #[test]
    fn a_common_sport_is_known_and_so_is_one_that_was_done() {
        assert_eq!(told("swimming", &[]), "known");
        assert_eq!(told("tennis", &["running", "tennis"]), "known");
    }

    #[test]
    fn another_word_is_refused_with_those_that_were_done() {
        assert_eq!(
            told("runing", &["cycling", "running"]),
            "must be one of `cycling`, `running`, not `runing`"
        );
        assert!(told("runing", &[]).contains("`stand_up_paddleboarding`"));
    }
}

//! What a rule may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longer than this nobody is advised to go.
const LONGEST_MINUTES: u32 = 600;
/// The weight that no rule outweighs.
const HIGHEST_WEIGHT: u8 = 100;
/// Longer texts do not fit on a card.
const LONGEST_WHY_CHARACTERS: usize = 400;

/// What to do with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    Rest,
    Easy,
    Steady,
    Hard,
    Long,
}

/// The advice of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    pub pick: Pick,
    /// How long to go.
    #[serde(default)]
    pub minutes: Option<u32>,
    /// From 0 to 100; the highest of a day wins.
    pub weight: u8,
    /// One or two sentences to the athlete.
    pub why: String,
}

impl Advice {
    /// Reads what `advise(day)` answered, or says what is wrong with it.
    pub(crate) fn read(value: Value) -> Result<Self, String> {
        let advice: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        advice.check()?;
        Ok(advice)
    }

    fn check(&self) -> Result<(), String> {
        if self.weight > HIGHEST_WEIGHT {
            return Err(format!("`weight` is {}, at most {HIGHEST_WEIGHT}", self.weight));
        }
        if self.minutes.is_some_and(|minutes| minutes == 0 || minutes > LONGEST_MINUTES) {
            return Err(format!("`minutes` must be from 1 to {LONGEST_MINUTES}"));
        }
        if self.why.trim().is_empty() || self.why.chars().count() > LONGEST_WHY_CHARACTERS {
            return Err(format!("`why` must have from 1 to {LONGEST_WHY_CHARACTERS} characters"));
        }
        Ok(())
    }
}

impl Pick {
    /// The word that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Easy => "easy",
            Self::Steady => "steady",
            Self::Hard => "hard",
            Self::Long => "long",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(change: impl FnOnce(&mut Value), wanted: &str) {
        let mut value = json!({"pick": "easy", "minutes": 40, "weight": 80, "why": "Because."});
        change(&mut value);
        let error = Advice::read(value).unwrap_err();
        assert!(error.contains(wanted), "{error}");
    }

    #[test]
    fn the_minutes_may_be_left_out() {
        let advice = Advice::read(json!({"pick": "rest", "weight": 90, "why": "Enough."})).unwrap();
        assert_eq!((advice.pick, advice.minutes), (Pick::Rest, None));
    }

    #[test]
    fn the_picks_are_a_closed_set() {
        check(|value| value["pick"] = json!("medium"), "unknown variant `medium`");
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        check(|value| value["minuts"] = json!(40), "unknown field `minuts`");
    }

    #[test]
    fn a_weight_is_at_most_100() {
        check(|value| value["weight"] = json!(101), "`weight` is 101, at most 100");
    }

    #[test]
    fn a_day_has_no_601_minutes_of_training() {
        check(|value| value["minutes"] = json!(601), "`minutes` must be from 1 to 600");
    }

    #[test]
    fn an_advice_says_why() {
        check(|value| value["why"] = json!(" "), "`why` must have from 1 to 400 characters");
    }
}

//! Eddington's number: the largest E so that on E days at least E were covered.
//!
//! Arthur Eddington, for his cycling; days and not activities are counted. A curiosity, and a good long-term aim.

use serde::Serialize;

/// So many steps beyond the number are told.
const AHEAD: u32 = 5;

/// The number of an athlete, and what is left to the next ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Eddington {
    pub number: u32,
    pub next: Vec<Step>,
}

/// A number that is not reached yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    pub number: u32,
    /// So many more days of at least that much reach it.
    pub days_needed: u32,
}

impl Eddington {
    /// The number of what was covered on each day, in the unit that is counted: kilometres, miles.
    pub fn of(days: impl IntoIterator<Item = f64>) -> Self {
        let mut days: Vec<f64> = days.into_iter().filter(|covered| *covered >= 1.0).collect();
        days.sort_unstable_by(|one, other| other.total_cmp(one));
        let reached = (1..).zip(&days).take_while(|(number, covered)| **covered >= f64::from(*number));
        let number = reached.last().map_or(0, |(number, _)| number);
        let with_at_least =
            |target: u32| days.partition_point(|covered| *covered >= f64::from(target)) as u32;
        let step = |target: u32| Step { number: target, days_needed: target - with_at_least(target) };
        Self { number, next: (number + 1..=number + AHEAD).map(step).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(days: &[f64], number: u32, days_needed: &[u32]) {
        let found = Eddington::of(days.iter().copied());
        let needed: Vec<u32> = found.next.iter().map(|step| step.days_needed).collect();
        assert_eq!((found.number, &needed[..days_needed.len()]), (number, days_needed), "{days:?}");
    }

    #[test]
    fn the_number_is_reached_on_as_many_days() {
        check(&[10.0, 8.0, 5.0, 4.0, 3.0], 4, &[2, 4, 5, 6]);
        check(&[5.0; 5], 5, &[6, 7]);
        check(&[25.0, 8.0, 5.0, 3.0, 3.0], 3, &[1, 2]);
    }

    #[test]
    fn less_than_one_is_no_day() {
        check(&[0.9], 0, &[1, 2]);
        check(&[], 0, &[1]);
        check(&[f64::NAN], 0, &[1]);
    }

    proptest! {
        #[test]
        fn one_more_day_raises_it_by_one_at_most(days in prop::collection::vec(0.0..80.0_f64, 0..90), more in 0.0..200.0_f64) {
            let before = Eddington::of(days.iter().copied());
            let after = Eddington::of(days.iter().copied().chain([more])).number;
            prop_assert!(after == before.number || after == before.number + 1);
            prop_assert_eq!(after > before.number, before.next[0].days_needed == 1 && more >= f64::from(before.number + 1));
        }
    }
}

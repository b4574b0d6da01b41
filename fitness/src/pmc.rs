//! Load over time: fitness (CTL), fatigue (ATL) and form (TSB).
//!
//! Banister's impulse-response model in Coggan's "performance management chart":
//! L(t) = L(t-1) + α × (load(t) - L(t-1)) with α = 1 - e^(-1/n), n = 42 and 7 days, from 0.
//! The other alphas in use (1/n, 2/(n+1)) are other quantities. Evidence: useful description, weak prediction.

/// Days of fitness.
const FITNESS_DAYS: f64 = 42.0;
/// Days of fatigue.
const FATIGUE_DAYS: f64 = 7.0;

/// Fitness and fatigue at the end of a day; the next day carries on from it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct State {
    pub ctl: f64,
    pub atl: f64,
}

/// One day's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// After the day's load.
    pub state: State,
    /// Form on the morning of the day: yesterday's CTL minus yesterday's ATL.
    pub tsb: f64,
}

impl State {
    /// The day that follows this state, with its load.
    #[must_use]
    pub fn next(self, load: f64) -> Day {
        let state = State {
            ctl: follow(self.ctl, load, alpha(FITNESS_DAYS)),
            atl: follow(self.atl, load, alpha(FATIGUE_DAYS)),
        };
        Day { state, tsb: self.ctl - self.atl }
    }
}

fn follow(before: f64, load: f64, alpha: f64) -> f64 {
    before + alpha * (load - before)
}

fn alpha(days: f64) -> f64 {
    // `exp_m1` keeps the digits that 1 - e^x would lose.
    -(-1.0 / days).exp_m1()
}

/// Follows day after day from a state, one load a day; days without activity are 0.
pub fn days(from: State, loads: impl IntoIterator<Item = f64>) -> impl Iterator<Item = Day> {
    loads.into_iter().scan(from, |state, load| {
        let day = state.next(load);
        *state = day.state;
        Some(day)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, wanted: f64) {
        assert!((value - wanted).abs() < 5e-5, "{value} is not {wanted}");
    }

    fn after_42_days() -> Day {
        days(State::default(), [100.0; 42]).last().unwrap()
    }

    #[test]
    fn fitness_after_42_days_of_100_is_63_2121() {
        near(after_42_days().state.ctl, 63.2121);
    }

    #[test]
    fn fatigue_after_42_days_of_100_is_99_7521() {
        near(after_42_days().state.atl, 99.7521);
    }

    /// The other alphas in use are other quantities, and ours is none of them.
    #[test]
    fn neither_the_1_over_n_nor_the_2_over_n_plus_1_form_is_meant() {
        let after_42 = |alpha: f64| (0..42).fold(0.0, |before, _| follow(before, 100.0, alpha));
        for (days, ours, one, two) in
            [(FITNESS_DAYS, 63.2121, 63.6544, 86.4716), (FATIGUE_DAYS, 99.7521, 99.8457, 99.9994)]
        {
            near(after_42(alpha(days)), ours);
            near(after_42(1.0 / days), one);
            near(after_42(2.0 / (days + 1.0)), two);
        }
    }

    #[test]
    fn the_first_load_is_no_seed() {
        let first = State::default().next(100.0);
        assert!(first.state.ctl < 3.0 && first.state.atl < 14.0, "{first:?}");
        assert_eq!(first.tsb, 0.0);
    }

    #[test]
    fn form_is_that_of_the_morning() {
        let two: Vec<Day> = days(State::default(), [100.0, 50.0]).collect();
        assert_eq!((two[0].tsb, two[1].tsb), (0.0, two[0].state.ctl - two[0].state.atl));
    }

    #[test]
    fn carrying_on_gives_the_same_bits_as_starting_over() {
        let first = days(State::default(), [100.0; 20]).last().unwrap();
        assert_eq!(days(first.state, [100.0; 22]).last(), Some(after_42_days()));
    }
}

//! Whichever way activities come in, and whenever the step looks, the routes are those of the ways that are there.

use std::collections::BTreeMap;

use fitness::Scope;
use fitness::records::route;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::house::{self, House, run};
use crate::Routes;

/// Ways so many metres to the east of each other: each is the same as its neighbours and another than the farther ones,
/// so that the founder decides who belongs together.
const APART_M: f64 = 30.0;
const DAYS: usize = 6;

/// An athlete's activities by their day: how many steps to the east each went.
#[derive(Debug, Clone)]
struct Past {
    east: Vec<u8>,
    /// The days in the order in which they arrive.
    order: Vec<usize>,
    /// After which arrivals the step looks at what is there.
    looks: Vec<bool>,
    /// A day that goes again, if there is one of that number.
    gone: usize,
}

fn past() -> impl Strategy<Value = Past> {
    let days: Vec<usize> = (0..DAYS).collect();
    (
        prop::collection::vec(0..4_u8, DAYS),
        Just(days).prop_shuffle(),
        prop::collection::vec(any::<bool>(), DAYS),
        0..2 * DAYS,
    )
        .prop_map(|(east, order, looks, gone)| Past { east, order, looks, gone })
}

impl Past {
    /// The same past where each arrived on its day and all was looked at once, without what is gone.
    fn in_order(&self) -> Self {
        let order = (0..DAYS).filter(|day| *day != self.gone).collect();
        Self { order, looks: vec![false; DAYS], gone: DAYS, ..self.clone() }
    }
}

/// The days of each activity and of the first one on its route, in each scope.
async fn routes(house: House, past: &Past) -> Vec<Vec<(usize, usize)>> {
    let mut days = BTreeMap::new();
    for (day, is_looked_at) in past.order.iter().zip(&past.looks) {
        let east_m = f64::from(past.east[*day]) * APART_M;
        let id = house.keep(run(*day as i64, 4.0, &[(east_m, 0.0), (east_m, 800.0)])).await;
        days.insert(id, *day);
        if *is_looked_at {
            house.work(Routes).await;
        }
    }
    let gone = days.iter().find(|(_, day)| **day == past.gone).map(|(id, _)| id.clone());
    if let Some(id) = gone {
        house.remove(id).await;
    }
    house.work(Routes).await;
    let mut routes = Vec::new();
    for scope in Scope::BOTH {
        let kept = house.write(move |tx, athlete| route::counted(tx, athlete, scope)).await;
        let of = kept.iter().map(|kept| (days[&kept.activity], days[kept.route.as_ref().unwrap()]));
        routes.push(of.collect());
    }
    routes
}

fn check(past: &Past) -> Result<(), TestCaseError> {
    let (came, wanted) = Runtime::new().unwrap().block_on(async {
        let store = house::store(&support::sqlite_url()).await;
        let one = House::new(&store, "one").await;
        let other = House::new(&store, "other").await;
        (routes(one, past).await, routes(other, &past.in_order()).await)
    });
    prop_assert_eq!(came, wanted);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_arrival_changes_a_route(past in past()) {
        check(&past)?;
    }
}

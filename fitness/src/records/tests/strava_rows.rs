//! Connections to Strava: which pair of tokens is in force, and who may ask for the next.

use super::*;
use crate::records::strava::authorization::{self, LASTS_MS};
use crate::records::strava::connection::{self, Connection, Pair, State};

scenarios![
    a_connection_reads_back_and_one_that_is_made_anew_counts_on,
    one_asks_for_the_next_pair_until_it_is_there_or_given_up,
    what_was_learnt_of_a_pair_that_is_over_changes_nothing,
    a_pair_that_came_late_after_all_mends_what_was_thought_dead,
    nothing_brings_back_what_is_going,
    what_was_begun_ends_once_and_in_time,
    a_receipt_goes_on_until_it_is_done,
];

fn pair(name: &str) -> Pair {
    Pair { access_token: format!("a {name}"), refresh_token: format!("r {name}"), expires_ms: 6 }
}

fn connected() -> Connection {
    Connection {
        athlete: ME.to_owned(),
        strava_id: Some(17),
        scopes: "read".to_owned(),
        pair: pair("first"),
        number: 1,
        state: State::Connected,
        reason: None,
        connected_ms: 5,
        changed_ms: 5,
    }
}

fn kept(tx: &mut Tx<'_>) -> Result<Connection> {
    Ok(connection::get(tx, ME)?.unwrap())
}

mod scenario {
    use super::*;

    pub(super) fn a_connection_reads_back_and_one_that_is_made_anew_counts_on(tx: &mut Tx<'_>) -> Result<()> {
        assert_eq!(connection::get(tx, ME)?, None);
        connection::put(tx, &connected())?;
        assert_eq!((kept(tx)?, connection::list(tx)?), (connected(), vec![connected()]));
        assert_eq!(connection::of_account(tx, 17)?.as_deref(), Some(ME));
        assert_eq!(connection::of_account(tx, 18)?, None);
        connection::put(tx, &connected())?;
        assert_eq!(kept(tx)?.number, 2);
        Ok(())
    }

    pub(super) fn one_asks_for_the_next_pair_until_it_is_there_or_given_up(tx: &mut Tx<'_>) -> Result<()> {
        connection::put(tx, &connected())?;
        assert!(connection::lease(tx, ME, 1)?);
        assert!(!connection::lease(tx, ME, 1)?, "somebody asks");
        connection::release(tx, ME, 1)?;
        assert!(connection::lease(tx, ME, 1)?);
        assert!(connection::renew(tx, ME, 1, &pair("second"), 7)?);
        let now = kept(tx)?;
        assert_eq!((now.number, now.pair, now.changed_ms), (2, pair("second"), 7));
        assert!(!connection::lease(tx, ME, 1)?, "the first pair is over");
        assert!(connection::lease(tx, ME, 2)?);
        Ok(())
    }

    pub(super) fn what_was_learnt_of_a_pair_that_is_over_changes_nothing(tx: &mut Tx<'_>) -> Result<()> {
        connection::put(tx, &connected())?;
        connection::put(tx, &connected())?;
        assert!(!connection::renew(tx, ME, 1, &pair("late"), 7)?);
        assert!(!connection::refuse(tx, ME, 1, (State::NeedsReauth, "dead"), 7)?);
        assert_eq!(kept(tx)?, Connection { number: 2, ..connected() });
        Ok(())
    }

    pub(super) fn a_pair_that_came_late_after_all_mends_what_was_thought_dead(tx: &mut Tx<'_>) -> Result<()> {
        connection::put(tx, &connected())?;
        assert!(connection::refuse(tx, ME, 1, (State::NeedsReauth, "dead"), 7)?);
        assert_eq!((kept(tx)?.state, kept(tx)?.reason.as_deref()), (State::NeedsReauth, Some("dead")));
        assert!(connection::renew(tx, ME, 1, &pair("second"), 8)?);
        assert_eq!((kept(tx)?.state, kept(tx)?.reason), (State::Connected, None));
        assert!(!connection::note(tx, ME, 1, (State::Inactive, Some("rests")), 9)?, "that pair is over");
        assert!(connection::note(tx, ME, 2, (State::Inactive, Some("rests")), 9)?);
        assert!(!connection::note(tx, ME, 2, (State::Inactive, Some("rests")), 10)?, "no news");
        assert!(connection::renew(tx, ME, 2, &pair("third"), 11)?);
        assert_eq!(kept(tx)?.state, State::Inactive, "a pair says nothing of that");
        Ok(())
    }

    pub(super) fn nothing_brings_back_what_is_going(tx: &mut Tx<'_>) -> Result<()> {
        connection::put(tx, &connected())?;
        assert!(connection::hold(tx, ME)? && connection::leave(tx, ME, 7)?);
        assert!(!connection::hold(tx, ME)?, "nothing is written any more");
        assert!(!connection::leave(tx, ME, 8)?);
        assert!(!connection::renew(tx, ME, 1, &pair("second"), 9)?);
        assert!(!connection::note(tx, ME, 1, (State::Connected, None), 9)?);
        connection::identify(tx, ME, (18, "read"), (State::Connected, None), 9)?;
        assert_eq!((kept(tx)?.state, kept(tx)?.strava_id), (State::Disconnecting, Some(17)));
        assert_eq!((connection::remove(tx, ME)?, connection::remove(tx, ME)?), (1, 0));
        Ok(())
    }

    pub(super) fn what_was_begun_ends_once_and_in_time(tx: &mut Tx<'_>) -> Result<()> {
        authorization::begin(tx, ME, ("one", "http://127.0.0.1:1/"), 0)?;
        authorization::begin(tx, ME, ("two", "http://127.0.0.1:1/"), 1)?;
        assert_eq!(authorization::take(tx, "one", LASTS_MS - 1)?.as_deref(), Some(ME));
        assert_eq!(authorization::take(tx, "one", LASTS_MS - 1)?, None);
        assert_eq!(authorization::take(tx, "two", LASTS_MS + 1)?, None);
        assert_eq!(authorization::take(tx, "two", 0)?, None, "it is gone all the same");
        Ok(())
    }

    pub(super) fn a_receipt_goes_on_until_it_is_done(tx: &mut Tx<'_>) -> Result<()> {
        let mut receipt = purge_receipt::begin(tx, ME, "strava_api", 5)?;
        receipt.deleted.insert("activity".to_owned(), 3);
        purge_receipt::put(tx, ME, "strava_api", &receipt)?;
        assert_eq!(purge_receipt::begin(tx, ME, "strava_api", 6)?, receipt);
        receipt.done_ms = Some(7);
        purge_receipt::put(tx, ME, "strava_api", &receipt)?;
        assert_eq!(purge_receipt::last(tx, ME, "strava_api")?, Some(receipt));
        assert_eq!(purge_receipt::begin(tx, ME, "strava_api", 8)?.asked_ms, 8);
        Ok(())
    }
}

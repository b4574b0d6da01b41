//! The filter by sport, which takes the same values wherever a list has it.

use std::sync::Arc;

use fitness::records::activity;

use crate::error::Error;
use crate::query::Query;
use crate::state::Shared;

const NAME: &str = "sport";

/// The word that a request gives.
pub(crate) fn read(query: &mut Query) -> Result<Option<String>, Error> {
    query.word(NAME)
}

/// Refuses a word that names no sport.
pub(crate) async fn known(shared: &Arc<Shared>, sport: Option<&str>) -> Result<(), Error> {
    let (athlete, sport) = (shared.state.partition.clone(), sport.map(str::to_owned));
    let checked = shared.store().read(move |tx| activity::known_sport(tx, &athlete, sport.as_deref()));
    checked.await?.map_err(|unknown| Error::parameter(NAME, unknown.to_string()))
}

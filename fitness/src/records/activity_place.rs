//! The ground that each activity went over. What is told of all of them is summed up when it is asked for, so that nothing
//! has to be taken back where an activity goes, is split or turns out to be another one's record.

use jiff::civil::Date;
use store::{Error, Result, Sql, Tx, params};

use super::{optional_date, sortable};
use crate::ground::Cells;
use crate::scope::Scope;

/// Raises with what is kept of an activity: then all are looked at again.
pub const VERSION: i64 = 1;

/// The cells of an activity, and what is left of them outside of privacy zones where that is less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    pub cells: Cells,
    pub cut: Option<Cells>,
}

/// Which activities are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub sport: Option<String>,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// An activity, and where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outing {
    pub date: Option<Date>,
    pub cells: Cells,
}

// One that was removed or is another now is left out.
const PUT: Sql = Sql::Both(
    "INSERT INTO activity_place (activity_id, athlete, cells, cut) \
     SELECT a.id, a.athlete, $3, $4 FROM activity a WHERE a.id = $1 AND a.changed = $2 \
     ON CONFLICT (activity_id) DO UPDATE SET cells = excluded.cells, cut = excluded.cut \
     WHERE (activity_place.cells, activity_place.cut) IS DISTINCT FROM (excluded.cells, excluded.cut)",
);
const FORGET: Sql = Sql::Both("DELETE FROM activity_place WHERE activity_id = $1");
const HIDE: Sql = Sql::Both("UPDATE activity_place SET cut = $2 WHERE athlete = $1");
const OUTINGS: Sql = Sql::Both(
    "SELECT a.local_date, activity_place.cells, activity_place.cut \
     FROM activity_place JOIN activity a ON a.id = activity_place.activity_id \
     WHERE activity_place.athlete = $1 AND a.provenance <> $2 \
     AND CASE WHEN $2 = '' THEN a.duplicate_of ELSE a.shareable_of END IS NULL \
     AND ($3 = '' OR a.sport = $3) \
     AND COALESCE(a.local_date, '') >= $4 AND COALESCE(a.local_date, '') <= $5 \
     ORDER BY a.local_date, a.id",
);

/// Keeps what an activity went over, as it was after a change; answers how many rows that wrote.
pub fn put(tx: &mut Tx<'_>, activity: &str, changed: i64, covered: &Covered) -> Result<u64> {
    if covered.cells.is_empty() {
        return tx.execute(&FORGET, &params![activity]);
    }
    let (cells, cut) = (covered.cells.pack(), covered.cut.as_ref().map(Cells::pack));
    tx.execute(&PUT, &params![activity, changed, &cells, cut.as_deref()])
}

/// Forgets where an activity went.
pub fn forget(tx: &mut Tx<'_>, activity: &str) -> Result<()> {
    tx.execute(&FORGET, &params![activity]).map(drop)
}

/// Where the counted activities of a scope went, by date. Others than the athlete are shown nothing of privacy zones.
pub fn outings(tx: &mut Tx<'_>, athlete: &str, scope: Scope, filter: &Filter) -> Result<Vec<Outing>> {
    let sport = filter.sport.as_deref().unwrap_or_default();
    let from = filter.from.map(sortable).unwrap_or_default();
    let to = filter.to.map_or_else(|| "~".to_owned(), sortable);
    let params = params![athlete, scope.left_out(), sport, &from, &to];
    tx.query(&OUTINGS, &params, |row| {
        let (whole, cut): (Vec<u8>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
        let told = if scope == Scope::Shareable { cut.unwrap_or(whole) } else { whole };
        let cells = Cells::unpack(&told);
        let cells = cells.ok_or_else(|| Error::Corrupt("the cells of an activity are damaged".to_owned()))?;
        Ok(Outing { date: optional_date(row, 0)?, cells })
    })
}

/// Shows others nothing of any activity until each was looked at again, because there is a privacy zone that was not cut
/// out yet.
pub fn hide(tx: &mut Tx<'_>, athlete: &str) -> Result<()> {
    tx.execute(&HIDE, &params![athlete, &Cells::default().pack()]).map(drop)
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PUT, FORGET, HIDE, OUTINGS];

//! Activities that a file and a row of an export tell of alike.

use store::{Result, Row, Sql, Tx, params};

use super::from_json;
use crate::accuracy::{Figure, Pair, Told};
use crate::export::Figures;

// The columns after the third are those of `Figure::ALL`, in its order.
// An activity that was made of the row itself agrees with it and proves nothing.
const PAIRS: Sql = Sql::Both(
    "SELECT a.id, a.sport, a.start_ms, a.distance_m, a.elapsed_s, a.moving_s, a.avg_hr, a.max_hr, \
     a.ascent_m, a.avg_power, a.np, n.gap_hr_mps, n.gap_minetti_mps, r.figures \
     FROM export_row r JOIN activity a ON a.id = r.activity_id \
     LEFT JOIN activity_number n ON n.activity_id = a.id \
     WHERE r.athlete = $1 AND (a.provenance <> r.provenance OR a.source_id <> r.source_id) \
     ORDER BY a.start_ms, a.id, r.source_id",
);

/// The activities of a file that an export has a row of, with the figures that both tell.
pub fn pairs(tx: &mut Tx<'_>, athlete: &str) -> Result<Vec<Pair>> {
    tx.query(&PAIRS, &params![athlete], read)
}

fn read(row: &Row<'_>) -> Result<Pair> {
    let theirs: Figures = from_json(row, 3 + Figure::ALL.len())?;
    let mut told = Vec::new();
    for (index, figure) in (3..).zip(Figure::ALL) {
        let ours: Option<f64> = row.get(index)?;
        let both = ours.zip(of(&theirs, figure));
        told.extend(both.map(|(ours, theirs)| Told { figure, ours, theirs }));
    }
    Ok(Pair { activity_id: row.get(0)?, sport: row.get(1)?, start_ms: row.get(2)?, told })
}

fn of(figures: &Figures, figure: Figure) -> Option<f64> {
    match figure {
        Figure::DistanceM => figures.distance_m,
        Figure::ElapsedS => figures.elapsed_s,
        Figure::MovingS => figures.moving_s,
        Figure::AvgHr => figures.avg_hr,
        Figure::MaxHr => figures.max_hr,
        Figure::AscentM => figures.ascent_m,
        Figure::AvgPower => figures.avg_power,
        Figure::Np => figures.weighted_power,
        Figure::GapHrMps | Figure::GapMinettiMps => figures.grade_adjusted_speed,
    }
}

#[cfg(test)]
pub(crate) const QUERIES: &[Sql] = &[PAIRS];

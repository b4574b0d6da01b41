//! Fits the two forms of the critical power model.

use super::WithPeak;

/// The constant that ends where W' is worth that many seconds of peak power above CP.
const WIDEST_S: f64 = 120.0;
/// Golden sections of the range, down to less than a microsecond.
const SECTIONS: u32 = 50;
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// The line y = rate × x + above of least squares; `None` unless two x differ.
pub fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let together: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let rate = together / spread;
    (spread > 0.0 && rate.is_finite()).then_some((rate, mean_y - rate * mean_x))
}

/// Critical power, W' and peak power from (seconds, mean watts): P = CP + W' / (t + k), k = W' / (peak - CP).
///
/// For each k it is a line in 1 / (t + k); the k with the least squares is looked for by golden section.
/// `None` for fewer than four efforts, and where the best fit makes no sense.
pub fn three_parameters(efforts: &[(f64, f64)]) -> Option<WithPeak> {
    if efforts.len() < 4 {
        return None;
    }
    let (mut low, mut high) = (0.0_f64, WIDEST_S);
    for _ in 0..SECTIONS {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if error(efforts, left)? < error(efforts, right)? { high = right } else { low = left }
    }
    let k = f64::midpoint(low, high);
    let (above, rate) = line(&bent(efforts, k))?;
    let peak = rate + above / k;
    let makes_sense = rate > 0.0 && above > 0.0 && peak.is_finite() && k > 0.01 && k < WIDEST_S - 0.01;
    makes_sense.then_some(WithPeak { rate, above, peak })
}

fn bent(efforts: &[(f64, f64)], k: f64) -> Vec<(f64, f64)> {
    efforts.iter().map(|(seconds, watts)| (1.0 / (seconds + k), *watts)).collect()
}

fn error(efforts: &[(f64, f64)], k: f64) -> Option<f64> {
    let points = bent(efforts, k);
    let (above, rate) = line(&points)?;
    Some(points.iter().map(|(x, watts)| (watts - rate - above * x).powi(2)).sum())
}

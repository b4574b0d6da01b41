//! How the time of some weeks was spread over three zones.

/// Polarization index: log10(f1 / f2 x f3 x 100) of the shares below, between and above two thresholds.
///
/// Treff et al. 2019, Front Physiol 10:707; above 2 is polarized, where the hard share is not above the easy one.
/// Evidence: a description of the spread, not of its use. `None` where a zone has no time: it is not defined there.
pub fn index([easy, middle, hard]: [f64; 3]) -> Option<f64> {
    let inside = easy / middle * hard * 100.0;
    (inside.is_finite() && inside > 0.0).then(|| inside.log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighty_five_fifteen_is_2_38() {
        let index = index([0.80, 0.05, 0.15]).unwrap();
        assert!((index - 2.3802).abs() < 5e-5, "{index}");
    }

    #[test]
    fn without_time_in_a_zone_there_is_no_index() {
        for shares in [[0.8, 0.0, 0.2], [0.8, 0.2, 0.0], [0.0, 0.5, 0.5], [f64::NAN; 3]] {
            assert_eq!(index(shares), None, "{shares:?}");
        }
    }
}

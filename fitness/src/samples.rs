//! Cleans what a device recorded, so that every sum over samples may trust their order and range.
//!
//! Values outside the plausible range become missing, equal times are merged and backward steps sorted.
//! A recording that is clean already is only read, never copied.

use crate::recording::{Channel, Samples, Warning};

/// Beats per minute; below and above is a sensor that lost the skin.
pub const HEART_RATE: (f64, f64) = (25.0, 250.0);
/// Watts; a sprinter stays under 3,000.
pub const POWER: (f64, f64) = (0.0, 4000.0);
/// Metres; Earth's roads and peaks with some room.
pub const ALTITUDE: (f64, f64) = (-600.0, 9500.0);
/// Everything else must only be a number.
const FINITE: (f64, f64) = (f64::MIN, f64::MAX);

/// Puts the samples into order and blanks implausible values; says what it dropped.
pub fn clean(samples: &mut Samples) -> Vec<Warning> {
    let mut warnings = Vec::new();
    align(samples);
    order(samples, &mut warnings);
    blank_out_of_range(samples, &mut warnings);
    blank_positions(samples, &mut warnings);
    samples.channels.retain(|_, column| column.iter().any(|value| !value.is_nan()));
    warnings
}

/// Makes every column as long as the times, or as the longest column where there are no times.
fn align(samples: &mut Samples) {
    let count = if samples.time_ms.is_empty() { samples.len() } else { samples.time_ms.len() };
    for column in samples.channels.values_mut() {
        column.resize(count, f64::NAN);
    }
    samples.breaks.retain(|&index| index > 0 && index < count);
}

fn order(samples: &mut Samples, warnings: &mut Vec<Warning>) {
    if samples.time_ms.is_sorted_by(|a, b| a < b) {
        return;
    }
    let times = &samples.time_ms;
    let backward = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let mut by_time: Vec<usize> = (0..times.len()).collect();
    by_time.sort_by_key(|&index| times[index]);
    let groups: Vec<&[usize]> = by_time.chunk_by(|&a, &b| times[a] == times[b]).collect();
    let merged = times.len() - groups.len();
    let merged_times = groups.iter().map(|group| times[group[0]]).collect();
    let breaks = moved_breaks(&samples.breaks, &groups, times.len());
    for column in samples.channels.values_mut() {
        *column = groups.iter().map(|group| latest(column, group)).collect();
    }
    samples.time_ms = merged_times;
    samples.breaks = breaks;
    warn(warnings, "samples_out_of_order", backward, "steps back in time were sorted");
    warn(warnings, "samples_merged", merged, "samples at equal times were merged");
}

/// The last value that was recorded among samples of one time.
fn latest(column: &[f64], group: &[usize]) -> f64 {
    group.iter().rev().map(|&index| column[index]).find(|value| !value.is_nan()).unwrap_or(f64::NAN)
}

fn moved_breaks(breaks: &[usize], groups: &[&[usize]], count: usize) -> Vec<usize> {
    if breaks.is_empty() {
        return Vec::new();
    }
    let mut place = vec![0; count];
    for (new, group) in groups.iter().enumerate() {
        for &old in *group {
            place[old] = new;
        }
    }
    let mut moved: Vec<usize> = breaks.iter().map(|&old| place[old]).filter(|&new| new > 0).collect();
    moved.sort_unstable();
    moved.dedup();
    moved
}

fn blank_out_of_range(samples: &mut Samples, warnings: &mut Vec<Warning>) {
    for (channel, column) in &mut samples.channels {
        let (low, high, code, what) = range(*channel);
        let bad = column.iter().filter(|&&value| value < low || value > high).count();
        if bad == 0 {
            continue;
        }
        for value in column.iter_mut().filter(|value| **value < low || **value > high) {
            *value = f64::NAN;
        }
        warn(warnings, code, bad, what);
    }
}

fn range(channel: Channel) -> (f64, f64, &'static str, &'static str) {
    let ((low, high), code, what) = match channel {
        Channel::HeartRate => {
            (HEART_RATE, "heart_rate_implausible", "heart rates outside 25 to 250 bpm were dropped")
        }
        Channel::Power => (POWER, "power_implausible", "powers outside 0 to 4000 W were dropped"),
        Channel::Altitude => {
            (ALTITUDE, "altitude_implausible", "altitudes outside -600 to 9500 m were dropped")
        }
        _ => (FINITE, "value_not_finite", "infinite values were dropped"),
    };
    (low, high, code, what)
}

/// Drops positions that are half, off the globe, or 0/0, which is what a receiver without a fix writes.
fn blank_positions(samples: &mut Samples, warnings: &mut Vec<Warning>) {
    let Some(mut longitude) = samples.channels.remove(&Channel::Longitude) else {
        samples.channels.remove(&Channel::Latitude);
        return;
    };
    let Some(latitude) = samples.channels.get_mut(&Channel::Latitude) else {
        return;
    };
    let mut bad = 0;
    for (lat, lon) in latitude.iter_mut().zip(longitude.iter_mut()) {
        if (lat.is_nan() && lon.is_nan()) || is_on_globe(*lat, *lon) {
            continue;
        }
        (*lat, *lon) = (f64::NAN, f64::NAN);
        bad += 1;
    }
    samples.channels.insert(Channel::Longitude, longitude);
    warn(warnings, "position_implausible", bad, "positions that are no place were dropped");
}

fn is_on_globe(lat: f64, lon: f64) -> bool {
    lat.abs() <= 90.0 && lon.abs() <= 180.0 && (lat != 0.0 || lon != 0.0)
}

fn warn(warnings: &mut Vec<Warning>, code: &str, count: usize, what: &str) {
    if count > 0 {
        warnings.push(Warning { code: code.to_owned(), detail: format!("{count} {what}") });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(time_ms: &[i64], channels: &[(Channel, &[f64])]) -> Samples {
        Samples {
            time_ms: time_ms.to_vec(),
            channels: channels.iter().map(|(channel, column)| (*channel, column.to_vec())).collect(),
            breaks: Vec::new(),
        }
    }

    fn check(channel: Channel, recorded: &[f64], kept: &[f64], codes: &[&str]) {
        let times: Vec<i64> = (0..recorded.len() as i64).collect();
        let mut samples = samples(&times, &[(channel, recorded)]);
        let warnings = clean(&mut samples);
        let column = samples.channel(channel).unwrap_or(&[]);
        assert_eq!(format!("{column:?}"), format!("{kept:?}"));
        assert_eq!(warnings.iter().map(|warning| warning.code.as_str()).collect::<Vec<_>>(), codes);
    }

    #[test]
    fn heart_rates_outside_25_to_250_are_missing() {
        let nan = f64::NAN;
        check(
            Channel::HeartRate,
            &[24.9, 25.0, 250.0, 251.0],
            &[nan, 25.0, 250.0, nan],
            &["heart_rate_implausible"],
        );
    }

    #[test]
    fn power_of_zero_is_kept() {
        check(Channel::Power, &[-1.0, 0.0, 4000.0], &[f64::NAN, 0.0, 4000.0], &["power_implausible"]);
    }

    #[test]
    fn altitude_above_everest_is_missing() {
        check(Channel::Altitude, &[-600.0, 9501.0], &[-600.0, f64::NAN], &["altitude_implausible"]);
    }

    #[test]
    fn a_column_without_any_value_is_gone() {
        check(Channel::Cadence, &[f64::NAN, f64::NAN], &[], &[]);
    }

    #[test]
    fn an_infinite_speed_is_missing() {
        check(Channel::Speed, &[1.0, f64::INFINITY], &[1.0, f64::NAN], &["value_not_finite"]);
    }

    #[test]
    fn later_values_win_at_equal_times() {
        let nan = f64::NAN;
        let mut merged = samples(
            &[1000, 2000, 2000, 3000],
            &[(Channel::HeartRate, &[100.0, 110.0, nan, 130.0]), (Channel::Power, &[1.0, 2.0, 3.0, 4.0])],
        );
        let warnings = clean(&mut merged);
        let wanted = samples(
            &[1000, 2000, 3000],
            &[(Channel::HeartRate, &[100.0, 110.0, 130.0]), (Channel::Power, &[1.0, 3.0, 4.0])],
        );
        assert_eq!((merged, warnings[0].detail.as_str()), (wanted, "1 samples at equal times were merged"));
    }

    #[test]
    fn backward_steps_are_sorted_and_segment_breaks_follow() {
        let mut sorted = samples(&[3000, 1000, 2000], &[(Channel::Power, &[3.0, 1.0, 2.0])]);
        sorted.breaks = vec![2];
        clean(&mut sorted);
        let mut wanted = samples(&[1000, 2000, 3000], &[(Channel::Power, &[1.0, 2.0, 3.0])]);
        wanted.breaks = vec![1];
        assert_eq!(sorted, wanted);
    }

    #[test]
    fn a_position_at_zero_zero_is_no_place() {
        let mut located = samples(
            &[1, 2, 3],
            &[(Channel::Latitude, &[0.0, 47.0, 91.0]), (Channel::Longitude, &[0.0, 8.0, 8.0])],
        );
        let warnings = clean(&mut located);
        let latitude = located.channel(Channel::Latitude).unwrap();
        assert_eq!((latitude[0].is_nan(), latitude[1], latitude[2].is_nan()), (true, 47.0, true));
        assert_eq!(warnings[0].detail, "2 positions that are no place were dropped");
    }

    #[test]
    fn clean_samples_stay_as_they_are() {
        let mut samples = samples(&[1, 2], &[(Channel::HeartRate, &[100.0, 101.0])]);
        let before = samples.clone();
        assert_eq!((clean(&mut samples), samples), (Vec::new(), before));
    }
}

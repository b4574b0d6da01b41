//! The text form of a line on the map: Google's encoded polyline, five decimals.

pub(super) fn encode(points: impl Iterator<Item = [f64; 2]>) -> String {
    let mut line = String::new();
    let mut before = [0_i64; 2];
    for point in points {
        let now = point.map(|degrees| (degrees * 1e5).round() as i64);
        for (now, before) in now.iter().zip(before) {
            push(&mut line, now - before);
        }
        before = now;
    }
    line
}

/// Five bits to a character, the lowest first, the sign in the lowest of all.
fn push(line: &mut String, step: i64) {
    let mut rest = ((step << 1) ^ (step >> 63)) as u64;
    while rest >= 0x20 {
        line.push(character((rest & 0x1f) | 0x20));
        rest >>= 5;
    }
    line.push(character(rest));
}

fn character(bits: u64) -> char {
    u8::try_from(bits + 63).map_or('?', char::from)
}

#[cfg(test)]
mod tests {
    /// The example of the format's own description.
    #[test]
    fn the_known_line_is_written_as_it_is_known() {
        let points = [[38.5, -120.2], [40.7, -120.95], [43.252, -126.453]];
        assert_eq!(super::encode(points.into_iter()), "_p~iF~ps|U_ulLnnqC_mqNvxq`@");
    }
}

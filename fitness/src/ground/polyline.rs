//! Lines as text: the encoded polyline that maps of the web and the Strava API use, with five decimals.
//!
//! Google, *Encoded Polyline Algorithm Format*.

use super::Place;

const STEPS_OF_A_DEGREE: f64 = 1e5;
/// The first of the printable letters that bits are written with.
const FIRST_LETTER: u8 = 63;

/// The text of places.
pub fn encode(places: &[Place]) -> String {
    let mut text = String::new();
    let mut last = [0_i64; 2];
    for place in places {
        let whole =
            [place.latitude, place.longitude].map(|degrees| (degrees * STEPS_OF_A_DEGREE).round() as i64);
        for (value, last) in whole.iter().zip(&mut last) {
            write(&mut text, value - *last);
            *last = *value;
        }
    }
    text
}

/// The places of a text; nothing where it is none of these, or tells of places that are none.
pub fn decode(text: &str) -> Option<Vec<Place>> {
    let mut bytes = text.bytes();
    let mut places = Vec::new();
    let mut whole = [0_i64; 2];
    while bytes.len() > 0 {
        for value in &mut whole {
            *value = value.checked_add(read(&mut bytes)?)?;
        }
        let [latitude, longitude] = whole.map(|steps| steps as f64 / STEPS_OF_A_DEGREE);
        if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
            return None;
        }
        places.push(Place { latitude, longitude });
    }
    Some(places)
}

/// Five bits a letter, the lowest first; the sign is the lowest of all.
fn write(text: &mut String, value: i64) {
    let mut bits = ((value << 1) ^ (value >> 63)) as u64;
    while bits >= 0x20 {
        text.push(char::from((bits & 0x1f) as u8 + 0x20 + FIRST_LETTER));
        bits >>= 5;
    }
    text.push(char::from(bits as u8 + FIRST_LETTER));
}

fn read(bytes: &mut impl Iterator<Item = u8>) -> Option<i64> {
    let mut bits = 0_i64;
    for shift in (0..60).step_by(5) {
        let five = bytes.next()?.checked_sub(FIRST_LETTER).filter(|letter| *letter < 0x40)?;
        bits |= i64::from(five & 0x1f) << shift;
        if five & 0x20 == 0 {
            return Some((bits >> 1) ^ -(bits & 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_format_reads_and_writes() {
        let text = "_p~iF~ps|U_ulLnnqC_mqNvxq`@";
        let wanted = [(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)];
        let places = decode(text).unwrap();
        assert_eq!(places.iter().map(|place| (place.latitude, place.longitude)).collect::<Vec<_>>(), wanted);
        assert_eq!(encode(&places), text);
    }

    #[test]
    fn what_is_no_polyline_is_none() {
        for text in ["_", "_p~iF", "é", "~~~~~~~~~~~~~~~~", " "] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode(""), Some(Vec::new()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = decode(&text);
        }

        #[test]
        fn places_read_back(degrees in prop::collection::vec((-90.0..90.0, -180.0..180.0), 0..40)) {
            let places: Vec<Place> = degrees.iter().map(|(latitude, longitude)| {
                Place { latitude: *latitude, longitude: *longitude }
            }).collect();
            let read = decode(&encode(&places)).unwrap();
            prop_assert_eq!(read.len(), places.len());
            for (read, place) in read.iter().zip(&places) {
                prop_assert!((read.latitude - place.latitude).abs() <= 5.1e-6);
                prop_assert!((read.longitude - place.longitude).abs() <= 5.1e-6);
            }
        }
    }
}

//! Sports as GPX and TCX files spell them, in the names that FIT gives them.

use fitness::sport;

/// Spelling (snake case), sport, kind within the sport. Numbers are Strava's, as its GPX export writes them.
const SPELLINGS: [(&str, &str, Option<&str>); 62] = [
    ("1", "cycling", None),
    ("2", "alpine_skiing", None),
    ("3", "alpine_skiing", Some("backcountry")),
    ("4", "hiking", None),
    ("5", "ice_skating", None),
    ("6", "inline_skating", None),
    ("7", "cross_country_skiing", None),
    ("9", "running", None),
    ("10", "walking", None),
    ("11", "training", None),
    ("12", "snowboarding", None),
    ("13", "snowshoeing", None),
    ("16", "swimming", None),
    ("17", "cycling", Some("virtual_activity")),
    ("18", "e_biking", None),
    ("23", "rowing", None),
    ("30", "training", Some("strength_training")),
    ("53", "running", Some("virtual_activity")),
    ("run", "running", None),
    ("trail_run", "running", Some("trail")),
    ("trail_running", "running", Some("trail")),
    ("track_running", "running", Some("track")),
    ("street_running", "running", Some("street")),
    ("treadmill_running", "running", Some("treadmill")),
    ("indoor_running", "running", Some("indoor_running")),
    ("virtual_run", "running", Some("virtual_activity")),
    ("ride", "cycling", None),
    ("bike", "cycling", None),
    ("biking", "cycling", None),
    ("bicycling", "cycling", None),
    ("road_biking", "cycling", Some("road")),
    ("road_cycling", "cycling", Some("road")),
    ("mountain_biking", "cycling", Some("mountain")),
    ("mountain_bike_ride", "cycling", Some("mountain")),
    ("gravel_cycling", "cycling", Some("gravel_cycling")),
    ("gravel_ride", "cycling", Some("gravel_cycling")),
    ("cyclocross", "cycling", Some("cyclocross")),
    ("indoor_cycling", "cycling", Some("indoor_cycling")),
    ("virtual_ride", "cycling", Some("virtual_activity")),
    ("e_bike_ride", "e_biking", None),
    ("walk", "walking", None),
    ("casual_walking", "walking", Some("casual_walking")),
    ("speed_walking", "walking", Some("speed_walking")),
    ("hike", "hiking", None),
    ("alpine_tour", "hiking", None),
    ("swim", "swimming", None),
    ("lap_swimming", "swimming", Some("lap_swimming")),
    ("pool_swimming", "swimming", Some("lap_swimming")),
    ("open_water_swimming", "swimming", Some("open_water")),
    ("row", "rowing", None),
    ("indoor_rowing", "rowing", Some("indoor_rowing")),
    ("kayak", "kayaking", None),
    ("canoeing", "paddling", None),
    ("nordic_ski", "cross_country_skiing", None),
    ("cross_country_skiing_ws", "cross_country_skiing", None),
    ("backcountry_ski", "alpine_skiing", Some("backcountry")),
    ("alpine_ski", "alpine_skiing", None),
    ("resort_skiing_snowboarding_ws", "alpine_skiing", Some("resort")),
    ("snowboard", "snowboarding", None),
    ("strength_training", "training", Some("strength_training")),
    ("weight_training", "training", Some("strength_training")),
    ("yoga", "training", Some("yoga")),
];

/// The sport and kind for a spelling; `other` if it is not known.
pub(crate) fn named(spelling: &str) -> (String, Option<String>) {
    let snake = snake_case(spelling.trim());
    if sport::NAMES.contains(&snake.as_str()) {
        return (snake, None);
    }
    match SPELLINGS.iter().find(|(known, ..)| *known == snake) {
        Some((_, sport, kind)) => ((*sport).to_owned(), kind.map(str::to_owned)),
        None => ("other".to_owned(), None),
    }
}

fn snake_case(text: &str) -> String {
    let mut snake = String::new();
    let mut after_lower = false;
    for character in text.chars() {
        if character.is_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = character.is_lowercase();
        match character {
            ' ' | '-' | '/' => snake.push('_'),
            _ => snake.extend(character.to_lowercase()),
        }
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn spellings_of_platforms_become_fit_names() {
        let cases = [
            ("running", "running", None),
            ("Biking", "cycling", None),
            ("VirtualRide", "cycling", Some("virtual_activity")),
            ("road_biking", "cycling", Some("road")),
            ("Trail Run", "running", Some("trail")),
            ("9", "running", None),
            ("WM T Double Track", "other", None),
            ("", "other", None),
        ];
        for (spelling, sport, kind) in cases {
            assert_eq!(named(spelling), (sport.to_owned(), kind.map(str::to_owned)), "{spelling}");
        }
    }
}

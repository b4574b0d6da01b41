//! Sports as the API names them, in the names that FIT gives them.

/// Strava's word, sport, kind within the sport. A word that is not here is `other`: Strava adds some each year.
const WORDS: [(&str, &str, Option<&str>); 57] = [
    ("AlpineSki", "alpine_skiing", None),
    ("BackcountrySki", "alpine_skiing", Some("backcountry")),
    ("Badminton", "racket", Some("badminton")),
    ("Basketball", "basketball", None),
    ("Canoeing", "paddling", None),
    ("Cricket", "cricket", None),
    ("Crossfit", "training", Some("cardio_training")),
    ("Dance", "dance", None),
    ("EBikeRide", "e_biking", None),
    ("Elliptical", "fitness_equipment", Some("elliptical")),
    ("EMountainBikeRide", "e_biking", Some("mountain")),
    ("Golf", "golf", None),
    ("GravelRide", "cycling", Some("gravel_cycling")),
    ("Handcycle", "cycling", Some("hand_cycling")),
    ("HighIntensityIntervalTraining", "hiit", None),
    ("Hike", "hiking", None),
    ("IceSkate", "ice_skating", None),
    ("InlineSkate", "inline_skating", None),
    ("Kayaking", "kayaking", None),
    ("Kitesurf", "kitesurfing", None),
    ("MountainBikeRide", "cycling", Some("mountain")),
    ("NordicSki", "cross_country_skiing", None),
    ("Padel", "racket", Some("padel")),
    ("Pickleball", "racket", Some("pickleball")),
    ("Pilates", "training", Some("pilates")),
    ("Racquetball", "racket", Some("racquetball")),
    ("Ride", "cycling", None),
    ("RockClimbing", "rock_climbing", None),
    ("RollerSki", "cross_country_skiing", Some("skate_skiing")),
    ("Rowing", "rowing", None),
    ("Run", "running", None),
    ("Sail", "sailing", None),
    ("Skateboard", "skateboarding", None),
    ("Snowboard", "snowboarding", None),
    ("Snowshoe", "snowshoeing", None),
    ("Soccer", "soccer", None),
    ("Squash", "racket", Some("squash")),
    ("StairStepper", "fitness_equipment", Some("stair_climbing")),
    ("StandUpPaddling", "stand_up_paddleboarding", None),
    ("Surfing", "surfing", None),
    ("Swim", "swimming", None),
    ("TableTennis", "racket", Some("table_tennis")),
    ("Tennis", "tennis", None),
    ("TrailRun", "running", Some("trail")),
    ("Velomobile", "cycling", Some("recumbent")),
    ("VirtualRide", "cycling", Some("virtual_activity")),
    ("VirtualRow", "rowing", Some("indoor_rowing")),
    ("VirtualRun", "running", Some("virtual_activity")),
    ("Volleyball", "volleyball", None),
    ("Walk", "walking", None),
    ("WeightTraining", "training", Some("strength_training")),
    ("Wheelchair", "wheelchair_push_walk", None),
    ("Windsurf", "windsurfing", None),
    ("Workout", "training", None),
    ("Yoga", "training", Some("yoga")),
    ("Physicaltherapy", "training", Some("flexibility_training")),
    ("Stretching", "training", Some("flexibility_training")),
];

/// The sport and kind of a word; `other` if it is not known.
pub(crate) fn named(word: &str) -> (String, Option<String>) {
    match WORDS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(word)) {
        Some((_, sport, kind)) => ((*sport).to_owned(), kind.map(str::to_owned)),
        None => ("other".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, sport: &str, kind: Option<&str>) {
        assert_eq!(named(word), (sport.to_owned(), kind.map(str::to_owned)), "{word}");
    }

    #[test]
    fn a_word_of_the_api_is_a_sport_of_ours_and_an_unknown_one_is_another() {
        check("TrailRun", "running", Some("trail"));
        check("ride", "cycling", None);
        check("Quidditch", "other", None);
        check("", "other", None);
    }

    #[test]
    fn no_word_stands_for_two_sports() {
        let mut words = WORDS.map(|(word, ..)| word.to_lowercase()).to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
    }
}

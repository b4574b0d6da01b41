//! Sports as an export spells them, in the names that FIT gives them.

use super::names::plain;
use crate::decode::sport as spelling;

/// Sport, kind within the sport, words of exports in English (where the decoders do not know them), German, French.
const WORDS: [(&str, Option<&str>, &[&str]); 42] = [
    ("running", None, &["lauf", "laufen", "course à pied", "course"]),
    (
        "running",
        Some("trail"),
        &["traillauf", "trail-lauf", "trailrun", "geländelauf", "trail", "course de trail"],
    ),
    (
        "running",
        Some("virtual_activity"),
        &["virtueller lauf", "course à pied virtuelle", "course virtuelle", "virtual run"],
    ),
    (
        "cycling",
        None,
        &["radfahrt", "radfahren", "fahrt", "vélo", "sortie à vélo", "sortie vélo", "cyclisme"],
    ),
    (
        "cycling",
        Some("mountain"),
        &["mountainbike-fahrt", "mountainbike-tour", "mountainbiken", "vtt", "sortie vtt"],
    ),
    (
        "cycling",
        Some("gravel_cycling"),
        &["gravel-fahrt", "gravel-tour", "gravelbike-fahrt", "gravel", "sortie gravel"],
    ),
    (
        "cycling",
        Some("virtual_activity"),
        &["virtuelle radfahrt", "virtuelle fahrt", "vélo virtuel", "sortie à vélo virtuelle", "virtual ride"],
    ),
    (
        "e_biking",
        None,
        &["e-bike-fahrt", "e-bike ride", "vélo électrique", "sortie en vélo électrique", "e-bike-tour"],
    ),
    (
        "e_biking",
        Some("mountain"),
        &[
            "e-mountain bike ride",
            "emountainbikeride",
            "e-mountainbike-fahrt",
            "vtt électrique",
            "e-mountainbike-tour",
        ],
    ),
    ("cycling", Some("hand_cycling"), &["handcycle", "handbike", "handbike-fahrt", "handbiken"]),
    ("cycling", Some("recumbent"), &["velomobile", "velomobil", "vélomobile"]),
    ("walking", None, &["spaziergang", "gehen", "marche"]),
    ("hiking", None, &["wanderung", "wandern", "randonnée", "randonnée pédestre"]),
    ("swimming", None, &["schwimmen", "schwimmeinheit", "natation"]),
    ("rowing", None, &["rowing", "rudern", "aviron"]),
    ("rowing", Some("indoor_rowing"), &["virtual row", "virtualrow", "virtuelles rudern", "aviron virtuel"]),
    ("training", None, &["workout", "training", "entraînement"]),
    (
        "training",
        Some("strength_training"),
        &[
            "krafttraining",
            "gewichtstraining",
            "entraînement aux poids",
            "entraînement avec poids",
            "musculation",
        ],
    ),
    ("training", Some("cardio_training"), &["crossfit"]),
    ("training", Some("yoga"), &["yoga"]),
    ("training", Some("pilates"), &["pilates"]),
    (
        "hiit",
        None,
        &[
            "high intensity interval training",
            "high-intensity interval training",
            "hiit",
            "entraînement par intervalles à haute intensité",
            "hochintensives intervalltraining",
        ],
    ),
    (
        "fitness_equipment",
        Some("elliptical"),
        &["elliptical", "crosstrainer", "ellipsentrainer", "elliptique", "vélo elliptique"],
    ),
    (
        "fitness_equipment",
        Some("stair_climbing"),
        &["stair-stepper", "stair stepper", "stairstepper", "treppensteiger", "simulateur d'escalier"],
    ),
    ("cross_country_skiing", None, &["nordic ski", "langlauf", "skilanglauf", "ski de fond", "ski nordique"]),
    (
        "cross_country_skiing",
        Some("skate_skiing"),
        &["roller ski", "rollski", "ski à roulettes", "ski-roues"],
    ),
    ("alpine_skiing", None, &["alpine ski", "ski alpin", "alpinski", "skifahren"]),
    ("alpine_skiing", Some("backcountry"), &["backcountry ski", "skitour", "tourenski", "ski de randonnée"]),
    ("snowboarding", None, &["snowboard", "snowboarden"]),
    (
        "snowshoeing",
        None,
        &["snowshoe", "schneeschuhwandern", "schneeschuhwanderung", "raquettes", "raquettes à neige"],
    ),
    (
        "ice_skating",
        None,
        &["ice skate", "iceskate", "eislaufen", "schlittschuhlaufen", "patinage sur glace", "patinage"],
    ),
    ("inline_skating", None, &["inline skate", "inlineskate", "inlineskaten", "inlineskating", "roller"]),
    ("kayaking", None, &["kayaking", "kajakfahren", "kajak", "kayak"]),
    ("paddling", None, &["canoe", "canoeing", "kanufahren", "kanu", "canoë", "canoë-kayak"]),
    (
        "stand_up_paddleboarding",
        None,
        &[
            "stand up paddling",
            "stand up paddle",
            "standuppaddling",
            "stehpaddeln",
            "stand-up-paddling",
            "paddle",
        ],
    ),
    ("surfing", None, &["surfing", "surfen", "wellenreiten", "surf"]),
    ("windsurfing", None, &["windsurf", "windsurf session", "windsurfen", "planche à voile"]),
    ("kitesurfing", None, &["kitesurf", "kitesurf session", "kitesurfen"]),
    ("sailing", None, &["sail", "segeln", "voile"]),
    ("rock_climbing", None, &["rock climb", "rock climbing", "rockclimbing", "klettern", "escalade"]),
    ("soccer", None, &["football (soccer)", "soccer", "fußball", "football"]),
    ("golf", None, &["golf"]),
];

/// The sport and kind for a word of an export; `other` if it is not known.
pub(super) fn named(word: &str) -> (String, Option<String>) {
    let plain = plain(word);
    match WORDS.iter().find(|(.., words)| words.contains(&plain.as_str())) {
        Some((sport, kind, _)) => ((*sport).to_owned(), kind.map(str::to_owned)),
        None => spelling::named(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_three_languages_is_the_same_sport() {
        let cases = [
            (["Run", "Lauf", "Course à pied"], "running", None),
            (["Ride", "Radfahrt", "Vélo"], "cycling", None),
            (["Virtual Ride", "Virtuelle Radfahrt", "Vélo virtuel"], "cycling", Some("virtual_activity")),
            (["Swim", "Schwimmen", "Natation"], "swimming", None),
            (["Rowing", "Rudern", "Aviron"], "rowing", None),
            (["Walk", "Spaziergang", "Marche"], "walking", None),
            (["Hike", "Wanderung", "Randonnée"], "hiking", None),
            (
                ["Weight Training", "Krafttraining", "Entraînement aux poids"],
                "training",
                Some("strength_training"),
            ),
            (["Workout", "Training", "Entraînement"], "training", None),
        ];
        for (words, sport, kind) in cases {
            for word in words {
                assert_eq!(named(word), (sport.to_owned(), kind.map(str::to_owned)), "{word}");
            }
        }
    }

    #[test]
    fn no_word_stands_for_two_sports() {
        let mut all: Vec<&str> = WORDS.iter().flat_map(|(.., words)| words.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn an_unknown_word_is_another_sport() {
        assert_eq!(named("Quidditch"), ("other".to_owned(), None));
    }
}

//! What the columns of `activities.csv` are called, by generation and language.
//!
//! Only the columns that become figures are here; every other one is kept under its own name.

/// A language that an export is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    English,
    German,
    French,
}

/// A column whose meaning is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Id,
    Date,
    Name,
    Sport,
    Description,
    PrivateNote,
    Gear,
    Filename,
    Media,
    Elapsed,
    Moving,
    Timer,
    Distance,
    GradeAdjustedDistance,
    DirtDistance,
    PoolLength,
    Ascent,
    Descent,
    MinAltitude,
    MaxAltitude,
    AvgSpeed,
    MaxSpeed,
    GradeAdjustedSpeed,
    AvgHr,
    MaxHr,
    AvgPower,
    MaxPower,
    WeightedPower,
    Work,
    AvgCadence,
    MaxCadence,
    Steps,
    Calories,
    AvgTemperature,
    MaxTemperature,
    RelativeEffort,
    TrainingLoad,
    Intensity,
    PerceivedExertion,
    PerceivedRelativeEffort,
    AthleteWeight,
    BikeWeight,
    Lifted,
    Commute,
    Competition,
    LongRun,
    Recovery,
    ForACause,
    WithPet,
    WithKid,
    FromUpload,
    WeatherTime,
    WeatherCondition,
    WeatherTemperature,
    WeatherApparent,
    WeatherDewPoint,
    WeatherHumidity,
    WeatherPressure,
    WeatherWindSpeed,
    WeatherWindGust,
    WeatherWindBearing,
    WeatherPrecipitation,
    WeatherPrecipitationProbability,
    WeatherCloudCover,
    WeatherUvIndex,
}

use Field as F;

/// The ten columns of 2018.
const FIRST_FORM: [(F, &str); 10] = [
    (F::Id, "id"),
    (F::Date, "date"),
    (F::Name, "name"),
    (F::Sport, "type"),
    (F::Description, "description"),
    (F::Elapsed, "elapsed time"),
    (F::Distance, "distance"),
    (F::Commute, "commute"),
    (F::Gear, "gear"),
    (F::Filename, "filename"),
];

type Names = (F, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Field, names in English, German and French, all [`plain`]. The German names of what came after the 92nd column
/// are how the source's app calls it; no German export with them has been seen.
const NAMES: [Names; 65] = [
    (F::Id, &["activity id"], &["aktivitäts-id", "aktivität-id"], &["id de l'activité"]),
    (F::Date, &["activity date"], &["aktivitätsdatum", "datum der aktivität"], &["date de l'activité"]),
    (F::Name, &["activity name"], &["name der aktivität", "aktivitätsname"], &["nom de l'activité"]),
    (F::Sport, &["activity type"], &["aktivitätsart", "aktivitätstyp"], &["type d'activité"]),
    (F::Description, &["activity description"], &["aktivitätsbeschreibung"], &["description de l'activité"]),
    (
        F::PrivateNote,
        &["activity private note"],
        &["hinweis zur privatsphäre für aktivitäten", "private notiz zur aktivität"],
        &["note privée sur les activités"],
    ),
    (F::Gear, &["activity gear"], &["aktivitätsausrüstung"], &["matériel utilisé pour l'activité"]),
    (F::Filename, &["filename"], &["dateiname"], &["nom du fichier"]),
    (F::Media, &["media"], &["medien"], &["support", "média", "médias"]),
    (F::Elapsed, &["elapsed time"], &["verstrichene zeit"], &["temps écoulé"]),
    (F::Moving, &["moving time"], &["bewegungszeit"], &["durée de déplacement"]),
    (F::Timer, &["timer time"], &["timerzeit", "timer-zeit"], &["temps enregistré par le chronomètre"]),
    (F::Distance, &["distance"], &["distanz"], &["distance"]),
    (
        F::GradeAdjustedDistance,
        &["grade adjusted distance"],
        &["auf steigung angepasste distanz"],
        &["distance ajustée selon la pente"],
    ),
    (F::DirtDistance, &["dirt distance"], &["auf schotter zurückgelegte distanz"], &["distance sur chemin"]),
    (F::PoolLength, &["pool length"], &["pool-länge", "beckenlänge"], &["longueur de piscine"]),
    (F::Ascent, &["elevation gain"], &["höhenzunahme"], &["dénivelé positif"]),
    (F::Descent, &["elevation loss"], &["höhenunterschied", "höhenverlust"], &["dénivelé négatif"]),
    (F::MinAltitude, &["elevation low"], &["min. höhe"], &["altitude min"]),
    (F::MaxAltitude, &["elevation high"], &["max. höhe"], &["altitude max"]),
    (
        F::AvgSpeed,
        &["average speed", "avg speed"],
        &["durchschnittliche geschwindigkeit"],
        &["vitesse moyenne"],
    ),
    (F::MaxSpeed, &["max speed"], &["höchstgeschw", "höchstgeschwindigkeit"], &["vitesse max"]),
    (
        F::GradeAdjustedSpeed,
        &["average grade adjusted pace"],
        &["durchschnittliches auf steigung angepasstes tempo"],
        &["vitesse moyenne ajustée selon la pente", "allure moyenne ajustée selon la pente"],
    ),
    (
        F::AvgHr,
        &["average heart rate"],
        &["durchschnittliche herzfrequenz"],
        &["fréquence cardiaque moyenne"],
    ),
    (F::MaxHr, &["max heart rate"], &["max. herzfrequenz"], &["fréquence cardiaque max"]),
    (F::AvgPower, &["average watts"], &["durchschnittliche watt"], &["puissance moyenne"]),
    (F::MaxPower, &["max watts"], &["max. watt"], &["puissance max"]),
    (
        F::WeightedPower,
        &["weighted average power"],
        &["gewichtete durchschnittliche leistung"],
        &["puissance moyenne pondérée"],
    ),
    (F::Work, &["total work"], &["gesamtarbeit"], &["effort total"]),
    (
        F::AvgCadence,
        &["average cadence"],
        &["durchschnittliche trittfrequenz", "durchschnittliche tritt-/schrittfrequenz"],
        &["cadence moyenne"],
    ),
    (
        F::MaxCadence,
        &["max cadence"],
        &["max. tritt-/schrittfrequenz", "max. trittfrequenz"],
        &["cadence max"],
    ),
    (F::Steps, &["total steps"], &["schritte insgesamt"], &["nombre total de pas"]),
    (F::Calories, &["calories"], &["kalorien"], &["calories"]),
    (
        F::AvgTemperature,
        &["average temperature"],
        &["durchschnittliche temperatur"],
        &["température moyenne"],
    ),
    (F::MaxTemperature, &["max temperature"], &["max. temperatur"], &["température max"]),
    (F::RelativeEffort, &["relative effort"], &["relative leistung"], &["effort relatif"]),
    (F::TrainingLoad, &["training load"], &["trainingsbelastung"], &["charge d'entraînement"]),
    (F::Intensity, &["intensity"], &["intensität"], &["intensité"]),
    (F::PerceivedExertion, &["perceived exertion"], &["gefühlte anstrengung"], &["effort ressenti"]),
    (
        F::PerceivedRelativeEffort,
        &["perceived relative effort"],
        &["gefühlte relative leistung"],
        &["effort relatif ressenti"],
    ),
    (F::AthleteWeight, &["athlete weight"], &["sportlergewicht"], &["poids de l'athlète"]),
    (F::BikeWeight, &["bike weight"], &["fahrradgewicht"], &["poids du vélo"]),
    (F::Lifted, &["total weight lifted"], &["insgesamt gestemmtes gewicht"], &["poids total soulevé"]),
    (F::Commute, &["commute"], &["pendeln"], &["déplacement-transport", "trajet"]),
    (F::Competition, &["competition", "race"], &["wettkampf", "wettbewerb"], &["compétition"]),
    (F::LongRun, &["long run"], &["langer lauf"], &["sortie longue"]),
    (F::Recovery, &["recovery"], &["erholung", "regeneration"], &["récupération"]),
    (F::ForACause, &["for a cause"], &["für einen guten zweck"], &["pour la bonne cause"]),
    (F::WithPet, &["with pet"], &["mit haustier"], &["avec mon animal de compagnie"]),
    (F::WithKid, &["with kid"], &["mit kind"], &["avec enfant"]),
    (F::FromUpload, &["from upload"], &["von upload"], &["à partir du téléchargement"]),
    (
        F::WeatherTime,
        &["weather observation time"],
        &["wetterbeobachtungszeit"],
        &["heure d'observation de la météo"],
    ),
    (F::WeatherCondition, &["weather condition"], &["wetterlage"], &["conditions météo"]),
    (
        F::WeatherTemperature,
        &["weather temperature"],
        &["wetter: temperatur"],
        &["température selon les prévisions météo"],
    ),
    (F::WeatherApparent, &["apparent temperature"], &["scheinbare temperatur"], &["température ressentie"]),
    (F::WeatherDewPoint, &["dewpoint", "dew point"], &["taupunkt"], &["point de rosée"]),
    (F::WeatherHumidity, &["humidity"], &["luftfeuchtigkeit"], &["humidité"]),
    (F::WeatherPressure, &["weather pressure"], &["wetter: druck"], &["pression atmosphérique"]),
    (F::WeatherWindSpeed, &["wind speed"], &["windgeschwindigkeit"], &["vitesse du vent"]),
    (F::WeatherWindGust, &["wind gust"], &["windböe"], &["rafale de vent"]),
    (F::WeatherWindBearing, &["wind bearing"], &["windrichtung"], &["direction du vent"]),
    (
        F::WeatherPrecipitation,
        &["precipitation intensity"],
        &["niederschlagsintensität"],
        &["intensité des précipitations"],
    ),
    (
        F::WeatherPrecipitationProbability,
        &["precipitation probability"],
        &["niederschlagswahrscheinlichkeit"],
        &["probabilité de précipitations"],
    ),
    (F::WeatherCloudCover, &["cloud cover"], &["wolkendecke"], &["couverture nuageuse"]),
    (F::WeatherUvIndex, &["uv index"], &["uv-index"], &["indice uv"]),
];

/// A name as it is compared: lower case, one kind of blank and apostrophe, no final dot, no path of a translation
/// that is missing.
pub(super) fn plain(name: &str) -> String {
    let name = name.to_lowercase().replace('\u{2019}', "'");
    let name = if name.starts_with("translation missing:") {
        name.rsplit('.').next().unwrap_or_default()
    } else {
        name.as_str()
    };
    let words: Vec<_> = name.split(|part: char| part.is_whitespace() || part == '_').collect();
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .trim_end_matches('.')
        .to_owned()
}

/// True of the header of 2018.
pub(super) fn is_first_form(plain: &[String]) -> bool {
    ["id", "date", "name"].iter().all(|name| plain.iter().any(|column| column == name))
}

/// The field of a column of 2018.
pub(super) fn first_form(plain: &str) -> Option<Field> {
    FIRST_FORM.iter().find(|(_, name)| *name == plain).map(|(field, _)| *field)
}

/// The field of a column of the later forms, in any language.
pub(super) fn field(plain: &str) -> Option<Field> {
    let has = |names: &[&str]| names.contains(&plain);
    let row = NAMES.iter().find(|(_, english, german, french)| has(english) || has(german) || has(french));
    row.map(|(field, ..)| *field)
}

/// The language that most of the columns are named in.
pub(super) fn language(plain: &[String]) -> Language {
    let count = |names: fn(&Names) -> &'static [&'static str]| {
        let is_known = |column: &&String| NAMES.iter().any(|row| names(row).contains(&column.as_str()));
        plain.iter().filter(is_known).count()
    };
    let (english, german, french) = (count(|row| row.1), count(|row| row.2), count(|row| row.3));
    if german > english.max(french) {
        Language::German
    } else if french > english {
        Language::French
    } else {
        Language::English
    }
}

#[cfg(test)]
pub(super) const FIELDS: usize = NAMES.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_table_are_plain_and_mean_one_thing() {
        let mut all: Vec<(&str, Field)> = Vec::new();
        for (field, english, german, french) in NAMES {
            for name in [english, german, french].into_iter().flatten() {
                assert_eq!(plain(name), *name);
                assert!(all.iter().all(|(known, of)| known != name || *of == field), "{name}");
                all.push((name, field));
            }
        }
    }

    #[test]
    fn names_are_compared_without_what_does_not_matter() {
        let cases = [
            ("Activity ID", "activity id"),
            ("elapsed_time", "elapsed time"),
            ("Höchstgeschw.", "höchstgeschw"),
            ("Charge d\u{2019}entraînement", "charge d'entraînement"),
            ("translation missing: en-US.lib.export.horton_values.start_time", "start time"),
        ];
        for (name, wanted) in cases {
            assert_eq!(plain(name), wanted);
        }
    }
}

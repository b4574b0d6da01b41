//! The small tables around `activities.csv`.

use super::language::Language;

/// What the athlete trains with: id in the export, name, brand, model.
#[derive(Clone, Copy)]
pub(super) struct Gear {
    pub(super) id: i64,
    pub(super) name: &'static str,
    brand: &'static str,
    model: &'static str,
}

pub(super) const SHOES: [Gear; 3] = [
    Gear { id: 18_204_411, name: "Old blue ones", brand: "Brooks", model: "Ghost 14" },
    Gear { id: 20_828_548, name: "Daily", brand: "ASICS", model: "Gel-Nimbus 26" },
    Gear { id: 22_410_973, name: "Race day", brand: "Saucony", model: "Endorphin Pro 4" },
];
pub(super) const BIKE: Gear = Gear { id: 9_113_022, name: "Grey gravel", brand: "Canyon", model: "Grizl 7" };

/// Names and texts of the tables; `media` are the photos that rows name.
pub(super) fn tables(language: Language, media: &[String]) -> Vec<(&'static str, String)> {
    let english = language == Language::English;
    let pick = |in_english: &'static str, in_german: &'static str| {
        if english { in_english } else { in_german }
    };
    let bikes = gear(
        pick(
            "Bike Name,Bike Brand,Bike Model,Bike Default Sport Types",
            "Fahrradname,Fahrradmarke,Fahrradmodell,Fahrrad: Standardsportarten",
        ),
        &[BIKE],
        pick("Ride", "Radfahrt"),
    );
    let shoes = gear(
        pick(
            "Shoe Name,Shoe Brand,Shoe Model,Shoe Default Sport Types",
            "Schuhname,Schuhmarke,Schuhmodell,Schuhe: Standardsportarten",
        ),
        &SHOES,
        pick("Run", "Lauf"),
    );
    let components = pick(
        "Bike Name,Component Type,Component Brand,Component Model\n\
         Grey gravel,Chain,Shimano,CN-HG701\nGrey gravel,Tire,Schwalbe,G-One\n",
        "Fahrradname,Komponententyp,Komponentenmarke,Komponentenmodell\n\
         Grey gravel,Kette,Shimano,CN-HG701\nGrey gravel,Reifen,Schwalbe,G-One\n",
    );
    let starred = pick(
        "Date,Segment ID\n\"May 3, 2025, 7:12:08 AM\",31780421\n\"Sep 14, 2025, 4:40:51 PM\",32911507\n",
        "Datum,Segment-ID\n\"03.05.2025, 07:12:08\",31780421\n\"14.09.2025, 16:40:51\",32911507\n",
    );
    let profile = pick(
        "Athlete ID,Email Address,First Name,Last Name,Sex,Description,Weight,City,State,Country,\
         Health Consent Status,Date of Health Consent approval/denial\n\
         40112233,demo@example.org,Demo,Athlete,Female,,62.0,Nowhere,,,Approved,\n",
        "Sportler-ID,E-Mail-Adresse,Vorname,Nachname,Geschlecht,Beschreibung,Gewicht,Stadt,Bundesland,Land,\
         Status der Zustimmung zu Gesundheitsdaten,Datum der Zustimmung zu Gesundheitsdaten\n\
         40112233,demo@example.org,Demo,Athlete,Weiblich,,\"62,0\",Nirgendwo,,,Genehmigt,\n",
    );
    let mut photos =
        pick("Media Filename,Media Caption\n", "Mediendateiname,Medienbeschriftung\n").to_owned();
    media.iter().for_each(|name| photos.extend([name, ",\"\"\n"]));
    vec![
        ("bikes.csv", bikes),
        ("components.csv", components.to_owned()),
        ("media.csv", photos),
        ("profile.csv", profile.to_owned()),
        ("shoes.csv", shoes),
        ("starred_segments.csv", starred.to_owned()),
    ]
}

fn gear(header: &str, gear: &[Gear], sport: &str) -> String {
    let rows = gear.iter().map(|gear| format!("{},{},{},{sport}\n", gear.name, gear.brand, gear.model));
    std::iter::once(format!("{header}\n")).chain(rows).collect()
}

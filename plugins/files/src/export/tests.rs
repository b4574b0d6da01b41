//! Every trap of an export, made small; the real ones are in [`real`].

use super::*;

mod damage;
mod real;

/// The end of 2026.
const LATEST_MS: i64 = 1_798_761_600_000;

/// Every row of a table.
#[derive(Debug)]
struct Read {
    rows: Vec<Row>,
    refused: Vec<RefusedRow>,
}

fn rows(bytes: &[u8]) -> Result<Read, Refusal> {
    let table = Table::open(std::sync::Arc::new(bytes.to_vec()))?;
    let mut read = Read { rows: Vec::new(), refused: Vec::new() };
    for row in table.rows() {
        match row {
            Ok(listed) => read.rows.push(table.row(&listed.place, LATEST_MS)),
            Err(refused) => read.refused.push(refused),
        }
    }
    Ok(read)
}

/// The table of a header and rows, as the rows that were read.
fn read(table: &str) -> Read {
    rows(table.as_bytes()).unwrap()
}

/// The only row of a table.
fn only(table: &str) -> Row {
    let table = read(table);
    assert_eq!((table.rows.len(), &table.refused[..]), (1, &[][..]), "{table:?}");
    table.rows.into_iter().next().unwrap()
}

/// The figures of a row with an id, a date and some more columns.
fn figures(columns: &str, cells: &str) -> Figures {
    let table = format!("Activity ID,Activity Date,{columns}\n7,\"Sep 12, 2018, 3:02:23 PM\",{cells}\n");
    only(&table).figures
}

#[test]
fn the_ten_columns_of_2018_are_read() {
    let row = only(
        "id,date,name,type,description,elapsed_time,distance,commute,gear,filename\n\
         193569569,2014-09-12 16:54:28,Evening Ride,Ride,,9462,43057.4,false,Zatona,activities/1.gpx\n",
    );
    let figures = row.figures;
    assert_eq!((row.source_id.as_str(), row.file.as_deref()), ("193569569", Some("activities/1.gpx")));
    assert_eq!(figures.start_ms, Some(1_410_540_868_000));
    assert_eq!((figures.elapsed_s, figures.distance_m), (Some(9462.0), Some(43_057.4)));
    assert_eq!((figures.sport.as_deref(), figures.gear.as_deref()), (Some("cycling"), Some("Zatona")));
    assert_eq!((figures.commute, figures.description), (Some(false), None));
}

#[test]
fn the_second_of_two_columns_of_a_name_is_the_exact_one() {
    let figures = figures(
        "Activity Type,Elapsed Time,Distance,Max Heart Rate,Elapsed Time,Distance,Max Heart Rate",
        "Run,979,2.43,177.0,979.5,2432.77,",
    );
    assert_eq!((figures.elapsed_s, figures.distance_m), (Some(979.5), Some(2432.77)));
    assert_eq!(figures.max_hr, Some(177.0), "the first serves where the second is empty");
}

#[test]
fn a_lone_distance_is_kilometres_on_land_and_metres_in_water() {
    let meters = |sport: &str, distance: &str| {
        figures("Activity Type,Distance,Distance", &format!("{sport},\"{distance}\",")).distance_m
    };
    assert_eq!(meters("Run", "2.43"), Some(2430.0));
    assert_eq!(meters("Swim", "1,025"), Some(1025.0));
    assert_eq!(meters("Rowing", "5000"), Some(5000.0));
}

#[test]
fn distances_that_differ_are_told_and_the_exact_one_is_kept() {
    let row = |distances: &str| {
        only(&format!(
            "Activity ID,Activity Date,Activity Type,Distance,Distance\n7,2018-09-12 15:02:23,Run,{distances}\n"
        ))
    };
    let differing = row("2.43,3000.0");
    assert_eq!(differing.figures.distance_m, Some(3000.0));
    assert_eq!(differing.warnings[0].code, "row_distances_differ");
    assert_eq!(row("2.43,2439.9").warnings, []);
    let twice = row("2.81,2.81");
    assert_eq!((twice.figures.distance_m, &twice.warnings[..]), (Some(2810.0), &[][..]));
}

#[test]
fn a_german_export_is_read() {
    let row = only(
        "\u{feff}Aktivitäts-ID,Aktivitätsdatum,Name der Aktivität,Aktivitätsart,Verstrichene Zeit,Distanz,\
         Max. Herzfrequenz,Pendeln,Dateiname,Verstrichene Zeit,Bewegungszeit,Distanz,Höchstgeschw.,Höhenzunahme,\
         Durchschnittliche Herzfrequenz,Wetter: Temperatur,Luftfeuchtigkeit,Pendeln\r\n\
         8,\"09.12.2022, 15:24:49\",Lauf am Abend,Lauf,3600,\"9,44\",171,false,activities/9.fit.gz,3600.0,3555.0,\
         \"9443,3\",\"4,5\",1.5,\"150,25\",\"-3,5\",\"0,83\",0.0\r\n",
    );
    let figures = row.figures;
    assert_eq!(figures.start_ms, Some(1_670_599_489_000));
    assert_eq!((figures.distance_m, figures.moving_s), (Some(9443.3), Some(3555.0)));
    assert_eq!((figures.avg_hr, figures.max_hr, figures.max_speed), (Some(150.25), Some(171.0), Some(4.5)));
    assert_eq!((figures.sport.as_deref(), figures.source_sport.as_deref()), (Some("running"), Some("Lauf")));
    let weather = figures.weather.unwrap();
    assert_eq!((weather.temperature_c, weather.humidity), (Some(-3.5), Some(0.83)));
    assert_eq!(row.warnings, []);
}

#[test]
fn a_french_export_is_read() {
    let row = only(
        "ID de l'activité,Date de l'activité,Nom de l'activité,Type d'activité,Temps écoulé,Distance,\
         Effort relatif,Nom du fichier,Temps écoulé,Durée de déplacement,Distance,Dénivelé positif,\
         Charge d\u{2019}entraînement,Compétition,Support\n\
         9,\"12 sept. 2018 à 15:02:23\",Sortie,Course à pied,3600,\"10,01\",55,,3600.0,3500.0,\"10\u{202f}012,5\",\
         \"45,5\",80.0,1.0,media/a.jpg|media/b.jpg\n",
    );
    let figures = row.figures;
    assert_eq!(figures.start_ms, Some(1_536_764_543_000));
    assert_eq!((figures.distance_m, figures.ascent_m), (Some(10_012.5), Some(45.5)));
    assert_eq!((figures.training_load, figures.competition), (Some(80.0), Some(true)));
    assert_eq!(figures.media, ["media/a.jpg", "media/b.jpg"]);
    assert_eq!(row.file, None);
}

#[test]
fn markup_in_a_header_is_no_part_of_the_name() {
    let row = only(
        "Activity ID,Activity Date,\"<span class=\"\"translation_missing\"\" title=\"\"x.type\"\">Jump Count</span>\",\
         \"<span title=\"\"y\"\">Average Heart Rate</span>\"\n7,2018-09-12 15:02:23,3,140\n",
    );
    assert_eq!(row.figures.avg_hr, Some(140.0));
    assert!(row.columns.contains(&("Jump Count".to_owned(), 1, "3".to_owned())));
}

#[test]
fn every_filled_column_is_kept_in_order_with_its_occurrence() {
    let row = only(
        "Activity ID,Activity Date,Distance,Moon Phase,Distance,New In 2030\n\
         7,2018-09-12 15:02:23,2.43,,2432.7,42\n",
    );
    let columns: Vec<_> =
        row.columns.iter().map(|(name, nth, text)| (name.as_str(), *nth, text.as_str())).collect();
    assert_eq!(
        columns,
        [
            ("Activity ID", 1, "7"),
            ("Activity Date", 1, "2018-09-12 15:02:23"),
            ("Distance", 1, "2.43"),
            ("Distance", 2, "2432.7"),
            ("New In 2030", 1, "42"),
        ]
    );
}

#[test]
fn a_field_may_hold_line_breaks_commas_and_quotes() {
    let table = read(
        "Activity ID,Activity Date,Activity Name,Activity Description\r\n\
         7,2018-09-12 15:02:23,\"A \"\"hard\"\", long\r\none\",\"first\r\nsecond\"\r\n\
         8,2018-09-13 15:02:23,Next,\r\n",
    );
    let (first, second) = (&table.rows[0], &table.rows[1]);
    assert_eq!(first.figures.name.as_deref(), Some("A \"hard\", long one"));
    assert_eq!(first.figures.description.as_deref(), Some("first\nsecond"));
    assert_eq!((first.line, second.line), (2, 5));
}

#[test]
fn a_row_that_tells_of_no_activity_stops_no_other() {
    let table = read(
        "Activity ID,Activity Date,Activity Name\n\
         1,2018-09-12 15:02:23,good\n\
         ,2018-09-12 15:02:23,no id\n\
         3,,no date\n\
         4,some day,bad date\n\
         1.2E+10,2018-09-12 15:02:23,spoilt id\n\
         1,2018-09-12 15:02:23,again\n\
         tail of a broken row\n\
         9,2018-09-13 15:02:23,good too\n",
    );
    let ids: Vec<_> = table.rows.iter().map(|row| row.source_id.as_str()).collect();
    assert_eq!(ids, ["1", "9"]);
    let refused: Vec<_> =
        table.refused.iter().map(|row| (row.line, row.source_id.as_deref(), row.code)).collect();
    assert_eq!(
        refused,
        [
            (3, None, "row_without_id"),
            (4, Some("3"), "row_without_date"),
            (5, Some("4"), "row_bad_date"),
            (6, Some("1.2E+10"), "row_bad_id"),
            (7, Some("1"), "row_duplicate"),
            (8, Some("tail of a broken row"), "row_bad_id"),
        ]
    );
}

#[test]
fn a_row_of_another_length_is_read_as_far_as_it_goes() {
    let table = read(
        "Activity ID,Activity Date,Activity Name\n1,2018-09-12 15:02:23\n2,2018-09-12 15:02:24,two,three,four\n",
    );
    let codes: Vec<_> = table.rows.iter().map(|row| row.warnings[0].code.as_str()).collect();
    assert_eq!(codes, ["row_too_short", "row_too_long"]);
    assert!(table.rows[1].columns.contains(&(String::new(), 2, "four".to_owned())));
}

#[test]
fn a_lost_file_is_told_from_none() {
    let file = |name: &str| {
        let text = format!("Activity ID,Activity Date,Filename\n7,2018-09-12 15:02:23,{name}\n");
        let table = Table::open(std::sync::Arc::new(text.into_bytes())).unwrap();
        let listed = table.rows().next().unwrap().unwrap();
        (listed.file, listed.file_lost)
    };
    assert_eq!(file(""), (None, false));
    assert_eq!(file("#error#"), (None, true));
    assert_eq!(file("activities/1.bin.gz"), (Some("activities/1.bin.gz".to_owned()), false));
}

#[test]
fn a_hidden_start_is_flagged() {
    let hidden = |date: &str| only(&format!("Activity ID,Activity Date\n7,{date}\n")).figures.start_hidden;
    assert!(hidden("2018-09-12T00:00:01Z"));
    assert!(!hidden("2018-09-12T00:00:02Z"));
}

#[test]
fn what_cannot_be_is_no_figure_and_stays_a_column() {
    let table = "Activity ID,Activity Date,Elevation Loss,Humidity,Average Heart Rate\n\
                 7,2018-09-12 15:02:23,-0.3,1.7,0.0\n";
    let row = only(table);
    assert_eq!((row.figures.descent_m, row.figures.avg_hr, &row.figures.weather), (None, None, &None));
    assert_eq!(row.columns.len(), 5);
}

#[test]
fn flags_are_words_or_numbers() {
    let commute = |cells: &str| figures("Commute,Commute", cells).commute;
    assert_eq!(commute("FALSE,0.0"), Some(false));
    assert_eq!(commute("true,"), Some(true));
    assert_eq!(commute(",1.0"), Some(true));
    assert_eq!(commute(","), None);
}

#[test]
fn a_table_of_an_unknown_language_is_refused_with_what_it_says() {
    let refusal = rows("ID de actividad,Fecha de la actividad\n1,x\n".as_bytes()).unwrap_err();
    assert_eq!(refusal.code, "export_header_unknown");
    assert!(refusal.reason.contains("`ID de actividad`"), "{refusal}");
    assert_eq!(rows(b"").unwrap_err().code, "export_empty");
}

#[test]
fn text_of_windows_is_read_and_told() {
    let mut table = b"Activity ID,Activity Date,Activity Name\n7,2018-09-12 15:02:23,caf".to_vec();
    table.extend([0xe9, b'\n']);
    let table = rows(&table).unwrap();
    assert_eq!(table.rows[0].figures.name.as_deref(), Some("café"));
    assert_eq!(table.rows[0].warnings[0].code, "row_not_utf8");
}

#[test]
fn a_row_without_a_file_is_an_activity_of_its_own() {
    let row = only(
        "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Average Heart Rate\n\
         7,2018-09-12 23:30:00,Circuit,Weight Training,1800,0,121.5\n",
    );
    let activity = activity(&row, "me", &fitness::day::time_zone("Europe/Zurich").unwrap());
    assert_eq!(activity.id, fitness::identity::activity_id("me", "bulk_export", "7"));
    assert_eq!(
        (activity.sport.as_str(), activity.sub_sport.as_deref()),
        ("training", Some("strength_training"))
    );
    assert_eq!(activity.local_date.unwrap().to_string(), "2018-09-13");
    let summary = activity.summary;
    assert_eq!((summary.elapsed_s, summary.avg_hr, summary.samples), (Some(1800.0), Some(121.5), 0));
}

#[test]
fn only_known_lists_are_read() {
    let known = ["bikes.csv", "Shoes.csv", "starred_segments.csv", "profile.csv", "media.csv"];
    for name in known {
        assert!(List::of(name).is_some(), "{name}");
    }
    for name in
        ["contacts.csv", "messaging.json", "logins.csv", "followers.csv", "privacy_zones.csv", "bikes.txt"]
    {
        assert_eq!(List::of(name), None, "{name}");
    }
}

#[test]
fn an_item_is_known_by_its_own_id_or_by_what_is_said_of_it() {
    let ids = |list, text: &str| -> Vec<String> {
        items(list, text.as_bytes()).unwrap().into_iter().map(|item| item.source_id).collect()
    };
    assert_eq!(ids(List::StarredSegments, "Date,Segment ID\n\"Jan 1, 2020\",55\n"), ["55"]);
    assert_eq!(
        ids(List::Shoes, "Shoe Name,Shoe Brand\n\"\",ASICS\n\n,ASICS\nOld,ASICS\n"),
        ["ASICS", "ASICS#2", "Old / ASICS"]
    );
    let goals = "Goal Type,Goal,Start Date,End Date\nDistance Goal,42,\"Dec 3, 2024\",\nCount,3,\"Jan 1\",\"Feb 1\"\n";
    assert_eq!(ids(List::Goals, goals), ["Distance Goal / 42 / Dec 3, 2024", "Count / 3 / Jan 1"]);
}

#[test]
fn a_list_of_more_lines_than_anybody_has_is_refused() {
    let shoes = |lines: usize| format!("Shoe Name\n{}", "Old\n".repeat(lines));
    assert_eq!(items(List::Shoes, shoes(100_000).as_bytes()).unwrap().len(), 100_000);
    assert_eq!(items(List::Shoes, shoes(100_001).as_bytes()).unwrap_err().code, "export_too_many_rows");
}

#[test]
fn a_profile_is_kept_without_its_address() {
    let text = "Athlete ID,Email Address,First Name,Sex,Weight\n5,a@example.org,A,F,61.5\n";
    let items = items(List::Profile, text.as_bytes()).unwrap();
    let names: Vec<_> = items[0].columns.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(
        (items[0].source_id.as_str(), &names[..]),
        ("profile", &["Athlete ID", "First Name", "Sex", "Weight"][..])
    );
}

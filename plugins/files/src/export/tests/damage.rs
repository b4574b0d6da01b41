//! Tables that something has happened to: each row that can be told has an outcome.

use super::*;

const HEADER: &str = "Activity ID,Activity Date,Activity Name,Activity Type,Filename,Distance\n";

/// A row of that id.
fn row(id: u32) -> String {
    format!("{id},\"Sep 12, 2018, 3:02:{id:02} PM\",N,Run,,5\n")
}

/// Ids of the rows that were read, then those and codes of the refused.
fn outcomes(read: &Read) -> (Vec<&str>, Vec<(Option<&str>, &str)>) {
    let refused = read.refused.iter().map(|row| (row.source_id.as_deref(), row.code));
    (read.rows.iter().map(|row| row.source_id.as_str()).collect(), refused.collect())
}

fn codes(row: &Row) -> Vec<&str> {
    row.warnings.iter().map(|warning| warning.code.as_str()).collect()
}

#[test]
fn a_quote_that_is_not_closed_swallows_no_row() {
    let spoilt = "2,\"Sep 12, 2018, 3:02:02 PM\",\"N,Run,,5\n";
    let table = read(&[HEADER, &row(1), spoilt, &row(3), &row(4)].concat());
    assert_eq!(outcomes(&table).0, ["1", "2", "3", "4"]);
    let figures = &table.rows[1].figures;
    assert_eq!((figures.name.as_deref(), figures.distance_m), (Some("N"), Some(5000.0)));
    assert_eq!(codes(&table.rows[1]), ["row_quotes_broken"]);
    assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
}

#[test]
fn a_quote_that_is_never_closed_ends_with_its_row() {
    let spoilt = "2,2018-09-12 15:02:02,\"N,Run,,5\n";
    let plain = |id| format!("{id},2018-09-12 15:02:{id:02},N,Run,,5\n");
    let table = read(&[HEADER, spoilt, &plain(3), &plain(4), "tail"].concat());
    assert_eq!(outcomes(&table), (vec!["2", "3", "4"], vec![(Some("tail"), "row_bad_id")]));
}

#[test]
fn a_quote_in_the_header_swallows_no_row() {
    let table =
        read(&(HEADER.replace("Activity Type", "\"Activity Type") + row(1).as_str() + row(2).as_str()));
    assert_eq!(outcomes(&table).0, ["1", "2"]);
    assert_eq!(table.rows[0].figures.distance_m, Some(5000.0));
}

#[test]
fn a_row_quoted_in_a_description_stays_there() {
    let quoting = "2,2018-09-12 15:02:02,\"see:\n3,2018-09-12 15:02:03,x,Run,,5\nthe end\",Run,,5\n";
    let table = read(&[HEADER, quoting, &row(4)].concat());
    assert_eq!(outcomes(&table).0, ["2", "4"]);
    assert_eq!(codes(&table.rows[0]), ["row_quotes_broken"]);
}

#[test]
fn any_byte_that_changes_costs_two_rows_at_most() {
    let described = "7,\"Sep 12, 2018, 3:02:07 PM\",\"first\n2 of them, \"\"hard\"\"\",Run,,5\n";
    let whole = [HEADER, &row(1), &row(2), described, &row(8), &row(9)].concat();
    for place in 0..whole.len() {
        for byte in [b'"', b',', b'\n', (place * 37 % 256) as u8] {
            let mut bytes = whole.clone().into_bytes();
            bytes[place] = byte;
            let Ok(read) = rows(&bytes) else {
                assert!(place < HEADER.len(), "byte {place} as {byte} loses the table");
                continue;
            };
            let count = read.rows.len() + read.refused.len();
            assert!(count >= 3, "byte {place} as {byte} leaves {count} rows: {read:?}");
        }
    }
}

#[test]
fn what_is_too_large_is_refused_and_the_rest_is_read() {
    let long = "x".repeat(split::ROW_BYTES);
    let lines = "some words, and more\n".repeat(split::ROW_BYTES / 20);
    for text in [long, lines] {
        let large = format!("2,\"Sep 12, 2018, 3:02:02 PM\",\"{text}\",Run,,5\n");
        let table = read(&[HEADER, &row(1), &large, &row(3)].concat());
        assert_eq!(outcomes(&table), (vec!["1", "3"], vec![(None, "row_too_large")]));
    }
    let columns = (0..600).map(|number| format!(",c{number}")).collect::<Vec<_>>().concat();
    let header = HEADER.trim_end().to_owned() + columns.as_str() + "\n";
    assert_eq!(rows(header.as_bytes()).unwrap_err().code, "export_header_too_large");
}

#[test]
fn what_is_beyond_anything_is_no_figure_and_stays_a_column() {
    let columns = "Distance,Elapsed Time,Moving Time,Max Heart Rate,Average Watts,Elevation Gain";
    for value in ["-5", "1e308", "1e999", "NaN", "inf", "-inf", "9".repeat(400).as_str(), "1.2.3.4x"] {
        let cells = [value; 6].join(",");
        let row = only(&format!("Activity ID,Activity Date,{columns}\n7,2018-09-12 15:02:23,{cells}\n"));
        let wanted = Figures { start_ms: Some(1_536_764_543_000), ..Figures::default() };
        assert_eq!((&row.figures, codes(&row)), (&wanted, vec!["value_out_of_range"]), "{value}");
        assert!(row.columns.contains(&("Distance".to_owned(), 1, value.to_owned())), "{value}");
    }
    assert_eq!(figures("Max Heart Rate,Max Heart Rate", "180,10000").max_hr, Some(180.0));
}

#[test]
fn a_start_that_is_yet_to_come_is_told() {
    let row = only("Activity ID,Activity Date\n7,2030-09-12 15:02:23\n");
    assert_eq!((row.figures.start_ms, codes(&row)), (None, vec!["time_out_of_range"]));
}

#[test]
fn an_id_with_noughts_before_it_is_the_same_id() {
    let table =
        read("Activity ID,Activity Date\n7,2018-09-12\n007,2018-09-12\n99999999999999999999,2018-09-12\n");
    let wanted = vec![(Some("007"), "row_duplicate"), (Some("99999999999999999999"), "row_bad_id")];
    assert_eq!(outcomes(&table), (vec!["7"], wanted));
}

#[test]
fn a_table_in_utf_16_is_read() {
    let text = HEADER.to_owned() + "1,2018-09-12 15:02:02,Zürich 🏃,Run,,5\n";
    let bytes = |of: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(of).collect()
    };
    for mark in ["", "\u{feff}"] {
        for bytes in [bytes(u16::to_le_bytes, mark), bytes(u16::to_be_bytes, mark)] {
            let table = rows(&bytes).unwrap();
            assert_eq!(table.rows[0].figures.name.as_deref(), Some("Zürich 🏃"));
            assert_eq!(codes(&table.rows[0]), [""; 0]);
        }
    }
}

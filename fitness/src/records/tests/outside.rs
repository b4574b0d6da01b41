//! What programs told is written once and read in the order in which it changed.

use super::kept::takeout;
use super::*;
use crate::outside::Records;
use crate::records::outside_record::{OutsideRecord, Place, Teller, page, put};

scenarios![
    a_record_is_written_where_it_says_something_else,
    pages_of_a_range_meet,
    a_record_that_no_reader_takes_is_taken_out_as_text,
];

const TELLER: Teller<'_> = Teller { athlete: ME, pipeline: "sheet", step: "singer.tap" };

fn record(key: u32, body: &str) -> OutsideRecord {
    OutsideRecord { stream: "efforts".into(), key: format!("[{key}]"), body: body.to_owned() }
}

fn range(from: i64, to: i64) -> Records {
    Records { pipeline: "sheet".to_owned(), step: "singer.tap".to_owned(), from, to, rows: 0 }
}

fn bodies(tx: &mut Tx<'_>, records: &Records) -> Result<Vec<String>> {
    let (mut place, mut all) = (Place::before(records), Vec::new());
    loop {
        let found = page(tx, ME, records, &place, 2)?;
        let Some((_, last)) = found.last() else { return Ok(all) };
        place = last.clone();
        all.extend(found.into_iter().map(|(record, _)| record.body));
    }
}

mod scenario {
    use super::*;

    pub(super) fn a_record_is_written_where_it_says_something_else(tx: &mut Tx<'_>) -> Result<()> {
        assert_eq!(put(tx, TELLER, &[record(1, "1"), record(2, "2")], 1)?, 2);
        assert_eq!(put(tx, TELLER, &[record(1, "1"), record(2, "3")], 2)?, 1);
        assert_eq!(bodies(tx, &range(0, 2))?, ["1", "3"]);
        assert_eq!(bodies(tx, &range(1, 2))?, ["3"]);
        let other = Teller { step: "process.exec", ..TELLER };
        assert_eq!(put(tx, other, &[record(1, "1")], 3)?, 1, "another step has records of its own");
        assert!(bodies(tx, &range(2, 3))?.is_empty());
        Ok(())
    }

    pub(super) fn pages_of_a_range_meet(tx: &mut Tx<'_>) -> Result<()> {
        for (changed, keys) in [(1, 0..3), (2, 3..5), (3, 5..6)] {
            let records: Vec<_> = keys.map(|key| record(key, &key.to_string())).collect();
            put(tx, TELLER, &records, changed)?;
        }
        assert_eq!(bodies(tx, &range(0, 3))?, ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(bodies(tx, &range(1, 2))?, ["3", "4"]);
        assert!(bodies(tx, &range(3, 3))?.is_empty());
        Ok(())
    }

    pub(super) fn a_record_that_no_reader_takes_is_taken_out_as_text(tx: &mut Tx<'_>) -> Result<()> {
        let deep = format!("{{\"id\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        let bodies = [deep.as_str(), r#"{"id":1e400}"#, r#"{"id":"\ud800"}"#, r#"{"id":4}"#];
        for (key, body) in (1..).zip(bodies) {
            put(tx, TELLER, &[record(key, body)], 1)?;
        }
        let part = takeout::PARTS.iter().find(|part| part.name == "outside_records").unwrap();
        let rows = takeout::page(tx, ME, part, (9, 0))?;
        let taken: Vec<_> = rows.iter().map(|row| row["record"].clone()).collect();
        let [deep, large, lone, _] = bodies.map(serde_json::Value::from);
        assert_eq!(taken, [deep, large, lone, serde_json::json!({ "id": 4 })]);
        Ok(())
    }
}

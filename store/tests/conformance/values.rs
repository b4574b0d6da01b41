//! What goes in comes out.

use store::{Error, Sql, Value, params};

use crate::on_both;

const FILL: Sql =
    Sql::Both("INSERT INTO thing (id, name, weight, done, content) VALUES ($1, $2, $3, $4, $5)");
const ALL: Sql = Sql::Both("SELECT id, name, weight, done, content FROM thing ORDER BY id");

type Thing = (i64, Option<String>, Option<f64>, Option<bool>, Option<Vec<u8>>);

async fn check_round_trip(thing: Thing) {
    on_both(async |store| {
        let written = thing.clone();
        let read = store
            .write(move |tx| {
                let (id, name, weight, done, content) = &written;
                tx.execute(&FILL, &params![id, name, weight, done, content])?;
                tx.query(&ALL, &[], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
                })
            })
            .await
            .unwrap();
        assert_eq!(read, std::slice::from_ref(&thing));
    })
    .await;
}

#[tokio::test]
async fn values_come_back_as_they_went() {
    check_round_trip((
        i64::MIN,
        Some("Zürich 🚴 \"quoted\"\n".to_owned()),
        Some(-0.1),
        Some(true),
        Some(vec![0, 255, 10]),
    ))
    .await;
}

#[tokio::test]
async fn null_comes_back_as_none() {
    check_round_trip((1, None, None, None, None)).await;
}

#[tokio::test]
async fn empty_is_not_null() {
    check_round_trip((0, Some(String::new()), Some(0.0), Some(false), Some(Vec::new()))).await;
}

#[tokio::test]
async fn infinity_is_a_number() {
    check_round_trip((1, None, Some(f64::INFINITY), None, None)).await;
}

#[tokio::test]
async fn parameters_are_bound_by_their_number() {
    const SWAPPED: Sql = Sql::Both("INSERT INTO thing (name, id) VALUES ($2, $1) RETURNING id, name");
    on_both(async |store| {
        let row = store
            .write(|tx| {
                tx.optional(&SWAPPED, &params![7, "seven"], |row| {
                    Ok((row.get::<i64>(0)?, row.get::<String>(1)?))
                })
            })
            .await;
        assert_eq!(row.unwrap(), Some((7, "seven".to_owned())));
    })
    .await;
}

#[tokio::test]
async fn parameter_may_stand_twice() {
    const TWICE: Sql =
        Sql::Both("INSERT INTO thing (id, weight) VALUES ($1, CAST($1 AS BIGINT) * 2) RETURNING weight");
    on_both(async |store| {
        let weight = store.write(|tx| tx.optional(&TWICE, &params![4], |row| row.get::<f64>(0))).await;
        assert_eq!(weight.unwrap(), Some(8.0));
    })
    .await;
}

#[tokio::test]
async fn integer_fits_a_real_column() {
    const WEIGH: Sql = Sql::Both("INSERT INTO thing (id, weight) VALUES ($1, $2) RETURNING weight");
    on_both(async |store| {
        let weight = store.write(|tx| tx.optional(&WEIGH, &params![1, 3], |row| row.get::<f64>(0))).await;
        assert_eq!(weight.unwrap(), Some(3.0));
    })
    .await;
}

#[tokio::test]
async fn list_of_integers_selects_rows() {
    const LISTED: Sql = Sql::Per {
        sqlite: "SELECT id FROM thing WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id",
        postgres: "SELECT id FROM thing WHERE id = ANY($1) ORDER BY id",
    };
    on_both(async |store| {
        let ids = store
            .write(|tx| {
                tx.batch(&FILL, &[full_row(1, "a"), full_row(2, "b"), full_row(3, "c")])?;
                let wanted = vec![3_i64, 9, 1];
                tx.query(&LISTED, &params![&wanted], |row| row.get::<i64>(0))
            })
            .await;
        assert_eq!(ids.unwrap(), [1, 3]);
    })
    .await;
}

#[tokio::test]
async fn list_of_texts_selects_rows() {
    const LISTED: Sql = Sql::Per {
        sqlite: "SELECT id FROM thing WHERE name IN (SELECT value FROM json_each($1)) ORDER BY id",
        postgres: "SELECT id FROM thing WHERE name = ANY($1) ORDER BY id",
    };
    on_both(async |store| {
        let ids = store
            .write(|tx| {
                tx.batch(&FILL, &[full_row(1, "a\"b\\c"), full_row(2, "tab\tü"), full_row(3, "c")])?;
                let wanted = vec!["tab\tü".to_owned(), "a\"b\\c".to_owned()];
                tx.query(&LISTED, &params![&wanted], |row| row.get::<i64>(0))
            })
            .await;
        assert_eq!(ids.unwrap(), [1, 2]);
    })
    .await;
}

#[tokio::test]
async fn text_is_ordered_by_its_bytes() {
    const NAMES: Sql = Sql::Both("SELECT name FROM thing ORDER BY name");
    on_both(async |store| {
        let names = store
            .write(|tx| {
                tx.batch(&FILL, &[full_row(1, "a"), full_row(2, "B"), full_row(3, "ä"), full_row(4, "b-1")])?;
                tx.query(&NAMES, &[], |row| row.get::<String>(0))
            })
            .await;
        assert_eq!(names.unwrap(), ["B", "a", "b-1", "ä"]);
    })
    .await;
}

#[tokio::test]
async fn columns_can_be_borrowed() {
    on_both(async |store| {
        let lengths = store
            .write(|tx| {
                tx.execute(&FILL, &full_row(1, "four"))?;
                tx.optional(&ALL, &[], |row| Ok((row.text(1)?.len(), row.bytes(4)?.len())))
            })
            .await;
        assert_eq!(lengths.unwrap(), Some((4, 2)));
    })
    .await;
}

async fn check_refused(params: &'static [Value<'static>], message: &str) {
    on_both(async |store| {
        let refused = store.write(|tx| tx.execute(&FILL, params)).await;
        assert!(matches!(&refused, Err(Error::Other(text)) if text.contains(message)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn not_a_number_is_refused() {
    const ROW: [Value<'_>; 5] = [Value::Int(1), Value::Null, Value::Real(f64::NAN), Value::Null, Value::Null];
    check_refused(&ROW, "parameter $3 is not a number").await;
}

#[tokio::test]
async fn nul_character_is_refused() {
    const ROW: [Value<'_>; 5] = [Value::Int(1), Value::Text("a\0b"), Value::Null, Value::Null, Value::Null];
    check_refused(&ROW, "parameter $2 holds a NUL character").await;
}

#[tokio::test]
async fn too_few_parameters_are_refused() {
    check_refused(&[Value::Int(1)], "wants parameters up to").await;
}

#[tokio::test]
async fn too_many_parameters_are_refused() {
    check_refused(&[Value::Null; 6], "wants parameters up to $5, 6 were given").await;
}

#[tokio::test]
async fn column_of_another_kind_is_an_error() {
    on_both(async |store| {
        let read = store
            .write(|tx| {
                tx.execute(&FILL, &full_row(1, "a"))?;
                tx.optional(&ALL, &[], |row| row.get::<i64>(1))
            })
            .await;
        let text = read.unwrap_err().to_string();
        assert_eq!(text, "column 1 holds text, wanted i64");
    })
    .await;
}

#[tokio::test]
async fn missing_column_is_an_error() {
    on_both(async |store| {
        let read = store
            .write(|tx| {
                tx.execute(&FILL, &full_row(1, "a"))?;
                tx.optional(&ALL, &[], |row| row.get::<i64>(5))
            })
            .await;
        assert!(matches!(read, Err(Error::Other(_))), "{read:?}");
    })
    .await;
}

fn full_row(id: i64, name: &str) -> Vec<Value<'_>> {
    vec![Value::Int(id), Value::Text(name), Value::Real(1.5), Value::Bool(true), Value::Bytes(b"ab")]
}

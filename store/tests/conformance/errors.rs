//! The same mistake is the same error on both.

use store::{Error, Sql};

use crate::{insert, on_both, run};

#[tokio::test]
async fn second_row_of_a_key_is_a_conflict() {
    on_both(async |store| {
        insert(&store, 1).await.unwrap();
        let second = insert(&store, 1).await;
        assert_eq!(second.unwrap_err().code(), "store_conflict");
    })
    .await;
}

#[tokio::test]
async fn missing_parent_is_a_conflict() {
    on_both(async |store| {
        run(&store, &Sql::Both("CREATE TABLE child (parent BIGINT REFERENCES thing (id))")).await.unwrap();
        let orphan = run(&store, &Sql::Both("INSERT INTO child (parent) VALUES (1)")).await;
        assert!(matches!(orphan, Err(Error::Conflict(_))), "{orphan:?}");
    })
    .await;
}

#[tokio::test]
async fn missing_value_is_a_conflict() {
    on_both(async |store| {
        let missing = run(&store, &Sql::Both("INSERT INTO thing (id) VALUES (NULL)")).await;
        assert!(matches!(missing, Err(Error::Conflict(_))), "{missing:?}");
    })
    .await;
}

#[tokio::test]
async fn message_names_what_the_database_said() {
    on_both(async |store| {
        let wrong = run(&store, &Sql::Both("SELECT nothing FROM nowhere")).await;
        assert!(wrong.unwrap_err().to_string().contains("nowhere"));
    })
    .await;
}

#[tokio::test]
async fn prepare_accepts_a_good_statement() {
    on_both(async |store| {
        store.prepare(&Sql::Both("UPDATE thing SET name = $2 WHERE id = $1 RETURNING id")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn prepare_refuses_an_unknown_column() {
    on_both(async |store| {
        let wrong = store.prepare(&Sql::Both("SELECT colour FROM thing")).await;
        assert!(wrong.unwrap_err().to_string().contains("colour"));
    })
    .await;
}

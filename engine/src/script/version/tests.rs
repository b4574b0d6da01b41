use store::Store;

use super::*;

const PATH: &str = "scripts/rules/a.rhai";

async fn each_store() -> Vec<Store> {
    let mut stores = Vec::new();
    for url in support::databases() {
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        stores.push(store);
    }
    stores
}

async fn noted(store: &Store, text: &str, now_ms: i64) -> usize {
    let scripts = vec![(PATH.to_owned(), text.to_owned())];
    store.write_latest(move |tx| note(tx, &scripts, now_ms)).await.unwrap()
}

async fn texts(store: &Store) -> Vec<(i64, String)> {
    let versions = store.read(|tx| list(tx, PATH)).await.unwrap();
    versions.into_iter().map(|version| (version.since_ms, version.text)).collect()
}

#[tokio::test]
async fn a_text_is_kept_once_until_another_takes_its_place() {
    for store in each_store().await {
        assert_eq!((noted(&store, "one", 10).await, noted(&store, "one", 20).await), (1, 0));
        noted(&store, "two", 30).await;
        noted(&store, "one", 40).await;
        let wanted = [(40, "one"), (30, "two"), (10, "one")].map(|(at, text)| (at, text.to_owned()));
        assert_eq!(texts(&store).await, wanted);
        let good = store.read(good).await.unwrap();
        assert_eq!(good, BTreeMap::from([(PATH.to_owned(), "one".to_owned())]));
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_no_old_text_the_newest() {
    for store in each_store().await {
        noted(&store, "one", 1000).await;
        noted(&store, "two", 5).await;
        assert_eq!(texts(&store).await[0], (1001, "two".to_owned()));
    }
}

#[tokio::test]
async fn a_version_is_found_by_the_beginning_of_its_hash() {
    for store in each_store().await {
        noted(&store, "one", 10).await;
        noted(&store, "two", 20).await;
        let hash = hash("one");
        for prefix in [&hash[..4], short(&hash), &hash] {
            let prefix = prefix.to_owned();
            let found = store.read(move |tx| find(tx, PATH, &prefix)).await.unwrap();
            assert_eq!(found.map(|version| version.text).as_deref(), Some("one"));
        }
        assert_eq!(store.read(|tx| find(tx, PATH, "xyz")).await.unwrap(), None);
    }
}

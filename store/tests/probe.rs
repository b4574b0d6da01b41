use paceline_store::*;
#[tokio::test(flavor="multi_thread")]
async fn probe() {
    for url in support::databases() {
        let t = std::time::Instant::now();
        let url: Url = url.parse().unwrap();
        println!("{url}");
        let s = Store::open(&url).await.unwrap();
        println!("open {:?}", t.elapsed());
        println!("{:?}", s.migrate().await.unwrap());
        println!("{:?}", s.migrate().await.unwrap());
        println!("{:?}", s.migration_status().await.unwrap());
        println!("{:?}", s.check().await.unwrap());
        s.ping().await.unwrap();
        println!("all {:?}", t.elapsed());
    }
}

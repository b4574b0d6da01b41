//! The words of a subscription: they outlive a lost answer and a change of the key.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use engine::http::Base;
use engine::registry::{Delivery, Hook, Means, Verdict};
use engine::secret::Keys;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use upstream::{Fault, Switch};

use super::house::House;
use crate::check::webhook;
use crate::options::Options;
use crate::subscription::{create, delete, known, show};
use crate::webhook::Webhook;

const PATH: &str = "/api/v1/webhooks/strava";

/// Answers the handshakes at an address of its own, as a server does.
struct Callback {
    options: Options,
    task: tokio::task::JoinHandle<()>,
}

impl Callback {
    async fn of(house: &House) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhook = Base::parse(&format!("http://{}{PATH}", listener.local_addr().unwrap())).unwrap();
        let options = Options { webhook: Some(webhook), ..house.options() };
        let means = house.means();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 4_096];
                let length = stream.read(&mut head).await.unwrap();
                let head = String::from_utf8(head[..length].to_vec()).unwrap();
                let body = shake(&means, head.split(' ').nth(1).unwrap()).await;
                let status = if body.is_some() { "200 OK" } else { "403 Forbidden" };
                let body = body.unwrap_or_default();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { options, task }
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the server answers to a handshake, where it answers it well.
async fn shake(means: &Means, target: &str) -> Option<String> {
    let (path, query) = target.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query: BTreeMap<String, String> =
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let delivery = Delivery {
        method: "GET".to_owned(),
        word: path.strip_prefix(PATH)?.strip_prefix('/').map(str::to_owned),
        query,
        headers: BTreeMap::new(),
        body: Vec::new(),
    };
    match Webhook.receive(means, &delivery).await.unwrap() {
        Verdict::Answer(answer) => Some(answer.to_string()),
        _ => None,
    }
}

impl House {
    /// Fails at the call that makes a subscription, and not at the one that looks for it before.
    fn fail_at_create(&self, fault: Fault) {
        for fault in [Fault::Slow(0), fault] {
            self.upstream.fail_where(Switch {
                service: "strava.api".to_owned(),
                path: Some("/strava/api/v3/push_subscriptions".to_owned()),
                fault,
                times: Some(1),
            });
        }
    }

    fn word(&self) -> String {
        self.strava().callback().unwrap().rsplit_once('/').unwrap().1.to_owned()
    }
}

fn keys(bytes: &[u8]) -> Keys {
    let lines: Vec<String> = bytes.iter().map(|byte| BASE64_STANDARD.encode([*byte; 32])).collect();
    Keys::parse(&lines.join("\n")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_whose_answer_was_lost_is_found_by_the_next_call() {
    for (fault, is_seen_first) in
        [(Fault::Lost, false), (Fault::Lost, true), (Fault::BrokenJson, false), (Fault::Status(503), false)]
    {
        House::each(async |house| {
            let callback = Callback::of(&house).await;
            house.fail_at_create(fault.clone());
            create(&house.means(), &callback.options).await.unwrap_err();
            let is_there = house.strava().callback().is_some();
            assert_eq!(is_there, !matches!(fault, Fault::Status(_)), "{fault:?}");
            if is_there {
                let known = known(&house.means(), &house.word()).await.unwrap();
                assert!(known.is_some(), "its words are kept");
            }
            if is_seen_first {
                assert!(show(&house.means(), &callback.options).await.unwrap().unwrap().is_ours);
                let again = create(&house.means(), &callback.options).await.unwrap_err();
                assert_eq!(again.code, "strava_subscription_exists");
            } else {
                assert!(create(&house.means(), &callback.options).await.unwrap().is_ours);
            }
            let known = known(&house.means(), &house.word()).await.unwrap().unwrap();
            assert!(known.subscription.subscription_id.is_some());
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_subscription_leaves_nothing_and_one_of_somebody_else_is_none_of_ours() {
    House::each(async |house| {
        let mut callback = Callback::of(&house).await;
        house.fail_at_create(Fault::Status(400));
        let refused = create(&house.means(), &callback.options).await.unwrap_err();
        assert_eq!(refused.code, "strava_subscription_refused");
        create(&house.means(), &callback.options).await.unwrap();
        let other = House::new(&support::sqlite_url()).await;
        callback.options.api = house.options().api;
        let shown = show(&other.means(), &callback.options).await.unwrap().unwrap();
        assert!(!shown.is_ours);
        delete(&house.means(), &callback.options).await.unwrap();
        assert!(show(&house.means(), &callback.options).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_outlive_the_key_that_sealed_them_once_a_delivery_or_somebody_looked() {
    for by_delivery in [true, false] {
        House::each(async |house| {
            let callback = Callback::of(&house).await;
            let with = |bytes: &[u8]| Means { secrets: keys(bytes), ..house.means() };
            let line = async |means: &Means| {
                let kept = house.read(fitness::records::strava::subscription::list).await;
                webhook::look(means, &kept).unwrap()
            };
            create(&house.means(), &callback.options).await.unwrap();
            let (old, both, new) = (with(&[7]), with(&[8, 7]), with(&[8]));
            assert!(line(&old).await.ok && line(&both).await.detail.contains("older key"));
            let lost = line(&new).await;
            assert!(!lost.ok && lost.detail.contains("webhook delete"), "{}", lost.detail);
            assert!(known(&new, &house.word()).await.unwrap().is_none());
            if by_delivery {
                assert!(known(&both, &house.word()).await.unwrap().is_some());
            } else {
                show(&both, &callback.options).await.unwrap();
            }
            assert!(known(&new, &house.word()).await.unwrap().is_some());
            assert!(line(&new).await.ok && !line(&both).await.detail.contains("older key"));
        })
        .await;
    }
}

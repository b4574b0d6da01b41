//! The application's subscription to webhooks: one for all its athletes.
//!
//! Strava signs nothing, so that the address ends in a word which only Strava and the store know.

use std::time::Duration;

use engine::http::{Answer, Authorization, Base, Limits, Question, Verb};
use engine::registry::Means;
use engine::secret::{Place, SecretError};
use engine::step::Cause;
use fitness::records::strava::subscription::{self, Subscription, TABLE};
use serde::Deserialize;
use store::Tx;
use zeroize::Zeroizing;

use crate::options::Options;
use crate::word;

/// Strava calls the address before it answers.
const LIMITS: Limits = Limits { time: Duration::from_secs(30), bytes: 1 << 20 };
const PATH: &str = "push_subscriptions";
const REFUSED: &str = "strava_subscription_refused";

/// A subscription as Strava tells it, and whether it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    pub id: i64,
    /// Without the word at its end.
    pub address: String,
    /// Whether this installation made it, so that what comes is taken.
    pub is_ours: bool,
}

/// What a delivery proves to know.
pub(crate) struct Known {
    pub(crate) subscription: Subscription,
    pub(crate) verify_token: Zeroizing<String>,
}

#[derive(Deserialize)]
struct Told {
    id: i64,
    #[serde(default)]
    callback_url: String,
}

/// Subscribes. The server must run and be reachable: Strava asks it for a word back before it agrees.
pub async fn create(means: &Means, options: &Options) -> Result<Subscribed, Cause> {
    let application = options.application()?;
    let address = address(options)?;
    let (path_word, verify_token) = (word::random(), word::random());
    let row = Subscription {
        callback: address.clone(),
        subscription_id: None,
        path_word: means.secrets.seal(place(&address, "path_word"), &path_word)?,
        verify_token: means.secrets.seal(place(&address, "verify_token"), &verify_token)?,
        changed_ms: means.clock.now_ms(),
    };
    let was_lost = waits(means, &address).await?;
    if let Some(there) = show(means, options).await? {
        if was_lost && there.is_ours && there.address == address {
            return Ok(there);
        }
        let message = format!("there is a subscription already, for `{}`", there.address);
        return Err(Cause::new("strava_subscription_exists", message));
    }
    put(means, row.clone()).await?;
    let callback = format!("{address}/{path_word}");
    let form = [
        ("client_id", application.client_id.as_str()),
        ("client_secret", &application.client_secret),
        ("callback_url", &callback),
        ("verify_token", &verify_token),
    ];
    let base = options.api_base()?.below(PATH);
    let answer = ask(means, &base, Verb::Form(&form), &[]).await;
    match answer.and_then(|answer| read::<Told>(&answer)) {
        Ok(Told { id, .. }) => {
            put(means, Subscription { subscription_id: Some(id), ..row }).await?;
            Ok(Subscribed { id, address, is_ours: true })
        }
        // Where the answer was lost there may be a subscription, which the next call finds by its words.
        Err(cause) if cause.code != REFUSED => Err(cause),
        Err(cause) => {
            forget(means, address).await?;
            Err(cause)
        }
    }
}

/// The subscription, if there is one.
pub async fn show(means: &Means, options: &Options) -> Result<Option<Subscribed>, Cause> {
    let application = options.application()?;
    let query =
        [("client_id", application.client_id.as_str()), ("client_secret", &application.client_secret)];
    let base = options.api_base()?.below(PATH);
    let answer = ask(means, &base, Verb::Get, &query).await?;
    let Some(Told { id, callback_url }) = read::<Vec<Told>>(&answer)?.into_iter().next() else {
        return Ok(None);
    };
    let ours = ours(means, id, &callback_url).await?;
    let is_ours = ours.is_some();
    let address = match ours {
        Some(ours) => ours.callback,
        None => {
            callback_url.rsplit_once('/').map_or(callback_url.as_str(), |(address, _)| address).to_owned()
        }
    };
    Ok(Some(Subscribed { id, address, is_ours }))
}

/// Ends the subscription, whoever made it, and says which it was.
pub async fn delete(means: &Means, options: &Options) -> Result<Option<Subscribed>, Cause> {
    let application = options.application()?;
    let Some(there) = show(means, options).await? else { return Ok(None) };
    let query =
        [("client_id", application.client_id.as_str()), ("client_secret", &application.client_secret)];
    let base = options.api_base()?.below(&format!("{PATH}/{}", there.id));
    let answer = ask(means, &base, Verb::Delete, &query).await?;
    if !(200..300).contains(&answer.status) && answer.status != 404 {
        return Err(refused(&answer));
    }
    forget(means, there.address.clone()).await?;
    Ok(Some(there))
}

/// The row of a subscription; one whose answer was lost is known by the word in its address, and gets its id.
async fn ours(means: &Means, id: i64, callback_url: &str) -> Result<Option<Subscription>, Cause> {
    for row in means.store.read(subscription::list).await? {
        let opened = Words::open(means, &row);
        if let Ok(words) = &opened {
            seal_anew(means, &row, words).await?;
        }
        if row.subscription_id == Some(id) {
            return Ok(Some(row));
        }
        let address = |words: Words| format!("{}/{}", row.callback, *words.path_word);
        if row.subscription_id.is_none() && opened.is_ok_and(|words| address(words) == callback_url) {
            let (callback, now_ms) = (row.callback.clone(), means.clock.now_ms());
            let accept = move |tx: &mut Tx<'_>| subscription::accept(tx, &callback, id, now_ms);
            means.store.write(accept).await?;
            return Ok(Some(Subscription { subscription_id: Some(id), ..row }));
        }
    }
    Ok(None)
}

/// True where a subscription was asked for and its answer lost.
async fn waits(means: &Means, address: &str) -> Result<bool, Cause> {
    let kept = means.store.read(subscription::list).await?;
    Ok(kept.iter().any(|kept| kept.callback == address && kept.subscription_id.is_none()))
}

/// The subscription whose address ends in that word.
pub(crate) async fn known(means: &Means, given: &str) -> store::Result<Option<Known>> {
    let kept = means.store.read(subscription::list).await?;
    let given = word::hash(given);
    for subscription in kept {
        let Ok(words) = Words::open(means, &subscription) else { continue };
        if word::hash(&words.path_word) == given {
            seal_anew(means, &subscription, &words).await?;
            return Ok(Some(Known { subscription, verify_token: words.verify_token }));
        }
    }
    Ok(None)
}

/// The words of a subscription, opened.
pub(crate) struct Words {
    path_word: Zeroizing<String>,
    verify_token: Zeroizing<String>,
}

impl Words {
    pub(crate) fn open(means: &Means, of: &Subscription) -> Result<Self, SecretError> {
        let open = |column, sealed: &str| means.secrets.open(place(&of.callback, column), sealed);
        Ok(Self {
            path_word: open("path_word", &of.path_word)?,
            verify_token: open("verify_token", &of.verify_token)?,
        })
    }
}

/// Words never change, so that an older key would be needed for as long as the subscription lasts.
async fn seal_anew(means: &Means, row: &Subscription, words: &Words) -> store::Result<()> {
    let keys = &means.secrets;
    let is_old = |sealed: &str| keys.is_sealed_before(sealed).unwrap_or(false);
    if !is_old(&row.path_word) && !is_old(&row.verify_token) {
        return Ok(());
    }
    let seal = |column, word: &str| keys.seal(place(&row.callback, column), word);
    let sealed = (seal("path_word", &words.path_word), seal("verify_token", &words.verify_token));
    let (Ok(path_word), Ok(verify_token)) = sealed else { return Ok(()) };
    let row = row.clone();
    let write = move |tx: &mut Tx<'_>| subscription::seal_anew(tx, &row, (&path_word, &verify_token));
    means.store.write(write).await
}

fn address(options: &Options) -> Result<String, Cause> {
    let missing = || {
        let message = "FITNESS_STRAVA_WEBHOOK_URL says where Strava reaches this server, such as \
                       `https://runs.example.org/api/v1/webhooks/strava`";
        Cause::new("strava_not_configured", message)
    };
    let base = options.webhook.as_ref().ok_or_else(missing)?;
    Ok(base.to_open(&[]).trim_end_matches('/').to_owned())
}

pub(crate) fn place<'a>(address: &'a str, column: &'a str) -> Place<'a> {
    Place { table: TABLE, row: address, column }
}

async fn put(means: &Means, row: Subscription) -> Result<(), Cause> {
    Ok(means.store.write(move |tx: &mut Tx<'_>| subscription::put(tx, &row)).await?)
}

async fn forget(means: &Means, address: String) -> Result<(), Cause> {
    means.store.write(move |tx: &mut Tx<'_>| subscription::remove(tx, &address)).await?;
    Ok(())
}

async fn ask(means: &Means, base: &Base, verb: Verb<'_>, query: &[(&str, &str)]) -> Result<Answer, Cause> {
    let authorization = Authorization::Nobody;
    let answer = means.http.ask(Question { base, verb, query, authorization, limits: LIMITS }).await;
    answer.map_err(|error| {
        let message = "Strava does not answer".to_owned();
        Cause { code: error.code(), message, source: Some(Box::new(error)) }
    })
}

fn read<T: for<'de> Deserialize<'de>>(answer: &Answer) -> Result<T, Cause> {
    if !(200..300).contains(&answer.status) {
        return Err(refused(answer));
    }
    let read = serde_json::from_slice(&answer.body);
    read.map_err(|_| Cause::new("upstream_unreadable", "the answer of Strava cannot be read"))
}

/// What Strava says is repeated where it is short: it names the address that it could not verify.
fn refused(answer: &Answer) -> Cause {
    let value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let errors = value["errors"].as_array().into_iter().flatten();
    let told: Vec<String> = errors
        .filter_map(|error| Some(format!("{}: {}", error["field"].as_str()?, error["code"].as_str()?)))
        .collect();
    let told = if told.is_empty() { String::new() } else { format!(", {}", told.join("; ")) };
    if answer.status >= 500 {
        // Nobody knows what it did.
        let message = format!("Strava is in trouble (status {})", answer.status);
        return Cause::new("upstream_unavailable", message);
    }
    let message = format!("Strava refuses the subscription (status {}{told})", answer.status);
    Cause::new(REFUSED, message)
}

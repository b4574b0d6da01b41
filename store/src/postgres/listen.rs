//! Hears what others tell over `NOTIFY`, on a connection outside the pool.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{sleep, timeout};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, NoTls, Socket};

use super::server::{Server, Tls};
use super::{connect, error};
use crate::{Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often the link is tried, because one that went silent hears nothing for ever.
const CHECK: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(10);

type Hear = Arc<dyn Fn() + Send + Sync>;

/// Listens for ever; a link that breaks is made anew.
pub(super) async fn listen(server: &Server, channel: &str, hear: &Hear) {
    let mut pause = FIRST_PAUSE;
    loop {
        let ended = match &server.tls {
            Tls::Off => follow(server, NoTls, channel, hear, &mut pause).await,
            Tls::On { authorities } => match connect::tls(authorities.as_deref()) {
                Ok(tls) => follow(server, tls, channel, hear, &mut pause).await,
                Err(error) => Err(error),
            },
        };
        // Hints only make things quick, so losing them is nobody's trouble.
        tracing::debug!(error = ended.err().map(|error| error.to_string()), "the listener's link ended");
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn follow<T>(server: &Server, tls: T, channel: &str, hear: &Hear, pause: &mut Duration) -> Result<()>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
{
    let connected = timeout(ANSWER, server.config.connect(tls)).await.map_err(|_| silent())?;
    let (client, mut connection) = connected.map_err(|failure| error::map(&failure))?;
    let told = hear.clone();
    let mut link = tokio::spawn(async move {
        let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(message) = messages.next().await {
            match message {
                Ok(AsyncMessage::Notification(_)) => told(),
                Ok(_) => {}
                Err(failure) => return Err(error::map(&failure)),
            }
        }
        Ok(())
    });
    ask(&client, &format!("LISTEN {channel}")).await?;
    *pause = FIRST_PAUSE;
    // What was told while nobody listened is heard of now.
    hear();
    loop {
        tokio::select! {
            ended = &mut link => return ended.map_err(Error::other)?,
            () = sleep(CHECK) => ask(&client, "").await?,
        }
    }
}

async fn ask(client: &tokio_postgres::Client, text: &str) -> Result<()> {
    let answered = timeout(ANSWER, client.batch_execute(text)).await.map_err(|_| silent())?;
    answered.map_err(|failure| error::map(&failure))
}

fn silent() -> Error {
    Error::unavailable("the server did not answer")
}

//! Stands between the program and its PostgreSQL, and breaks the link in the ways in which links break.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const BUFFER_BYTES: usize = 64 << 10;

/// What the link does with what is sent over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It hands everything on.
    Whole,
    /// Connections are reset, the open ones and the new ones.
    Reset,
    /// The server hears a `COMMIT`, and its answer goes down with the connection.
    SwallowCommits,
    /// Each connection is reset once so many bytes of answers went over it.
    CutAfter(usize),
    /// Nothing passes, and nobody is told.
    Silent,
    /// A connection gives no answer any more once it was asked something with this word.
    SilentFrom(&'static str),
}

/// A way to a database that can be broken and mended; it lives in the runtime that it was started in.
pub struct Proxy {
    /// The database's address by this way.
    pub url: String,
    link: watch::Sender<Link>,
}

impl Proxy {
    /// Listens on a free port and hands on to the server of `url`.
    pub async fn start(url: &str) -> io::Result<Proxy> {
        let server = url.split('@').nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = url.replace(server, &listener.local_addr()?.to_string());
        let (link, changes) = watch::channel(Link::Whole);
        tokio::spawn(accept(listener, server.to_owned(), changes));
        Ok(Proxy { url, link })
    }

    /// Breaks the link, or mends it.
    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

async fn accept(listener: TcpListener, server: String, link: watch::Receiver<Link>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, link) = (server.clone(), link.clone());
        tokio::spawn(async move {
            match TcpStream::connect(server).await {
                Ok(server) => forward(client, server, link).await,
                // The server is away, and so is its proxy.
                Err(_) => reset(client),
            }
        });
    }
}

async fn forward(mut client: TcpStream, mut server: TcpStream, mut changes: watch::Receiver<Link>) {
    let (mut asked, mut answered) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    let (mut is_commit, mut is_silent, mut passed) = (false, false, 0);
    loop {
        let link = *changes.borrow_and_update();
        if link == Link::Reset {
            return reset(client);
        }
        let hears = link != Link::Silent;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            read = client.read(&mut asked), if hears => match read {
                Ok(length @ 1..) => {
                    let asks = |text: &str| asked[..length].windows(text.len()).any(|word| word == text.as_bytes());
                    is_commit = asks("COMMIT");
                    is_silent |= matches!(link, Link::SilentFrom(word) if asks(word));
                    if server.write_all(&asked[..length]).await.is_err() {
                        return reset(client);
                    }
                }
                _ => return,
            },
            read = server.read(&mut answered), if hears => match read {
                // The server has committed when it answers.
                Ok(1..) if is_commit && link == Link::SwallowCommits => return reset(client),
                Ok(1..) if is_silent => {}
                Ok(length @ 1..) => {
                    let room = match link {
                        Link::CutAfter(bytes) => bytes.saturating_sub(passed),
                        _ => length,
                    };
                    passed += length;
                    let cut = client.write_all(&answered[..length.min(room)]).await.is_err() || room < length;
                    if cut {
                        return reset(client);
                    }
                }
                _ => return reset(client),
            },
        }
    }
}

/// Closes without the courtesy of an end.
fn reset(client: TcpStream) {
    // Where that cannot be set it is closed as usual.
    drop(client.set_zero_linger());
    drop(client);
}

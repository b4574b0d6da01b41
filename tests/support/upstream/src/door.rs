//! The port of the services: it can be shut, and a line can be cut with a reset.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::spelling::Spelling;

const BACKLOG: u32 = 128;

/// Opens and shuts a port.
#[derive(Clone)]
pub(crate) struct Door {
    is_open: watch::Sender<bool>,
    /// How the answers that go out here are spelled.
    pub(crate) spelling: Spelling,
}

impl Door {
    /// Listens on the loopback address, on a free port where `port` is 0.
    pub(crate) fn open(port: u16) -> io::Result<(Door, Gate)> {
        let socket = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let address = socket.local_addr()?;
        let listener = Some(socket.listen(BACKLOG)?);
        let (is_open, changes) = watch::channel(true);
        let lines = CancellationToken::new();
        let spelling = Spelling::default();
        let door = Door { is_open, spelling: spelling.clone() };
        Ok((door, Gate { address, listener, changes, lines, spelling }))
    }

    /// While it is shut connections are refused; those that were open are reset.
    pub(crate) fn set_open(&self, is_open: bool) {
        self.is_open.send_if_modified(|now| std::mem::replace(now, is_open) != is_open);
    }
}

/// What `axum` accepts connections from.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    listener: Option<TcpListener>,
    changes: watch::Receiver<bool>,
    lines: CancellationToken,
    spelling: Spelling,
}

impl Gate {
    async fn shut(&mut self) -> io::Result<()> {
        self.listener = None;
        self.lines.cancel();
        self.lines = CancellationToken::new();
        // A socket that is bound and does not listen refuses connections and keeps the port for us.
        let port = bound(self.address)?;
        let is_gone = self.changes.wait_for(|is_open| *is_open).await.is_err();
        if is_gone {
            std::future::pending::<()>().await;
        }
        self.listener = Some(port.listen(BACKLOG)?);
        Ok(())
    }

    async fn next(&mut self) -> io::Result<Option<(Line, SocketAddr)>> {
        let is_open = *self.changes.borrow_and_update();
        let Some(listener) = self.listener.as_ref().filter(|_| is_open) else {
            self.shut().await?;
            return Ok(None);
        };
        tokio::select! {
            changed = self.changes.changed() => match changed {
                Ok(()) => Ok(None),
                Err(_) => std::future::pending().await,
            },
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                Ok(Some((Line::new(stream, self.lines.child_token(), self.spelling.clone()), peer)))
            }
        }
    }
}

impl Listener for Gate {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            match self.next().await {
                Ok(Some(accepted)) => return accepted,
                Ok(None) => {}
                // The machine is short of something: others get their turn before the next try.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A connection that ends with a reset once its [`Cut`] says so.
pub(crate) struct Line {
    stream: TcpStream,
    cut: CancellationToken,
    is_cut: Pin<Box<WaitForCancellationFutureOwned>>,
    spelling: Spelling,
}

impl Line {
    fn new(stream: TcpStream, cut: CancellationToken, spelling: Spelling) -> Self {
        Self { stream, is_cut: Box::pin(cut.clone().cancelled_owned()), cut, spelling }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.is_cut.as_mut().poll(context).is_pending() {
            return Ok(());
        }
        // Without linger the end is a reset; where that cannot be set it is an end all the same.
        drop(self.stream.set_zero_linger());
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        match self.spelling.spelled(bytes) {
            Some(spelled) => Pin::new(&mut self.stream).poll_write(context, &spelled),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Cuts the line that a request came over.
#[derive(Clone)]
pub(crate) struct Cut(CancellationToken);

impl Cut {
    pub(crate) fn now(&self) {
        self.0.cancel();
    }
}

impl Connected<IncomingStream<'_, Gate>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        Self(stream.io().cut.clone())
    }
}

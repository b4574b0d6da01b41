//! A talk with a program: what it is told, what it answers, and how it ends.

use std::time::Duration;

use engine::step::StepError;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::Instant;

use crate::feed::Feed;
use crate::group::{Exit, Group, Order, Pipes};
use crate::limits::Limits;
use crate::lines::{Lines, Read};
use crate::said::{Masks, Said};
use crate::trouble::Trouble;

/// Takes in what a program prints.
pub(crate) trait Listener: Send {
    /// Takes a line in; it is not empty.
    fn hear(&mut self, line: &str, number: u64) -> Result<(), Trouble>;

    /// Whether no more should be taken in before some of it is kept.
    fn is_full(&self) -> bool {
        false
    }

    /// When something must be kept, even where nothing more comes.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Keeps what was heard, as much as there is reason to; all of it at the end.
    fn settle(&mut self, is_over: bool) -> impl Future<Output = Result<(), StepError>> + Send;
}

/// How a program is talked to.
pub(crate) struct Terms<'a> {
    pub limits: Limits,
    /// Whether it may end well without a line.
    pub may_be_silent: bool,
    pub masks: &'a Masks,
}

enum Ended {
    Cancelled,
    TimedOut,
    Told(Result<Heard, StepError>),
}

/// What was heard until the output ended.
struct Heard {
    lines: u64,
    /// What is wrong with how the output ended; the exit code tells more, where there is one.
    trouble: Option<Trouble>,
}

/// Starts a program, talks to it until it has ended, and leaves nothing of it behind.
pub(crate) async fn talk<L: Listener>(
    order: Order,
    terms: &Terms<'_>,
    feed: Feed<'_>,
    listener: &mut L,
    cancelled: impl Future<Output = ()> + Send,
) -> Result<(), StepError> {
    let (group, pipes) = Group::start(order).await?;
    let Limits { time, grace, output_bytes, .. } = terms.limits;
    // Open until the program is gone: one that is asked to end may still have something to say.
    let Pipes { stdin, mut stdout, stderr } = pipes;
    let mut said = Said::new(stderr, group.exit(), terms.masks, (grace, output_bytes));
    let conversing = converse(group.exit(), (stdin, &mut stdout), &mut said, terms, feed, listener);
    let ended = tokio::select! {
        biased;
        () = cancelled => Ended::Cancelled,
        () = tokio::time::sleep(time) => Ended::TimedOut,
        heard = conversing => Ended::Told(heard),
    };
    let heard = take_leave(group, ended, &mut said, terms.limits).await;
    said.close();
    let heard = heard?;
    // Behind the exit code: a program that failed may have been cut off in the middle of a line.
    if let Some(trouble) = heard.trouble {
        return Err(trouble.into());
    }
    if heard.lines == 0 && !terms.may_be_silent {
        return Err(Trouble::Silent.into());
    }
    listener.settle(true).await
}

/// Ends what is left of a program, and hears what it said last.
async fn take_leave(
    group: Group,
    ended: Ended,
    said: &mut Said<'_, Receiver>,
    Limits { time, grace, .. }: Limits,
) -> Result<Heard, StepError> {
    let outcome = match ended {
        Ended::Cancelled => {
            stop(group, said, grace).await;
            Err(StepError::Cancelled)
        }
        Ended::TimedOut => {
            stop(group, said, grace).await;
            Err(Trouble::Timeout(time.as_secs()).into())
        }
        Ended::Told(Err(error)) => {
            group.kill().await;
            Err(error)
        }
        Ended::Told(Ok(heard)) => group.end().await.map(|()| heard).map_err(StepError::from),
    };
    // Nobody of the group is left, so this ends at once, unless somebody left the group.
    let _ = tokio::time::timeout(grace, said.listen()).await;
    outcome
}

/// Asks a program to end, and listens meanwhile: it may stand still until somebody does.
async fn stop(group: Group, said: &mut Said<'_, Receiver>, grace: Duration) {
    let _ = tokio::join!(group.stop(grace), tokio::time::timeout(grace, said.listen()));
}

/// Until the output has ended, the leader too, and nothing more is to be told to it.
async fn converse<L: Listener>(
    mut exit: Exit,
    (stdin, stdout): (Sender, &mut Receiver),
    said: &mut Said<'_, Receiver>,
    terms: &Terms<'_>,
    feed: Feed<'_>,
    listener: &mut L,
) -> Result<Heard, StepError> {
    let listening = listen(stdout, exit.clone(), &terms.limits, listener);
    let telling = tell(feed, stdin, exit.clone());
    let talking = async move {
        let (heard, ()) = tokio::try_join!(listening, telling)?;
        exit.happened().await;
        Ok::<Heard, StepError>(heard)
    };
    let logging = async {
        match said.listen().await {
            Err(trouble) => StepError::from(trouble),
            // How the talk ends is told by what is printed.
            Ok(()) => std::future::pending().await,
        }
    };
    // Neither is always polled first: a pipe that is never empty must not keep the other from being read.
    tokio::select! {
        heard = talking => heard,
        error = logging => Err(error),
    }
}

/// Tells the program what there is, until it has ended: what it did not read then, nobody will.
async fn tell(feed: Feed<'_>, stdin: Sender, mut exit: Exit) -> Result<(), StepError> {
    tokio::select! {
        biased;
        told = feed.through(stdin) => told,
        () = exit.happened() => Ok(()),
    }
}

async fn listen<L: Listener>(
    stdout: &mut Receiver,
    mut exit: Exit,
    limits: &Limits,
    listener: &mut L,
) -> Result<Heard, StepError> {
    let mut lines = Lines::new(stdout, limits.line_bytes);
    let (mut bytes, mut read) = (0, 0);
    let too_long = |line| Trouble::LineTooLong { line, most_kib: limits.line_bytes >> 10 };
    loop {
        let more = tokio::select! {
            biased;
            more = lines.more() => more.map_err(Trouble::Pipe)?,
            () = fell_silent(&mut exit, limits.grace) => {
                return Ok(Heard { lines: read, trouble: Some(Trouble::LeftChildren) });
            }
            () = reach(listener.due()) => {
                listener.settle(false).await?;
                continue;
            }
        };
        match more {
            Read::Bytes(count) => bytes += count as u64,
            Read::TooLong => return Err(too_long(read + 1).into()),
            Read::End => break,
        }
        if bytes > limits.output_bytes {
            return Err(Trouble::OutputTooLarge(limits.output_bytes >> 20).into());
        }
        for (line, text) in lines.whole() {
            read += 1;
            if line.len() > limits.line_bytes {
                return Err(too_long(read).into());
            }
            hear(listener, line, text, read)?;
            if listener.is_full() {
                listener.settle(false).await?;
            }
        }
        listener.settle(false).await?;
    }
    let rest = lines.rest();
    let is_more = !rest.trim_ascii().is_empty();
    let trouble = hear(listener, rest, None, read + 1).err();
    Ok(Heard { lines: read + u64::from(is_more), trouble })
}

fn hear<L: Listener>(listener: &mut L, line: &[u8], text: Option<&str>, number: u64) -> Result<(), Trouble> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    let text = match text {
        Some(text) => text.trim_ascii(),
        None => std::str::from_utf8(line)
            .map_err(|error| Trouble::BadJson { line: number, column: error.valid_up_to() + 1 })?,
    };
    listener.hear(text, number)
}

/// Returns at a time, or never.
async fn reach(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Returns once the leader has ended and nothing came for a while: then others hold the pipe who say nothing.
pub(crate) async fn fell_silent(exit: &mut Exit, grace: Duration) {
    exit.happened().await;
    tokio::time::sleep(grace).await;
}

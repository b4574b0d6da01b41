//! A talk with a program: what it is told, what it answers, and how it ends.

use std::time::Duration;

use engine::step::StepError;
use tokio::net::unix::pipe::{Receiver, Sender};

use crate::feed::Feed;
use crate::group::{Exit, Group, Order, Pipes};
use crate::limits::Limits;
use crate::lines::{Lines, Read};
use crate::said::{self, Masks};
use crate::trouble::Trouble;

/// Takes in what a program prints.
pub(crate) trait Listener: Send {
    /// Takes a line in; it is not empty.
    fn hear(&mut self, line: &str, number: u64) -> Result<(), Trouble>;

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
    /// What is wrong with what came behind the last end of a line.
    rest: Option<Trouble>,
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
    let Limits { time, grace, .. } = terms.limits;
    let ended = tokio::select! {
        biased;
        () = cancelled => Ended::Cancelled,
        () = tokio::time::sleep(time) => Ended::TimedOut,
        heard = converse(group.exit(), pipes, terms, feed, listener) => Ended::Told(heard),
    };
    let heard = match ended {
        Ended::Cancelled => {
            group.stop(grace).await;
            return Err(StepError::Cancelled);
        }
        Ended::TimedOut => {
            group.stop(grace).await;
            return Err(Trouble::Timeout(time.as_secs()).into());
        }
        // The group is dropped, and so it ends at once.
        Ended::Told(heard) => heard?,
    };
    group.end().await?;
    // Behind the exit code: a program that failed may have been cut off in the middle of a line.
    if let Some(trouble) = heard.rest {
        return Err(trouble.into());
    }
    if heard.lines == 0 && !terms.may_be_silent {
        return Err(Trouble::Silent.into());
    }
    listener.settle(true).await
}

/// Until the output has ended, the leader too, and nothing more is to be told to it.
async fn converse<L: Listener>(
    exit: Exit,
    pipes: Pipes,
    terms: &Terms<'_>,
    feed: Feed<'_>,
    listener: &mut L,
) -> Result<Heard, StepError> {
    let Pipes { stdin, stdout, stderr } = pipes;
    let listening = listen(stdout, exit.clone(), &terms.limits, listener);
    let logging = async {
        said::log(stderr, exit.clone(), terms.limits.grace, terms.masks).await;
        Ok(())
    };
    let (heard, (), ()) = tokio::try_join!(listening, logging, tell(feed, stdin, exit.clone()))?;
    exit.clone().happened().await;
    Ok(heard)
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
    stdout: Receiver,
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
            () = fell_silent(&mut exit, limits.grace) => return Err(Trouble::LeftChildren.into()),
        };
        match more {
            Read::Bytes(count) => bytes += count as u64,
            Read::TooLong => return Err(too_long(read + 1).into()),
            Read::End => break,
        }
        if bytes > limits.output_bytes {
            return Err(Trouble::OutputTooLarge(limits.output_bytes >> 20).into());
        }
        for line in lines.whole() {
            read += 1;
            if line.len() > limits.line_bytes {
                return Err(too_long(read).into());
            }
            hear(listener, line, read)?;
        }
        listener.settle(false).await?;
    }
    let rest = lines.rest();
    let is_more = !rest.trim_ascii().is_empty();
    let rest = hear(listener, rest, read + 1).err();
    Ok(Heard { lines: read + u64::from(is_more), rest })
}

fn hear<L: Listener>(listener: &mut L, line: &[u8], number: u64) -> Result<(), Trouble> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| Trouble::BadJson { line: number, column: error.valid_up_to() + 1 })?;
    listener.hear(text, number)
}

/// Returns once the leader has ended and nothing came for a while: then others hold the pipe who say nothing.
pub(crate) async fn fell_silent(exit: &mut Exit, grace: Duration) {
    exit.happened().await;
    tokio::time::sleep(grace).await;
}

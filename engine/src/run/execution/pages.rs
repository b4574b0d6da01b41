//! Writes down what happened and what steps said, without holding up a step that is at work.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tracing::debug;

use super::Execution;
use crate::run::Fenced;
use crate::run::attempt::Report;
use crate::run::journal::Page;

/// How long what steps say may wait to be written down while nothing else is.
const SPEECH: Duration = Duration::from_secs(1);

impl Execution {
    /// Writes down what happened, while the step that has no task of its own goes on; its end is answered.
    pub(in crate::run) async fn write_beside(
        &mut self,
        alone: &mut Option<Pin<Box<impl Future<Output = Report>>>>,
    ) -> store::Result<Option<Report>> {
        let mut ended = None;
        let mut write = pin!(self.write_down());
        let written = poll_fn(|cx| {
            let polled = alone.as_mut().map(|work| work.as_mut().poll(cx));
            if let Some(Poll::Ready(report)) = polled {
                *alone = None;
                ended = Some(report);
            }
            write.as_mut().poll(cx)
        });
        written.await?;
        Ok(ended)
    }

    /// Writes down what happened, and what steps said meanwhile; that alone may wait.
    async fn write_down(&mut self) -> store::Result<()> {
        let is_due = self.next_speech.is_some_and(|next| Instant::now() >= next);
        if self.entries.is_empty() && !is_due {
            return Ok(());
        }
        self.write_page().await
    }

    /// Commits what happened since the last time.
    pub(in crate::run) async fn write_page(&mut self) -> store::Result<()> {
        self.revision += 1;
        let entries = std::mem::take(&mut self.entries);
        let lines = match &mut self.next_speech {
            Some(next) => {
                *next = Instant::now() + SPEECH;
                Arc::new(self.shared.lines.take())
            }
            None => Arc::default(),
        };
        let has_entries = !entries.is_empty();
        let page = Page { revision: self.revision, entries, lines: lines.clone() };
        match self.journal.write(page).await {
            // Nothing rests on what steps said: the next commit takes it along, and the steps go on meanwhile.
            Err(error) if !has_entries && !is_fenced(&error) => {
                debug!(code = error.code(), error = %error, "what steps said cannot be written down yet");
                self.shared.lines.put_back(Arc::unwrap_or_clone(lines));
                Ok(())
            }
            written => written,
        }
    }
}

fn is_fenced(error: &store::Error) -> bool {
    matches!(error, store::Error::Aborted(why) if why.is::<Fenced>())
}

//! Ends runs together: those that wait while one group is committed are the next group. As many new ones are taken.

use std::sync::Arc;

use store::{Store, Tx};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::refill::Refill;
use crate::queue::{self, Claimed, Ended, Ending, Enqueued, Job, Lease};
use crate::run::{Fence, Fenced};
use crate::schedule::followers;

/// At most so many runs end in one transaction.
const GROUP: usize = 256;

/// Where runs of a worker end; its task goes with the last clone.
#[derive(Clone)]
pub(super) struct Finisher(mpsc::UnboundedSender<Waiting>);

/// A run that waits for its end.
struct Waiting {
    finish: Finish,
    answer: oneshot::Sender<store::Result<Vec<Enqueued>>>,
}

#[derive(Clone)]
struct Finish {
    ending: Ending,
    followers: Vec<Job>,
}

impl Finisher {
    pub(super) fn start(store: Store, refill: Refill) -> Self {
        let (sender, queue) = mpsc::unbounded_channel();
        tokio::spawn(serve(store, queue, refill));
        Self(sender)
    }

    /// Ends the run, enqueues what follows it, and answers once both are committed.
    pub(super) async fn finish(
        &self,
        fence: Fence,
        ended: Ended,
        followers: Vec<Job>,
    ) -> store::Result<Vec<Enqueued>> {
        let (answer, told) = oneshot::channel();
        let finish = Finish { ending: Ending { fence, ended }, followers };
        let gone = || store::Error::Other("the worker is gone".to_owned());
        self.0.send(Waiting { finish, answer }).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?
    }
}

async fn serve(store: Store, mut queue: mpsc::UnboundedReceiver<Waiting>, refill: Refill) {
    let mut group = Vec::new();
    while queue.recv_many(&mut group, GROUP).await > 0 {
        let (finishes, answers): (Vec<_>, Vec<_>) =
            group.drain(..).map(|waiting| (waiting.finish, waiting.answer)).unzip();
        let answered = match commit(&store, finishes.clone(), refill.lease()).await {
            // The trouble of one must not be that of all, and that of a claim not that of an end.
            Err(_) => one_by_one(&store, finishes).await,
            Ok((answered, claimed)) => {
                // Before any of them is known to be over, so that the worker is never thought to hold nothing.
                refill.hand_over(claimed);
                answered
            }
        };
        for (answer, told) in answers.into_iter().zip(answered) {
            // A run that was left behind hears no answer.
            let _ = answer.send(told);
        }
    }
}

type Answers = Vec<store::Result<Vec<Enqueued>>>;

async fn one_by_one(store: &Store, finishes: Vec<Finish>) -> Answers {
    let mut all = JoinSet::new();
    for (position, finish) in finishes.into_iter().enumerate() {
        let store = store.clone();
        all.spawn(async move { (position, commit(&store, vec![finish], None).await) });
    }
    let mut answers = all.join_all().await;
    answers.sort_by_key(|(position, _)| *position);
    answers.into_iter().map(|(_, answered)| answered.and_then(|(mut one, _)| one.remove(0))).collect()
}

/// Ends the runs that are still held, and under a lease takes as many others; for each that is not held, the answer is
/// [`Fenced`].
async fn commit(
    store: &Store,
    finishes: Vec<Finish>,
    lease: Option<Lease>,
) -> store::Result<(Answers, Vec<Claimed>)> {
    let finishes = Arc::new(finishes);
    let room = i64::try_from(finishes.len()).unwrap_or(queue::BATCH);
    let commit = move |tx: &mut Tx<'_>| {
        let held = write(tx, &finishes)?;
        let claimed = lease.as_ref().map(|lease| queue::claim(tx, lease, room)).transpose()?;
        Ok((held, claimed.unwrap_or_default()))
    };
    let (held, claimed) = store.write_latest(commit).await?;
    let answer = |enqueued: Option<_>| enqueued.ok_or_else(|| store::Error::abort(Fenced));
    Ok((held.into_iter().map(answer).collect(), claimed))
}

fn write(tx: &mut Tx<'_>, finishes: &[Finish]) -> store::Result<Vec<Option<Vec<Enqueued>>>> {
    let jobs = finishes
        .iter()
        .enumerate()
        .flat_map(|(at, finish)| finish.followers.iter().map(move |job| (at, job)));
    let mut jobs: Vec<_> = jobs.collect();
    // Enqueueing waits for others that enqueue the same: in one order, and before the rows of runs, or two could wait
    // for each other.
    jobs.sort_by_key(|(_, job)| (&job.pipeline, &job.partition));
    jobs.iter().try_for_each(|(_, job)| queue::one_at_a_time(tx, job))?;
    let endings: Vec<_> = finishes.iter().map(|finish| finish.ending.clone()).collect();
    let held = queue::finish_all(tx, &endings)?;
    let mut enqueued: Vec<_> = held.iter().map(|is_held| is_held.then(Vec::new)).collect();
    for (at, job) in jobs.into_iter().filter(|(at, _)| held[*at]) {
        let followed = followers::enqueue(tx, std::slice::from_ref(job))?;
        enqueued[at].get_or_insert_default().extend(followed);
    }
    Ok(enqueued)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::queue::{Claimed, Lease};
    use crate::run::{Cause, FailureClass, RunState, record};
    use crate::stage::{NOW_MS, Stage};

    const WELL: &str = "//! Succeeds.\npipeline(\"well\", #{});\ntest::play([], #{}).named(\"a\");\n";

    async fn claim(stage: &Stage, limit: i64) -> Vec<Claimed> {
        let lease =
            Lease { worker: "me".to_owned(), length: Duration::from_secs(30), now_ms: NOW_MS + 60_000 };
        stage.store.write_latest(move |tx| queue::claim(tx, &lease, limit)).await.unwrap()
    }

    async fn three_claimed(stage: &Stage) -> Vec<Claimed> {
        for _ in 0..3 {
            stage.enqueue("well", serde_json::Value::Null, Cause::Cli).await;
        }
        claim(stage, 20).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn as_many_are_taken_as_end_until_the_worker_ends() {
        for stage in Stage::each(&[("well", WELL)]).await {
            for _ in 0..4 {
                stage.enqueue("well", serde_json::Value::Null, Cause::Cli).await;
            }
            let mut first = claim(&stage, 2).await;
            let stop = CancellationToken::new();
            let (refill, mut refilled) = Refill::until(stop.clone(), stage.engine.clone());
            let finisher = Finisher::start(stage.store.clone(), refill);
            let end = async |claimed: Claimed| {
                let ended = Ended::well(RunState::Succeeded, NOW_MS);
                finisher.finish(claimed.fence, ended, Vec::new()).await.unwrap()
            };
            end(first.remove(0)).await;
            let taken = refilled.try_recv().unwrap();
            assert_eq!(taken.len(), 1);
            stop.cancel();
            end(first.remove(0)).await;
            assert!(refilled.try_recv().is_err(), "one is left, and nobody to work on it");
            assert_eq!(claim(&stage, 20).await.len(), 1);
        }
    }

    fn succeeded(claimed: &Claimed) -> Finish {
        let ended = Ended::well(RunState::Succeeded, NOW_MS);
        Finish { ending: Ending { fence: claimed.fence.clone(), ended }, followers: Vec::new() }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn runs_end_together_and_one_that_was_lost_takes_no_other_with_it() {
        for stage in Stage::each(&[("well", WELL)]).await {
            let claimed = three_claimed(&stage).await;
            let lost = claimed[1].run.clone();
            stage.store.write(|tx| queue::forget(tx, "me")).await.unwrap();
            let again = claim(&stage, 20).await;
            let mine = |run: &str| again.iter().find(|claimed| claimed.run == run).unwrap();
            let group = [mine(&claimed[0].run), &claimed[1], mine(&claimed[2].run)].map(succeeded);
            let (answers, _) = commit(&stage.store, group.to_vec(), None).await.unwrap();
            assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
            assert!(answers.into_iter().nth(1).unwrap().unwrap_err().downcast_aborted::<Fenced>().is_ok());
            for claimed in &claimed {
                let wanted = if claimed.run == lost { RunState::Queued } else { RunState::Succeeded };
                let id = claimed.run.clone();
                let found = stage.store.read(move |tx| record::run(tx, &id)).await.unwrap().unwrap();
                assert_eq!(found.state, wanted);
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_claims_of_one_run_only_the_later_ends_it() {
        for stage in Stage::each(&[("well", WELL)]).await {
            stage.enqueue("well", serde_json::Value::Null, Cause::Cli).await;
            let first = claim(&stage, 20).await.remove(0);
            stage.store.write(|tx| queue::forget(tx, "me")).await.unwrap();
            let second = claim(&stage, 20).await.remove(0);
            let group = vec![succeeded(&first), succeeded(&second)];
            let (answers, _) = commit(&stage.store, group, None).await.unwrap();
            assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_trouble_of_one_run_is_not_that_of_the_others_in_its_group() {
        for stage in Stage::each(&[("well", WELL)]).await {
            let claimed = three_claimed(&stage).await;
            let mut group: Vec<_> = claimed.iter().map(succeeded).collect();
            // PostgreSQL takes no such text, and neither does the store on SQLite.
            group[1].ending.ended = Ended {
                state: RunState::Failed,
                class: Some(FailureClass::Hopeless),
                error_code: Some("broken".to_owned()),
                error: Some("broken \0 text".to_owned()),
                now_ms: NOW_MS,
            };
            let (refill, _refilled) = Refill::until(CancellationToken::new(), stage.engine.clone());
            // All three are there before the first is served, so that they are one group.
            let (sender, queue) = mpsc::unbounded_channel();
            let mut told = Vec::new();
            for finish in group {
                let (answer, tells) = oneshot::channel();
                sender.send(Waiting { finish, answer }).unwrap();
                told.push(tells);
            }
            drop(sender);
            serve(stage.store.clone(), queue, refill).await;
            let went_well: Vec<_> = told.iter_mut().map(|tells| tells.try_recv().unwrap().is_ok()).collect();
            assert_eq!(went_well, [true, false, true]);
        }
    }
}

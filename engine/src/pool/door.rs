//! The way of a run's steps into their pools, and out of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Cell, PoisonError};
use std::time::Duration;

use store::{Store, Tx};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};
use tracing::warn;

use super::obstacle::Obstacle;
use super::pools::Pools;
use super::rows;
use super::size::{Cooldown, Size};
use crate::context::RunContext;
use crate::plan::Plan;
use crate::step::{Cause, StepError};

/// How often giving back is tried where the database is away; then the end of the run does it.
const TRIES: u32 = 3;
/// How long a step stands in the line of its run before it says that it waits.
const UNTOLD: Duration = Duration::from_millis(200);

/// The doors of a run's steps, by their place in the plan; steps without a pool have none.
#[derive(Default)]
pub(crate) struct Doors(HashMap<usize, Arc<Door>>);

/// A step's way into its pool.
pub(crate) struct Door {
    pub(super) pool: String,
    step: Arc<str>,
    cooldown: Option<Cooldown>,
    line: Arc<Line>,
    pools: Pools,
    store: Store,
    context: Arc<RunContext>,
}

/// The steps of one run that wait for one pool. Only the first of them asks the database, so that a fan of a thousand
/// asks no more often than a single step; when it gives up, all do, because they park together.
#[derive(Default)]
struct Line {
    head: Mutex<Option<GivenUp>>,
    seen: Cell<Option<Obstacle>>,
}

#[derive(Clone)]
struct GivenUp {
    after: Duration,
    obstacle: Obstacle,
}

/// How an attempt ended, as its pool sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    Succeeded,
    /// In a way that may be the upstream's doing.
    Failed,
    /// In a way that says nothing of the upstream.
    Neither,
}

/// What a step wants of its pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// To begin an attempt, which pays one call.
    Enter,
    /// To make one more call.
    Call,
}

impl Doors {
    /// Those of a run: none where there is no store that could be asked.
    pub(crate) fn of(plan: &Plan, context: &Arc<RunContext>, pools: &Pools) -> Self {
        let Some(store) = &context.store else { return Self::default() };
        let mut lines: HashMap<&str, Arc<Line>> = HashMap::new();
        let pooled = plan.steps.iter().enumerate().filter_map(|(index, step)| {
            let pool = step.policy.pool.as_deref()?;
            let door = Door {
                pool: pool.to_owned(),
                step: step.name.clone(),
                cooldown: step.policy.cooldown,
                line: lines.entry(pool).or_default().clone(),
                pools: pools.clone(),
                store: store.clone(),
                context: context.clone(),
            };
            Some((index, Arc::new(door)))
        });
        Self(pooled.collect())
    }

    pub(crate) fn to(&self, step: usize) -> Option<&Arc<Door>> {
        self.0.get(&step)
    }
}

impl Door {
    /// Waits until an attempt may begin, and pays its first call. `tell` hears for what it waits, if it does.
    ///
    /// Fails with [`StepError::Later`] where the run shall let go of itself meanwhile.
    pub(crate) async fn enter(&self, mut tell: impl FnMut(Cause) + Send) -> Result<(), StepError> {
        let mut head = self.stand_in_line(&mut tell).await?;
        if let Some(GivenUp { after, obstacle }) = &*head {
            return Err(StepError::Later { after: *after, source: obstacle.cause(&self.pool) });
        }
        let mut tell = |obstacle: &Obstacle| {
            *self.line.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(obstacle.clone());
            tell(obstacle.cause(&self.pool));
        };
        self.wait(Wish::Enter, &mut tell).await.map_err(|refusal| match refusal {
            Refusal::Later(given_up) => {
                let source = given_up.obstacle.cause(&self.pool);
                let after = given_up.after;
                *head = Some(given_up);
                StepError::Later { after, source }
            }
            Refusal::Error(error) => error,
        })
    }

    /// Waits until one more call may be made, and pays it.
    pub(super) async fn call(&self) -> Result<(), StepError> {
        self.wait(Wish::Call, &mut |_| {}).await.map_err(|refusal| match refusal {
            Refusal::Later(GivenUp { after, obstacle }) => {
                StepError::Later { after, source: obstacle.cause(&self.pool) }
            }
            Refusal::Error(error) => error,
        })
    }

    /// Gives the slot back and tells the pool how it went.
    pub(crate) async fn leave(&self, departure: Departure) {
        for _ in 0..TRIES {
            match self.try_leave(departure).await {
                Ok(()) => break,
                Err(error) if error.is_transient() => sleep(self.pools.patience().poll).await,
                // A run that is not ours any more has no slot any more either.
                Err(error) => {
                    warn!(pool = self.pool, code = error.code(), error = %error, "cannot leave the pool");
                    break;
                }
            }
        }
        self.pools.wake(&self.pool);
    }

    /// Changes the pool by what the upstream said of itself.
    pub(super) async fn heed(
        &self,
        change: impl Fn(&mut super::state::State, i64) + Send + 'static,
    ) -> Result<(), StepError> {
        let asked = self.asked();
        let heeded = self.store.write_latest(move |tx| {
            asked.context.fence.check(tx)?;
            let mut state = rows::lock(tx, &asked.pool, &asked.size, asked.now_ms)?;
            change(&mut state, asked.now_ms);
            rows::save(tx, &asked.pool, &state)
        });
        Ok(heeded.await?)
    }

    async fn try_leave(&self, departure: Departure) -> store::Result<()> {
        let (asked, cooldown) = (self.asked(), self.cooldown);
        let left = self.store.write_latest(move |tx| {
            asked.context.fence.check(tx)?;
            if departure != Departure::Neither {
                let mut state = rows::lock(tx, &asked.pool, &asked.size, asked.now_ms)?;
                match departure {
                    Departure::Failed => state.fail(asked.now_ms, cooldown),
                    _ => state.succeed(),
                }
                rows::save(tx, &asked.pool, &state)?;
            }
            rows::forget(tx, &asked.context.run.id, &asked.step)
        });
        match left.await {
            Ok(()) => Ok(()),
            Err(error) => error.downcast_aborted::<crate::run::Fenced>().map(drop),
        }
    }

    /// Waits to be the first of the run's steps that ask.
    async fn stand_in_line(
        &self,
        tell: &mut (impl FnMut(Cause) + Send),
    ) -> Result<MutexGuard<'_, Option<GivenUp>>, StepError> {
        let mut head = std::pin::pin!(self.line.head.lock());
        let mut is_told = false;
        loop {
            let untold = async { if is_told { std::future::pending().await } else { sleep(UNTOLD).await } };
            tokio::select! {
                biased;
                head = &mut head => return Ok(head),
                () = self.context.stop.stopped() => return Err(StepError::Cancelled),
                () = untold => {
                    let seen = self.line.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    is_told = seen.is_some();
                    seen.into_iter().for_each(|obstacle| tell(obstacle.cause(&self.pool)));
                }
            }
        }
    }

    async fn wait(&self, wish: Wish, tell: &mut (dyn FnMut(&Obstacle) + Send)) -> Result<(), Refusal> {
        let patience = self.pools.patience();
        let mut since = Instant::now();
        let mut told = None;
        loop {
            let obstacle = match self.ask(wish).await {
                Ok(None) => return Ok(()),
                Ok(Some(obstacle)) => obstacle,
                Err(error) if error.is_transient() => {
                    self.pause(wish).await?;
                    continue;
                }
                Err(error) => return Err(Refusal::Error(error.into())),
            };
            if told.as_ref() != Some(&obstacle) {
                tell(&obstacle);
                told = Some(obstacle.clone());
            }
            // Steps of its own run end by themselves, and the run cannot let go before.
            if obstacle.is_made_by(&self.context.run.id) {
                since = Instant::now();
            }
            if let Some(after) = self.too_long(&obstacle, since.elapsed()) {
                return Err(Refusal::Later(GivenUp { after, obstacle }));
            }
            while !self.pause(wish).await? && since.elapsed() < patience.in_place {
                // Looked at without a lock, because nearly always nothing has changed.
                if self.look(wish).await != Some(obstacle.clone()) {
                    break;
                }
            }
        }
    }

    /// How long to let go of the run, where the wait is too long to be made in place.
    fn too_long(&self, obstacle: &Obstacle, waited: Duration) -> Option<Duration> {
        let patience = self.pools.patience();
        let Some(until_ms) = obstacle.until_ms() else {
            return (waited >= patience.in_place).then(|| jittered(patience.away));
        };
        let left_ms = until_ms - self.context.clock.now_ms();
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        let is_too_long = left > patience.in_place.saturating_sub(waited);
        // Those who wait for the same moment do not all come at it.
        is_too_long.then(|| left + jittered(patience.poll))
    }

    /// Waits a moment; answers whether it was woken.
    async fn pause(&self, wish: Wish) -> Result<bool, Refusal> {
        let bell = self.pools.bell(&self.pool);
        let rung = async {
            match wish {
                Wish::Enter => bell.notified().await,
                // A slot that is given back is news for those outside.
                Wish::Call => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.context.stop.stopped() => Err(Refusal::Error(StepError::Cancelled)),
            () = rung => Ok(true),
            () = sleep(jittered(self.pools.patience().poll)) => Ok(false),
        }
    }

    async fn ask(&self, wish: Wish) -> store::Result<Option<Obstacle>> {
        let asked = self.asked();
        self.store.write_latest(move |tx| asked.take(tx, wish)).await
    }

    async fn look(&self, wish: Wish) -> Option<Obstacle> {
        let asked = self.asked();
        self.store.read(move |tx| asked.look(tx, wish)).await.ok().flatten()
    }

    fn asked(&self) -> Asked {
        Asked {
            pool: self.pool.clone(),
            step: self.step.clone(),
            size: self.pools.size(&self.pool),
            now_ms: self.context.clock.now_ms(),
            context: self.context.clone(),
        }
    }
}

/// Why a step does not get what it wants.
enum Refusal {
    Later(GivenUp),
    Error(StepError),
}

/// A question to the database.
struct Asked {
    pool: String,
    step: Arc<str>,
    size: Size,
    now_ms: i64,
    context: Arc<RunContext>,
}

impl Asked {
    /// Takes what is wanted, or says what is in the way; a step that waits outside is noted.
    fn take(&self, tx: &mut Tx<'_>, wish: Wish) -> store::Result<Option<Obstacle>> {
        self.context.fence.check(tx)?;
        let mut state = rows::lock(tx, &self.pool, &self.size, self.now_ms)?;
        let obstacle = self.obstacle(tx, &state, wish)?;
        if obstacle.is_none() {
            state.pay();
            rows::save(tx, &self.pool, &state)?;
        }
        if wish == Wish::Enter {
            let place = (self.pool.as_str(), &*self.step);
            rows::note(tx, place, &self.context.fence, self.now_ms, obstacle.as_ref())?;
        }
        Ok(obstacle)
    }

    fn look(&self, tx: &mut Tx<'_>, wish: Wish) -> store::Result<Option<Obstacle>> {
        let state = rows::read(tx, &self.pool, &self.size, self.now_ms)?;
        self.obstacle(tx, &state, wish)
    }

    fn obstacle(
        &self,
        tx: &mut Tx<'_>,
        state: &super::state::State,
        wish: Wish,
    ) -> store::Result<Option<Obstacle>> {
        match wish {
            Wish::Call => Ok(state.to_a_call(&self.size)),
            Wish::Enter => {
                let others = rows::others(tx, &self.pool, &self.context.run.id, &self.step)?;
                Ok(state.obstacle(&self.size, &others))
            }
        }
    }
}

/// Between a half and one and a half times as long, so that many do not ask at once.
fn jittered(length: Duration) -> Duration {
    length.mul_f64(0.5 + rand::random::<f64>())
}

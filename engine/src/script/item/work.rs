//! A function over many items: one engine, one scope, and limits for each of them and for all.

use std::io;
use std::sync::Arc;

use rhai::{Dynamic, Engine, FnPtr, FuncArgs, Scope};
use serde_json::Value;

use super::ItemScript;
use super::steps::{ItemError, code};
use crate::script::failure;
use crate::script::memory::{self, Watch};
use crate::script::place::Mistake;
use crate::script::sandbox::{self, IsCancelled, Leash, Limits};
use crate::script::{Diagnostic, data};
use crate::step::ARTIFACT_LIMIT_BYTES;

/// An artifact holds no more, unless they are of the smallest.
pub(super) const MOST_ITEMS: usize = 10_000;
/// So many failures are told one by one.
const TOLD: usize = 10;
const TOLD_CHARACTERS: usize = 200;

/// What came of all items.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome<T> {
    pub(super) gave: T,
    /// How many were left out because the script failed on them.
    pub(super) failed: u64,
    /// The first of these.
    pub(super) errors: Vec<ItemError>,
}

/// Why nothing came of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    Cancelled,
    /// The script failed at that item, or before the first or after the last.
    Script(Option<usize>, Box<Diagnostic>),
    TooManyItems(usize),
    /// What it gives is larger than an artifact at that item.
    TooLarge(usize),
}

/// What is to be done.
pub(super) struct Order<'a> {
    pub(super) items: Vec<Value>,
    /// An item on which the script fails is left out, instead of ending it all.
    pub(super) skips: bool,
    /// What all of them together may use up.
    pub(super) limits: &'a Limits,
    /// Asked before each item, and again and again while the script is at one.
    pub(super) is_cancelled: IsCancelled,
}

/// What was wrong with one item.
enum Fault {
    Script(Box<Mistake>),
    TooLarge,
}

impl From<Box<Mistake>> for Fault {
    fn from(mistake: Box<Mistake>) -> Self {
        Self::Script(mistake)
    }
}

impl ItemScript {
    /// Puts what the script answers in the place of each item. Runs script code, within the limits of the order.
    pub(super) fn map(&self, order: Order<'_>) -> Result<Outcome<Vec<Value>>, Stop> {
        self.work(order, |work, order| {
            let mut gave = Vec::new();
            work.each(order, |work, item| {
                let answer = work.call((data::from_json(item),))?;
                gave.push(work.data(&answer)?);
                gave.last().map_or(Ok(()), |value| work.grow(value))
            })?;
            Ok(gave)
        })
    }

    /// Keeps the items for which the script answers true. Runs script code, within the limits of the order.
    pub(super) fn filter(&self, order: Order<'_>) -> Result<Outcome<Vec<Value>>, Stop> {
        self.work(order, |work, order| {
            let mut gave = Vec::new();
            work.each(order, |work, item| {
                let answer = work.call((data::from_json(item),))?;
                if answer.as_bool().map_err(|_| work.no_result("true or false", &data::what(&answer)))? {
                    work.grow(item)?;
                    gave.push(item.clone());
                }
                Ok(())
            })?;
            Ok(gave)
        })
    }

    /// Makes one value of all items. Runs script code, within the limits of the order.
    pub(super) fn reduce(&self, order: Order<'_>) -> Result<Outcome<Value>, Stop> {
        self.work(order, |work, order| {
            let skips = order.skips;
            let start = work.start().map_err(|mistake| work.script.stop(None, *mistake))?;
            let mut total = start;
            work.each(order, |work, item| {
                // Where an item is left out, the total stays as it was: it is copied only where one may be.
                let before = if skips { total.clone() } else { Dynamic::UNIT };
                let so_far = std::mem::replace(&mut total, before);
                total = work.total((so_far, data::from_json(item)))?;
                Ok(())
            })?;
            work.data(&total).map_err(|mistake| work.script.stop(None, *mistake))
        })
    }

    fn work<T: Clone + Send>(
        &self,
        order: Order<'_>,
        run: impl FnOnce(&mut Work<'_>, &Order<'_>) -> Result<T, Stop> + Send,
    ) -> Result<Outcome<T>, Stop> {
        if order.items.len() > MOST_ITEMS {
            return Err(Stop::TooManyItems(order.items.len()));
        }
        // This thread counts the items, so that they are borrowed there and freed here.
        let worked: Option<Result<Outcome<T>, Stop>> = sandbox::on_own_thread(order.limits, |watch| {
            let outcome = self.outcome(&order, watch, run)?;
            if watch.leaves_more_than(&outcome) {
                let place = self.formula.function_place(self.task.function());
                return Err(self.stop(None, failure::holds_itself(&place)));
            }
            Ok(outcome)
        });
        drop(order);
        let worked = worked.unwrap_or_else(|| Err(self.stop(None, failure::no_thread(self.formula.path()))));
        if matches!(&worked, Err(Stop::Script(_, found)) if found.code == failure::LIMIT) {
            memory::trim();
        }
        worked
    }

    /// All of the script is gone when it returns, what came of the items excepted.
    fn outcome<T>(
        &self,
        order: &Order<'_>,
        watch: &Watch,
        run: impl FnOnce(&mut Work<'_>, &Order<'_>) -> Result<T, Stop>,
    ) -> Result<Outcome<T>, Stop> {
        let mut work = Work::begin(self, order, watch)?;
        let gave = run(&mut work, order)?;
        let Work { failed, errors, .. } = work;
        Ok(Outcome { gave, failed, errors })
    }

    pub(super) fn stop(&self, item: Option<usize>, mistake: Mistake) -> Stop {
        if mistake.code == failure::CANCELLED {
            return Stop::Cancelled;
        }
        Stop::Script(item, Box::new(self.located(mistake)))
    }

    fn located(&self, mistake: Mistake) -> Diagnostic {
        let whole = || Diagnostic::of_file("script_error", self.formula.path(), "it failed".to_owned());
        self.formula.files().locate(vec![mistake]).pop().unwrap_or_else(whole)
    }
}

/// A script at work.
struct Work<'a> {
    script: &'a ItemScript,
    engine: Engine,
    scope: Scope<'static>,
    leash: Arc<Leash>,
    /// How large what it gives is so far.
    bytes: usize,
    failed: u64,
    errors: Vec<ItemError>,
}

impl<'a> Work<'a> {
    fn begin(script: &'a ItemScript, order: &Order<'_>, watch: &Watch) -> Result<Self, Stop> {
        let leash = Leash::new(order.is_cancelled.clone());
        let mut engine = sandbox::engine_for_items(order.limits, watch, &leash);
        script.formula.prepare(&mut engine).map_err(|mistake| script.stop(None, *mistake))?;
        // What all items use is counted elsewhere. The engine counts anew for each call, and in some calls of closures
        // as well, which the leash does not.
        engine.set_max_operations(Limits::ITEM_OPERATIONS);
        Ok(Self { script, engine, scope: Scope::new(), leash, bytes: 0, failed: 0, errors: Vec::new() })
    }

    /// Takes one item after the other.
    fn each(
        &mut self,
        order: &Order<'_>,
        mut one: impl FnMut(&mut Self, &Value) -> Result<(), Fault>,
    ) -> Result<(), Stop> {
        for (index, item) in order.items.iter().enumerate() {
            if self.leash.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            match one(self, item) {
                Ok(()) => {}
                Err(Fault::TooLarge) => return Err(Stop::TooLarge(index)),
                // A limit of all items would end the next one as well, and so would a stop.
                Err(Fault::Script(mistake))
                    if order.skips && ![failure::LIMIT, failure::CANCELLED].contains(&mistake.code) =>
                {
                    self.leave_out(index, *mistake);
                }
                Err(Fault::Script(mistake)) => return Err(self.script.stop(Some(index), *mistake)),
            }
        }
        Ok(())
    }

    fn start(&mut self) -> Result<Dynamic, Box<Mistake>> {
        let total = self.ask("start", ())?;
        self.no_closure(total)
    }

    fn call(&mut self, arguments: impl FuncArgs) -> Result<Dynamic, Box<Mistake>> {
        self.ask(self.script.task.function(), arguments)
    }

    fn total(&mut self, arguments: impl FuncArgs) -> Result<Dynamic, Box<Mistake>> {
        let total = self.call(arguments)?;
        self.no_closure(total)
    }

    // A total may hold the one before it, and so on: such a chain grows with each item.
    fn no_closure(&self, total: Dynamic) -> Result<Dynamic, Box<Mistake>> {
        if total.is::<FnPtr>() { Err(self.no_result("data", &data::what(&total))) } else { Ok(total) }
    }

    fn ask(&mut self, function: &str, arguments: impl FuncArgs) -> Result<Dynamic, Box<Mistake>> {
        // A call that failed may have left something there.
        self.scope.clear();
        self.leash.begin();
        self.script.formula.call_prepared(&self.engine, &mut self.scope, function, arguments)
    }

    fn data(&self, answer: &Dynamic) -> Result<Value, Box<Mistake>> {
        data::to_json(answer).map_err(|found| self.no_result("data", &found.what))
    }

    fn no_result(&self, wanted: &str, found: &str) -> Box<Mistake> {
        let function = self.script.task.function();
        let message = format!("`{function}` answers {wanted}, this one {found}");
        Box::new(Mistake::new(RESULT, self.script.formula.function_place(function), message))
    }

    /// Counts a value that is given, as long as all of them fit into an artifact.
    fn grow(&mut self, value: &Value) -> Result<(), Fault> {
        let mut size = Size(self.bytes);
        // Nothing is written, so that nothing can fail.
        let _ = serde_json::to_writer(&mut size, value);
        self.bytes = size.0;
        if self.bytes > ARTIFACT_LIMIT_BYTES { Err(Fault::TooLarge) } else { Ok(()) }
    }

    fn leave_out(&mut self, index: usize, mistake: Mistake) {
        self.failed += 1;
        if self.errors.len() < TOLD {
            let found = self.script.located(mistake);
            let message = spot(&found).chars().take(TOLD_CHARACTERS).collect();
            self.errors.push(ItemError { item: index as u64, code: code(found.code).to_owned(), message });
        }
    }
}

/// The code of an answer that is none.
pub(super) const RESULT: &str = "step_script_result";

/// Where it is, and what, in one line.
pub(super) fn spot(found: &Diagnostic) -> String {
    format!("{}:{}:{}: {}", found.path, found.line, found.column, found.message)
}

/// How many bytes the text of a value has.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! Many questions on one thread and with one engine: to set those up costs more than an answer.

use rhai::Engine;

use super::{Outcome, Rule, Subject, engine};
use crate::script::memory::Watch;
use crate::script::sandbox::{self, Limits};

/// Asks rules one after the other.
#[derive(Debug)]
pub struct Panel(Engine);

/// Lets questions be asked on a thread of their own. Nothing where the system gives no thread.
pub fn panel<T: Send>(ask: impl FnOnce(&mut Panel) -> T + Send) -> Option<T> {
    sandbox::on_own_thread(&Limits::FORMULA, |watch| ask(&mut Panel(engine(watch))))
}

impl Panel {
    pub(in crate::script) fn engine(&mut self) -> &mut Engine {
        &mut self.0
    }

    /// Asks a rule about a day. Runs script code: each question has the whole of [`Limits::RULE`].
    pub fn ask(&mut self, rule: &Rule, subject: &Subject) -> Outcome {
        let watch = Watch::start();
        sandbox::begin(&mut self.0, &Limits::RULE, &watch);
        let answered = rule.ask(&self.0, subject);
        rule.outcome(answered, &watch)
    }
}

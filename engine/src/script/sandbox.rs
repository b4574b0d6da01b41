//! The engine in which scripts run: few functions, every limit, a deadline and a bound on memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage, MoreStringPackage,
    Package,
};
use rhai::{Dynamic, Engine, EvalAltResult, FuncRegistration, Module, OptimizationLevel, Shared};

use super::failure;
use super::memory::{self, Watch};

/// Calls and expressions as deep as may be need so much; only what is touched of it costs memory.
const LEAST_STACK_BYTES: usize = 32 << 20;
/// A chain of closures that hold each other is freed by calls within calls, and no limit of the language counts its
/// links. One holds some 120 bytes, and to free it takes less than a KiB of stack.
const STACK_OF_EACH_BYTE: usize = 16;
#[cfg(target_os = "linux")]
const NICE: i32 = 10;
const MEMORY_BYTES: usize = 16 << 20;
const CALL_LEVELS: usize = 32;
const EXPRESSION_DEPTH: usize = 64;
const FUNCTION_EXPRESSION_DEPTH: usize = 32;
const STRING_BYTES: usize = 64 * 1024;
const ARRAY_ITEMS: usize = 10_000;
const MAP_KEYS: usize = 1_000;
const VARIABLES: usize = 100;
const FUNCTIONS: usize = 100;
/// Reading the clock at each operation would cost more than the operation.
const OPERATIONS_PER_LOOK: u64 = 256;

/// What one evaluation may use up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub operations: u64,
    pub time: Duration,
    pub memory_bytes: usize,
    /// Files of the library that may be imported.
    pub modules: usize,
}

impl Limits {
    /// For the evaluation of a pipeline script.
    pub const PIPELINE: Self =
        Self { operations: 1_000_000, time: Duration::from_secs(5), memory_bytes: MEMORY_BYTES, modules: 8 };
    /// For one question to a rule or to a closure.
    pub const RULE: Self =
        Self { operations: 100_000, time: Duration::from_secs(1), memory_bytes: MEMORY_BYTES, modules: 0 };
    /// For one call of a formula, which may look at each of many samples.
    pub const FORMULA: Self = Self { operations: 500_000, ..Self::RULE };
    /// For all items of a step together; one of them alone has [`Limits::ITEM_OPERATIONS`].
    pub const STEP: Self = Self {
        operations: 20_000_000,
        time: Duration::from_secs(10),
        memory_bytes: MEMORY_BYTES,
        modules: 0,
    };
    /// For one item of a step.
    pub const ITEM_OPERATIONS: u64 = 100_000;

    fn stack_bytes(&self) -> usize {
        LEAST_STACK_BYTES.max(self.memory_bytes.saturating_mul(STACK_OF_EACH_BYTE))
    }
}

/// Asked now and then, on the thread of the script.
pub(super) type IsCancelled = Arc<dyn Fn() -> bool + Send + Sync>;

/// What holds for one item beside what holds for all of them.
pub(super) struct Leash {
    operations: AtomicU64,
    is_cancelled: IsCancelled,
}

impl Leash {
    pub(super) fn new(is_cancelled: IsCancelled) -> Arc<Self> {
        Arc::new(Self { operations: AtomicU64::new(0), is_cancelled })
    }

    /// The next item may use up as much as the one before.
    pub(super) fn begin(&self) {
        self.operations.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        (self.is_cancelled)()
    }

    fn stops(&self, is_look: bool) -> Option<Dynamic> {
        if self.operations.fetch_add(1, Ordering::Relaxed) > Limits::ITEM_OPERATIONS {
            return Some("operations".into());
        }
        (is_look && self.is_cancelled()).then(|| failure::CANCELLED.into())
    }
}

/// An engine for one evaluation, which begins now and on this thread.
pub(super) fn engine(limits: &Limits, watch: &Watch) -> Engine {
    let mut engine = Engine::new_raw();
    engine.register_global_module(LANGUAGE.clone());
    engine.register_global_module(REFUSALS.clone());
    engine.disable_symbol("eval");
    engine.on_print(|_| ());
    engine.on_debug(|_, _, _| ());
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, FUNCTION_EXPRESSION_DEPTH);
    engine.set_max_string_size(STRING_BYTES);
    engine.set_max_array_size(ARRAY_ITEMS);
    engine.set_max_map_size(MAP_KEYS);
    engine.set_max_variables(VARIABLES);
    engine.set_max_functions(FUNCTIONS);
    engine.set_max_modules(limits.modules);
    engine.set_max_operations(limits.operations);
    engine.on_progress(watchdog(limits, watch, None));
    engine
}

/// An engine for the items of a step.
pub(super) fn engine_for_items(limits: &Limits, watch: &Watch, leash: &Arc<Leash>) -> Engine {
    let mut engine = engine(limits, watch);
    engine.on_progress(watchdog(limits, watch, Some(leash.clone())));
    engine
}

/// Lets an engine begin another evaluation, with everything to use up once more.
pub(super) fn begin(engine: &mut Engine, limits: &Limits, watch: &Watch) {
    engine.set_max_operations(limits.operations);
    engine.on_progress(watchdog(limits, watch, None));
}

/// The engine with which rules are optimised and nothing is run.
pub(super) fn optimiser() -> Engine {
    let mut engine = engine(&Limits::RULE, &Watch::start());
    engine.set_optimization_level(OptimizationLevel::Full);
    engine
}

// It counts for itself: the engine's own count begins anew in some calls of function pointers.
fn watchdog(
    limits: &Limits,
    watch: &Watch,
    leash: Option<Arc<Leash>>,
) -> impl Fn(u64) -> Option<Dynamic> + Send + Sync + 'static {
    let (most, time, memory) = (limits.operations, limits.time, watch.alarm(limits.memory_bytes));
    let began = Instant::now();
    let operations = AtomicU64::new(0);
    move |_| {
        let done = operations.fetch_add(1, Ordering::Relaxed);
        if done > most {
            return Some("operations".into());
        }
        if memory() {
            return Some("memory".into());
        }
        let is_look = done.is_multiple_of(OPERATIONS_PER_LOOK);
        if is_look && began.elapsed() > time {
            return Some(failure::TIME.into());
        }
        leash.as_ref().and_then(|leash| leash.stops(is_look))
    }
}

static LANGUAGE: LazyLock<Shared<Module>> = LazyLock::new(|| {
    let mut module = Module::new();
    CorePackage::init(&mut module);
    LogicPackage::init(&mut module);
    BasicMathPackage::init(&mut module);
    BasicArrayPackage::init(&mut module);
    BasicMapPackage::init(&mut module);
    MoreStringPackage::init(&mut module);
    module.register_lazy_functions();
    module.build_index();
    module.into()
});

// What is registered last is found first: the language's own would block the thread past any deadline.
static REFUSALS: LazyLock<Shared<Module>> = LazyLock::new(|| {
    let mut module = Module::new();
    FuncRegistration::new("sleep")
        .in_global_namespace()
        .set_into_module(&mut module, |_: i64| refuse_sleep());
    FuncRegistration::new("sleep")
        .in_global_namespace()
        .set_into_module(&mut module, |_: f64| refuse_sleep());
    module.build_index();
    module.into()
});

fn refuse_sleep() -> Result<(), Box<EvalAltResult>> {
    Err("a script cannot sleep: it describes what runs, and when".into())
}

/// Runs an evaluation on a thread of its own: values may nest so deep that an ordinary stack would not hold
/// the calls that drop them. Nothing where the system gives no thread.
pub(super) fn on_own_thread<T: Send>(
    limits: &Limits,
    evaluate: impl FnOnce(&Watch) -> T + Send,
) -> Option<T> {
    // What all engines share is set up here, so that no evaluation is charged for it.
    LazyLock::force(&LANGUAGE);
    LazyLock::force(&REFUSALS);
    LazyLock::force(&super::series::FUNCTIONS);
    let watched = || {
        step_back();
        let watch = Watch::start();
        let result = evaluate(&watch);
        (result, watch.peak_bytes())
    };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(limits.stack_bytes());
        let thread = builder.spawn_scoped(scope, watched).ok()?;
        let (result, peak_bytes) = thread.join().ok()?;
        memory::note_peak(peak_bytes);
        Some(result)
    })
}

/// Lets the other threads of the program go first, where the system knows priorities of threads: a script may need its
/// whole time, and a request is answered meanwhile.
fn step_back() {
    #[cfg(target_os = "linux")]
    // Linux takes the calling thread for that process. It fails where somebody lowered it further, which is as good.
    let _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_script_lets_other_threads_go_first() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let before = priority();
        let inside = on_own_thread(&Limits::RULE, |_| priority()).unwrap();
        assert!(inside >= NICE && priority() == before, "{before}, {inside}");
    }

    #[test]
    fn a_stack_frees_what_memory_can_hold() {
        for limits in [Limits::PIPELINE, Limits::RULE, Limits::FORMULA, Limits::STEP] {
            assert!(limits.stack_bytes() >= 256 << 20, "{limits:?}");
        }
    }
}

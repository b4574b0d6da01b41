//! The engine in which scripts run: few functions, every limit, a deadline and a bound on memory.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rhai::packages::{
    BasicArrayPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage, MoreStringPackage,
    Package,
};
use rhai::{Dynamic, Engine, EvalAltResult, FuncRegistration, Module, OptimizationLevel, Shared};

use super::memory::{self, Watch};

/// Only what is touched of it costs memory.
const STACK_BYTES: usize = 32 << 20;
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
        Self { operations: 1_000_000, time: Duration::from_secs(5), memory_bytes: 64 << 20, modules: 8 };
    /// For one question to a rule or to a closure.
    pub const RULE: Self =
        Self { operations: 100_000, time: Duration::from_secs(1), memory_bytes: 16 << 20, modules: 0 };
    /// For one call of a formula, which may look at each of many samples.
    pub const FORMULA: Self = Self { operations: 500_000, ..Self::RULE };
    /// For all items of a step together; one of them alone has [`Limits::ITEM_OPERATIONS`].
    pub const STEP: Self =
        Self { operations: 20_000_000, time: Duration::from_secs(10), memory_bytes: 64 << 20, modules: 0 };
    /// For one item of a step.
    pub const ITEM_OPERATIONS: u64 = 100_000;
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
    engine.on_progress(watchdog(limits, watch));
    engine
}

/// Lets an engine begin another evaluation, with everything to use up once more.
pub(super) fn begin(engine: &mut Engine, limits: &Limits, watch: &Watch) {
    engine.set_max_operations(limits.operations);
    engine.on_progress(watchdog(limits, watch));
}

/// The engine with which rules are optimised and nothing is run.
pub(super) fn optimiser() -> Engine {
    let mut engine = engine(&Limits::RULE, &Watch::start());
    engine.set_optimization_level(OptimizationLevel::Full);
    engine
}

// It counts for itself: the engine's own count begins anew in some calls of function pointers.
fn watchdog(limits: &Limits, watch: &Watch) -> impl Fn(u64) -> Option<Dynamic> + Send + Sync + 'static {
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
        (done.is_multiple_of(OPERATIONS_PER_LOOK) && began.elapsed() > time).then(|| "time".into())
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
pub(super) fn on_own_thread<T: Send>(evaluate: impl FnOnce(&Watch) -> T + Send) -> Option<T> {
    // What all engines share is set up here, so that no evaluation is charged for it.
    LazyLock::force(&LANGUAGE);
    LazyLock::force(&REFUSALS);
    LazyLock::force(&super::series::FUNCTIONS);
    let watched = || {
        let watch = Watch::start();
        let result = evaluate(&watch);
        (result, watch.peak_bytes())
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, watched).ok()?;
        let (result, peak_bytes) = thread.join().ok()?;
        memory::note_peak(peak_bytes);
        Some(result)
    })
}

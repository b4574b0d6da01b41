//! Imports, from the library files of the source and from nowhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rhai::{AST, Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position, Scope, Shared};

use super::library::module_path;

type Resolved = Result<Shared<Module>, Box<EvalAltResult>>;

/// Resolves imports of one evaluation and remembers which files it used.
#[derive(Clone)]
pub(super) struct Imports(Arc<Mutex<State>>);

struct State {
    texts: BTreeMap<String, String>,
    open: Vec<String>,
    done: BTreeMap<String, Shared<Module>>,
    trees: BTreeMap<String, AST>,
}

impl Imports {
    pub(super) fn new(texts: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(State {
            texts,
            open: Vec::new(),
            done: BTreeMap::new(),
            trees: BTreeMap::new(),
        })))
    }

    /// The syntax trees of the files that were read, by path.
    pub(super) fn trees(&self) -> BTreeMap<String, AST> {
        self.lock().trees.clone()
    }

    /// The texts of the files that were read, by the names under which they were imported.
    pub(super) fn used(&self) -> BTreeMap<String, String> {
        let state = self.lock();
        let used = state.texts.iter().filter(|(name, _)| state.trees.contains_key(&module_path(name)));
        used.map(|(name, text)| (name.clone(), text.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles a file; the lock is not held while anything is evaluated.
    fn compile(&self, engine: &Engine, name: &str, position: Position) -> Result<AST, Box<EvalAltResult>> {
        let text = self.lock().texts.get(name).cloned();
        let text = text.ok_or_else(|| EvalAltResult::ErrorModuleNotFound(name.to_owned(), position))?;
        if self.lock().open.iter().any(|open| open == name) {
            let message = format!("`{name}` imports itself");
            return Err(EvalAltResult::ErrorRuntime(message.into(), position).into());
        }
        let path = module_path(name);
        // A file that does not compile was used all the same.
        self.lock().trees.insert(path.clone(), AST::empty());
        let mut tree = engine.compile(text).map_err(|error| {
            let inner = EvalAltResult::ErrorParsing(*error.0, error.1).into();
            EvalAltResult::ErrorInModule(path.clone(), inner, position)
        })?;
        tree.set_source(&path);
        self.lock().trees.insert(path, tree.clone());
        Ok(tree)
    }
}

impl ModuleResolver for Imports {
    fn resolve(&self, _: &Engine, _: Option<&str>, name: &str, position: Position) -> Resolved {
        Err(EvalAltResult::ErrorModuleNotFound(name.to_owned(), position).into())
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        _: &mut Scope<'_>,
        name: &str,
        position: Position,
    ) -> Resolved {
        if let Some(module) = self.lock().done.get(name) {
            return Ok(module.clone());
        }
        let tree = self.compile(engine, name, position)?;
        self.lock().open.push(name.to_owned());
        let module = Module::eval_ast_as_new_raw(engine, &mut Scope::new(), global, &tree);
        self.lock().open.pop();
        let path = module_path(name);
        let module = module.map_err(|error| EvalAltResult::ErrorInModule(path, error, position))?;
        let module = Shared::new(module);
        self.lock().done.insert(name.to_owned(), module.clone());
        Ok(module)
    }
}

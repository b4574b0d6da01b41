//! Whether pipelines that run each other as steps come to an end: what no script can know of itself.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Diagnostic, Library, Planned, Source, cycle, suggest};
use crate::params;
use crate::plan::Plan;
use crate::registry::Registry;

/// A pipeline that another one runs as a step, and where it says so.
#[derive(Debug, Clone)]
pub struct Child {
    pub(super) pipeline: String,
    pub(super) params: Map<String, Value>,
    /// The name, the params, and each of them.
    pub(super) places: Vec<Diagnostic>,
}

/// A plan, and the pipelines that it runs as steps.
pub(crate) type Parent = (Arc<Plan>, Vec<Child>);

/// What is wrong, by pipeline.
type Wrong = BTreeMap<String, Vec<Diagnostic>>;

impl Child {
    fn mistake(
        &self,
        place: usize,
        code: &'static str,
        message: String,
        hint: Option<String>,
    ) -> Vec<Diagnostic> {
        let place = self.places.get(place).or(self.places.first());
        place.map(|place| Diagnostic { code, message, hint, ..place.clone() }).into_iter().collect()
    }
}

/// Checks the pipelines that one pipeline runs beside those of a library. Runs script code: call it on a blocking
/// thread.
pub fn check_children(
    registry: &Registry,
    library: &Library,
    planned: &Planned,
) -> Result<(), Vec<Diagnostic>> {
    if planned.children.is_empty() {
        return Ok(());
    }
    let name = &planned.plan.name;
    let mut known = library.pipelines();
    let others = known.iter().filter(|other| *other != name);
    let plan = |other: &String| super::plan(registry, &Source::of(library, other)?).ok();
    let mut parents: BTreeMap<String, Parent> = others
        .filter_map(|other| {
            let Planned { plan, children, .. } = plan(other)?;
            Some((other.clone(), (Arc::new(plan), children)))
        })
        .collect();
    parents.insert(name.clone(), (Arc::new(planned.plan.clone()), planned.children.clone()));
    known.push(name.clone());
    wrong_children(&known, &parents).remove(name).map_or(Ok(()), Err)
}

/// What is wrong with the pipelines that others run: those that are not known, params that they do not take, circles,
/// and locks for which two runs could wait for ever.
pub(crate) fn wrong_children(known: &[String], parents: &BTreeMap<String, Parent>) -> Wrong {
    let mut wrong = Wrong::new();
    for (name, (_, children)) in parents {
        let mistakes: Vec<_> = children.iter().flat_map(|child| misused(child, known, parents)).collect();
        if !mistakes.is_empty() {
            wrong.insert(name.clone(), mistakes);
        }
    }
    circles(parents, &mut wrong);
    lock_circles(parents, &mut wrong);
    wrong
}

fn misused(child: &Child, known: &[String], parents: &BTreeMap<String, Parent>) -> Vec<Diagnostic> {
    if !known.contains(&child.pipeline) {
        let hint = suggest::hint(&child.pipeline, known.iter().map(String::as_str));
        return child.mistake(
            0,
            "unknown_pipeline",
            format!("there is no pipeline `{}`", child.pipeline),
            hint,
        );
    }
    let Some((plan, _)) = parents.get(&child.pipeline) else { return Vec::new() };
    let declared = &plan.options.params;
    let wrong = child.params.iter().zip(2..).filter_map(|((name, value), place)| {
        let message = params::check(declared, name, value).err()?;
        let hint =
            suggest::hint(name, declared.keys().map(String::as_str)).filter(|_| !declared.contains_key(name));
        Some(child.mistake(place, "invalid_param", message, hint))
    });
    wrong.flatten().collect()
}

/// Pipelines that contain each other.
fn circles(parents: &BTreeMap<String, Parent>, wrong: &mut Wrong) {
    let names: Vec<&String> = parents.keys().collect();
    let index = |child: &Child| names.iter().position(|name| **name == child.pipeline);
    let mut contained: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    for (parent, (_, children)) in parents.values().enumerate() {
        children.iter().filter_map(index).for_each(|child| contained[child].push(parent));
    }
    for cycle in cycle::cycles(&contained) {
        let path: Vec<&str> = cycle.iter().chain(cycle.first()).map(|name| names[*name].as_str()).collect();
        let message = format!("pipelines contain each other: {}", path.join(" → "));
        for pair in path.windows(2) {
            let [name, inner] = pair else { continue };
            note(parents, name, &[inner], "pipeline_cycle", &message, wrong);
        }
    }
}

/// Marks where a pipeline runs one of the others.
fn note(
    parents: &BTreeMap<String, Parent>,
    name: &str,
    inner: &[&str],
    code: &'static str,
    message: &str,
    wrong: &mut Wrong,
) {
    let children = parents.get(name).into_iter().flat_map(|(_, children)| children);
    let children = children.filter(|child| inner.contains(&child.pipeline.as_str()));
    let mistakes: Vec<_> =
        children.flat_map(|child| child.mistake(0, code, message.to_owned(), None)).collect();
    wrong.entry(name.to_owned()).or_default().extend(mistakes);
}

/// A pipeline that holds one lock while a pipeline that it runs needs another.
struct Hold<'a> {
    pipeline: &'a str,
    /// From the child down to the one that needs the lock.
    path: Vec<&'a str>,
    has: Cow<'a, str>,
    needs: Cow<'a, str>,
}

/// Locks that are taken in a circle: each run would hold what the next one needs.
fn lock_circles(parents: &BTreeMap<String, Parent>, wrong: &mut Wrong) {
    let holds = holds(parents);
    let locks: BTreeSet<&str> = holds.iter().flat_map(|hold| [&*hold.has, &*hold.needs]).collect();
    let locks: Vec<&str> = locks.into_iter().collect();
    let index = |lock: &str| locks.iter().position(|known| *known == lock);
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); locks.len()];
    for hold in &holds {
        if let (Some(has), Some(needs)) = (index(&hold.has), index(&hold.needs)) {
            before[needs].push(has);
        }
    }
    for cycle in cycle::cycles(&before) {
        let path: Vec<&str> = cycle.iter().chain(cycle.first()).map(|lock| locks[*lock]).collect();
        let on_it = |hold: &&Hold<'_>| path.windows(2).any(|pair| *pair == [&*hold.has, &*hold.needs]);
        let told: Vec<String> = holds.iter().filter(on_it).map(Hold::tell).collect();
        let message = format!(
            "a lock that nothing can get, {}: {}",
            path.iter().map(|lock| format!("`{lock}`")).collect::<Vec<_>>().join(" → "),
            told.join("; ")
        );
        for hold in holds.iter().filter(on_it) {
            note(parents, hold.pipeline, &hold.path[..1], "lock_cycle", &message, wrong);
        }
    }
}

impl Hold<'_> {
    fn tell(&self) -> String {
        let Self { pipeline, path, has, needs } = self;
        format!("`{pipeline}` holds `{has}` and runs `{}`, which needs `{needs}`", path.join("` → `"))
    }
}

fn holds(parents: &BTreeMap<String, Parent>) -> Vec<Hold<'_>> {
    let mut holds = Vec::new();
    for (pipeline, (plan, children)) in parents {
        let Some(has) = plan.lock() else { continue };
        let mut seen: BTreeSet<&str> = BTreeSet::from([pipeline.as_str()]);
        let mut open: Vec<Vec<&str>> =
            children.iter().rev().map(|child| vec![child.pipeline.as_str()]).collect();
        while let Some(path) = open.pop() {
            let Some(last) = path.last().copied().filter(|last| seen.insert(last)) else { continue };
            let Some((plan, children)) = parents.get(last) else { continue };
            open.extend(
                children.iter().rev().map(|child| [path.as_slice(), &[child.pipeline.as_str()]].concat()),
            );
            if let Some(needs) = plan.lock().filter(|needs| *needs != has) {
                holds.push(Hold { pipeline, path, has: has.clone(), needs });
            }
        }
    }
    holds
}

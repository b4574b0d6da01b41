//! What can be said of a step: `.named .after .retry .timeout .optional .when .for_each .pool .cooldown .cached`.

mod cached;

use std::any::TypeId;

use rhai::{Array, Dynamic, FnPtr, Module};

use super::header::{NAME_RULE, is_name, timeout};
use super::{Handle, variadic};
use crate::pool::Cooldown;
use crate::script::data::{self, what};
use crate::script::draft::{Draft, SharedDraft, StepDraft};
use crate::script::place::{Mistake, Part, Place};

/// The methods of a handle.
pub(in crate::script) const METHODS: [&str; 10] =
    ["named", "after", "retry", "timeout", "optional", "when", "for_each", "pool", "cooldown", "cached"];
const MOST_RETRIES: i64 = 20;
const MOST_FAILURES: i64 = 1_000;

/// A mistake in one argument, or in the call where there is none.
type Wrong = (Option<usize>, String);
type Method = fn(&mut StepDraft, &Place, &[Dynamic]) -> Result<(), Wrong>;

pub(super) fn register(module: &mut Module, draft: &SharedDraft) {
    let methods: [Method; 10] =
        [named, after, retry, time_limit, optional, when, for_each, pool, cooldown, cached::cached];
    for (name, method) in METHODS.into_iter().zip(methods) {
        let draft = draft.clone();
        variadic(module, name, &[TypeId::of::<Handle>()], move |place, arguments| {
            say(&mut draft.lock(), method, &place, &arguments)
        });
    }
}

fn say(draft: &mut Draft, method: Method, place: &Place, arguments: &[Dynamic]) -> Dynamic {
    let Some((receiver, arguments)) = arguments.split_first() else {
        return Dynamic::UNIT;
    };
    let Some(Handle(index)) = receiver.clone().try_cast::<Handle>() else {
        return receiver.clone();
    };
    let step = &mut draft.steps[index];
    if let Err((argument, message)) = method(step, place, arguments) {
        let part = argument.map_or(Part::Call, Part::Argument);
        let mistake = Mistake::new("invalid_argument", place.clone(), message).at(part);
        draft.mistakes.push(mistake.in_step(step.kind.kind));
    }
    receiver.clone()
}

fn usage(text: &str) -> Wrong {
    (None, format!("expected {text}"))
}

fn named(step: &mut StepDraft, _: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [name] = arguments else {
        return Err(usage("`.named(name)`"));
    };
    let name = name.as_immutable_string_ref().map_or_else(|_| String::new(), |name| name.to_string());
    if !is_name(&name) {
        return Err((Some(0), format!("a step's name is {NAME_RULE}")));
    }
    step.name = Some(name);
    Ok(())
}

fn after(step: &mut StepDraft, place: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [earlier] = arguments else {
        return Err(usage("`.after(step)` or `.after([step, …])`"));
    };
    let earlier = match earlier.read_lock::<Array>() {
        Some(list) => list.to_vec(),
        None => vec![earlier.clone()],
    };
    for step_before in earlier {
        let Some(Handle(index)) = step_before.clone().flatten().try_cast::<Handle>() else {
            return Err((Some(0), format!("expected a step, found {}", what(&step_before))));
        };
        step.after.push((index, place.clone()));
    }
    Ok(())
}

fn retry(step: &mut StepDraft, _: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [times, backoff] = arguments else {
        return Err(usage("`.retry(times, backoff)`, such as `.retry(3, \"30s\")`"));
    };
    let in_range = times.as_int().ok().filter(|times| (0..=MOST_RETRIES).contains(times));
    let Some(times) = in_range.and_then(|times| u32::try_from(times).ok()) else {
        return Err((Some(0), format!("a step is retried 0 to {MOST_RETRIES} times")));
    };
    step.policy.retries = times;
    step.policy.backoff = timeout(backoff).map_err(|message| (Some(1), message))?;
    Ok(())
}

fn time_limit(step: &mut StepDraft, _: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [limit] = arguments else {
        return Err(usage("`.timeout(duration)`, such as `.timeout(\"10m\")`"));
    };
    step.policy.timeout = Some(timeout(limit).map_err(|message| (Some(0), message))?);
    Ok(())
}

fn optional(step: &mut StepDraft, _: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    if !arguments.is_empty() {
        return Err(usage("`.optional()`"));
    }
    step.policy.optional = true;
    Ok(())
}

fn pool(step: &mut StepDraft, place: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [name] = arguments else {
        return Err(usage("`.pool(name)`"));
    };
    let name = name.as_immutable_string_ref().map_or_else(|_| String::new(), |name| name.to_string());
    if !is_name(&name) {
        return Err((Some(0), format!("a pool's name is {NAME_RULE}")));
    }
    step.policy.pool = Some(name);
    step.pool = Some(place.clone());
    Ok(())
}

fn cooldown(step: &mut StepDraft, place: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [failures, pause] = arguments else {
        return Err(usage("`.cooldown(failures, pause)`, such as `.cooldown(5, \"10m\")`"));
    };
    let in_range = failures.as_int().ok().filter(|failures| (1..=MOST_FAILURES).contains(failures));
    let Some(failures) = in_range.and_then(|failures| u32::try_from(failures).ok()) else {
        return Err((Some(0), format!("a pool closes after 1 to {MOST_FAILURES} failures in a row")));
    };
    let pause = timeout(pause).map_err(|message| (Some(1), message))?;
    step.policy.cooldown = Some(Cooldown { failures, pause });
    step.cooldown = Some(place.clone());
    Ok(())
}

fn when(step: &mut StepDraft, place: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [condition] = arguments else {
        return Err(usage("`.when(|artifact| …)`"));
    };
    let Some(mut pointer) = condition.clone().try_cast::<FnPtr>() else {
        return Err((
            Some(0),
            format!("expected a closure such as `|artifact| …`, found {}", what(condition)),
        ));
    };
    // What the script changes later is not what the condition was given.
    let frozen = pointer.iter_curry().map(data::freeze).collect::<Result<Vec<_>, _>>();
    pointer.set_curry(
        frozen.map_err(|found| (None, format!("a closure captures data only, found {}", found.what)))?,
    );
    if step.kind.slots.is_empty() {
        return Err((None, "has no input whose artifact a condition could look at".to_owned()));
    }
    step.when = Some((pointer, place.clone()));
    Ok(())
}

fn for_each(step: &mut StepDraft, place: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let [size] = arguments else {
        return Err(usage("`.for_each(size)`, such as `.for_each(500)`"));
    };
    let size = size.as_int().ok().and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    let size = size.ok_or((Some(0), "a part has at least one item".to_owned()))?;
    if step.kind.slots.is_empty() {
        return Err((None, "has no input that could be split".to_owned()));
    }
    step.for_each = Some((size, place.clone()));
    Ok(())
}

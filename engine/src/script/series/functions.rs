//! What a script can ask of a series.

use std::sync::LazyLock;

use rhai::{
    Dynamic, EvalAltResult, FLOAT, FnPtr, FuncRegistration, ImmutableString, Module, NativeCallContext,
    Position, Shared,
};

use super::{Column, Series, correlation};

type Answer = Result<FLOAT, Box<EvalAltResult>>;

/// That a script asked for a column of which nothing is known.
#[derive(Debug, Clone)]
pub(in crate::script) struct MissingColumn(pub(in crate::script) String);

/// All functions of a series.
pub(in crate::script) static FUNCTIONS: LazyLock<Shared<Module>> = LazyLock::new(|| {
    let mut module = Module::new();
    let named = |name: &'static str| FuncRegistration::new(name).in_global_namespace();
    named("has").set_into_module(&mut module, |series: &mut Series, name: ImmutableString| {
        series.column(&name).is_some()
    });
    named("seconds").set_into_module(&mut module, |series: &mut Series| -> FLOAT {
        let (first, last) = (series.0.seconds.first(), series.0.seconds.last());
        first.zip(last).map_or(0.0, |(first, last)| last - first)
    });
    named("seconds_with").set_into_module(
        &mut module,
        |series: &mut Series, name: ImmutableString| -> Answer {
            asked(series, &name, |column| Some(column.seconds_of(|_| true)))
        },
    );
    named("mean").set_into_module(&mut module, |series: &mut Series, name: ImmutableString| -> Answer {
        asked(series, &name, Column::mean)
    });
    named("sum").set_into_module(&mut module, |series: &mut Series, name: ImmutableString| -> Answer {
        asked(series, &name, |column| Some(column.sum()))
    });
    named("max").set_into_module(&mut module, |series: &mut Series, name: ImmutableString| -> Answer {
        asked(series, &name, |column| column.known().map(|(_, value)| value).reduce(f64::max))
    });
    named("min").set_into_module(&mut module, |series: &mut Series, name: ImmutableString| -> Answer {
        asked(series, &name, |column| column.known().map(|(_, value)| value).reduce(f64::min))
    });
    // Whole numbers are as good as others.
    named("seconds_above").set_into_module(
        &mut module,
        |series: &mut Series, name: ImmutableString, limit: Dynamic| -> Answer {
            let limit = number(&limit)?;
            asked(series, &name, |column| Some(column.seconds_of(|value| value > limit)))
        },
    );
    named("seconds_between").set_into_module(
        &mut module,
        |series: &mut Series, name: ImmutableString, low: Dynamic, high: Dynamic| -> Answer {
            let (low, high) = (number(&low)?, number(&high)?);
            asked(series, &name, |column| Some(column.seconds_of(|value| value >= low && value < high)))
        },
    );
    named("percentile").set_into_module(
        &mut module,
        |series: &mut Series, name: ImmutableString, percent: Dynamic| -> Answer {
            let percent = number(&percent)?;
            asked(series, &name, |column| column.percentile(percent))
        },
    );
    named("best_mean").set_into_module(
        &mut module,
        |series: &mut Series, name: ImmutableString, length_s: Dynamic| -> Answer {
            let length_s = number(&length_s)?;
            if length_s <= 0.0 {
                return Err("`best_mean` asks for more than 0 seconds".into());
            }
            asked(series, &name, |column| column.best_mean(length_s))
        },
    );
    named("mean_between").set_into_module(
        &mut module,
        |series: &mut Series, name: ImmutableString, from_s: Dynamic, to_s: Dynamic| -> Answer {
            asked(&series.between(number(&from_s)?, number(&to_s)?), &name, Column::mean)
        },
    );
    named("slice").set_into_module(
        &mut module,
        |series: &mut Series, from_s: Dynamic, to_s: Dynamic| -> Result<Series, Box<EvalAltResult>> {
            Ok(series.between(number(&from_s)?, number(&to_s)?))
        },
    );
    named("correlation").set_into_module(
        &mut module,
        |series: &mut Series, one: ImmutableString, other: ImmutableString| -> Answer {
            let a = series.column(&one).ok_or_else(|| missing(&one))?;
            let b = series.column(&other).ok_or_else(|| missing(&other))?;
            correlation(a.seconds, a.values, b.values).ok_or_else(|| missing(&one))
        },
    );
    named("sum_of").set_into_module(
        &mut module,
        |ctx: NativeCallContext<'_>, series: &mut Series, name: ImmutableString, of: FnPtr| -> Answer {
            weighed(&ctx, series, &name, &of).map(|(sum, _)| sum)
        },
    );
    named("mean_of").set_into_module(
        &mut module,
        |ctx: NativeCallContext<'_>, series: &mut Series, name: ImmutableString, of: FnPtr| -> Answer {
            let (sum, seconds) = weighed(&ctx, series, &name, &of)?;
            if seconds > 0.0 { Ok(sum / seconds) } else { Err(missing(&name)) }
        },
    );
    module.build_index();
    module.into()
});

// One lifetime, so that a method may be named where a closure is wanted.
fn asked<'a>(series: &'a Series, name: &str, answer: impl FnOnce(Column<'a>) -> Option<FLOAT>) -> Answer {
    series.column(name).and_then(answer).ok_or_else(|| missing(name))
}

/// The sum of what a closure makes of each value, times how long the value holds, and how long all of them hold.
fn weighed(
    ctx: &NativeCallContext<'_>,
    series: &Series,
    name: &str,
    of: &FnPtr,
) -> Result<(FLOAT, FLOAT), Box<EvalAltResult>> {
    let column = series.column(name).ok_or_else(|| missing(name))?;
    let (mut sum, mut seconds) = (0.0, 0.0);
    for (_, length, value) in column.held() {
        sum += length * number(&of.call_within_context::<Dynamic>(ctx, (value,))?)?;
        seconds += length;
    }
    Ok((sum, seconds))
}

fn missing(name: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(MissingColumn(name.to_owned())), Position::NONE).into()
}

fn number(value: &Dynamic) -> Answer {
    let whole = value.as_int().map(|whole| whole as FLOAT);
    whole.or_else(|_| value.as_float()).map_err(|_| "a number was expected here".into())
}

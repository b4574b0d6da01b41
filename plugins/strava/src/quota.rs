//! Takes a call before it is made, so that none goes out while a window is spent.

use std::time::Duration;

use engine::context::StepContext;
use engine::http::Answer;
use engine::registry::Means;
use engine::step::{Cause, StepError};
use fitness::records::strava::quota::{self, Bucket, Purpose, Span, Taken, Told};
use jiff::Timestamp;
use rand::RngExt;

/// A clock of Strava's that is a little behind ours must not get a call of its old window, and not all programs of the
/// world should come back in the same second.
const MARGIN_MS: std::ops::Range<i64> = 5_000..15_000;

/// Takes a call and says when, in epoch milliseconds, or how long the window that is spent lasts.
pub(crate) async fn take(ctx: &StepContext, purpose: Purpose) -> Result<i64, StepError> {
    ctx.permit().await?;
    let now_ms = ctx.clock.now_ms();
    match ctx.commit(move |tx, _| quota::take(tx, purpose, now_ms)).await? {
        Taken::Call => Ok(now_ms),
        Taken::Spent { span, until_ms } => Err(later(span, until_ms, now_ms)),
    }
}

/// The same for who asks outside of a run.
pub(crate) async fn take_by(means: &Means, purpose: Purpose) -> Result<i64, StepError> {
    let now_ms = means.clock.now_ms();
    match means.store.write(move |tx| quota::take(tx, purpose, now_ms)).await? {
        Taken::Call => Ok(now_ms),
        Taken::Spent { span, until_ms } => Err(later(span, until_ms, now_ms)),
    }
}

/// Takes over what the headers tell to who asked outside of a run.
pub(crate) async fn learn_by(means: &Means, answer: &Answer, taken_ms: i64) -> Result<(), StepError> {
    let (told, when_ms) = (told(answer), (taken_ms, means.clock.now_ms()));
    Ok(means.store.write(move |tx| quota::learn(tx, &told, when_ms)).await?)
}

/// Takes over what the headers tell that answer a call which was taken at a moment.
pub(crate) async fn learn(ctx: &StepContext, answer: &Answer, taken_ms: i64) -> Result<(), StepError> {
    let told = told(answer);
    if told.is_empty() {
        return Ok(());
    }
    let (when_ms, asked) = ((taken_ms, ctx.clock.now_ms()), told.clone());
    // Mostly they tell what was counted here already.
    if ctx.read(move |tx| quota::teaches(tx, &asked, when_ms)).await? {
        ctx.commit(move |tx, _| quota::learn(tx, &told, when_ms)).await?;
    }
    Ok(())
}

/// What a refusal for want of quota leads to: the day's window where the headers say that it is spent, else the
/// quarter's. A window that is over by now, or has just begun, is not spent for that.
pub(crate) async fn refused(
    ctx: &StepContext,
    answer: &Answer,
    taken_ms: i64,
) -> Result<StepError, StepError> {
    let (span, now_ms) = (refused_span(answer), ctx.clock.now_ms());
    if !span.is_of_now(taken_ms, now_ms) {
        return Ok(later(span, now_ms, now_ms));
    }
    ctx.commit(move |tx, _| quota::spend(tx, span, now_ms)).await?;
    Ok(later(span, span.end_ms(now_ms), now_ms))
}

/// The same for who asks outside of a run.
pub(crate) async fn refused_by(
    means: &Means,
    answer: &Answer,
    taken_ms: i64,
) -> Result<StepError, StepError> {
    let (span, now_ms) = (refused_span(answer), means.clock.now_ms());
    if !span.is_of_now(taken_ms, now_ms) {
        return Ok(later(span, now_ms, now_ms));
    }
    means.store.write(move |tx| quota::spend(tx, span, now_ms)).await?;
    Ok(later(span, span.end_ms(now_ms), now_ms))
}

fn refused_span(answer: &Answer) -> Span {
    let is_day = told(answer).iter().any(|told| told.most.1 > 0 && told.used.1 >= told.most.1);
    if is_day { Span::Day } else { Span::Quarter }
}

fn later(span: Span, until_ms: i64, now_ms: i64) -> StepError {
    let again_ms = until_ms + rand::rng().random_range(MARGIN_MS);
    let window = match span {
        Span::Quarter => "quarter of an hour",
        Span::Day => "UTC day",
    };
    let again = Timestamp::from_millisecond(again_ms)
        .map_or_else(|_| String::new(), |again| format!("; the next call can be made at {again:.0}"));
    let message = format!("what may be asked of Strava in this {window} is asked{again}");
    let after = Duration::from_millis(u64::try_from(again_ms - now_ms).unwrap_or(0));
    StepError::Later { after, source: Cause::new("quota_spent", message) }
}

/// What the headers tell, as far as they can be read.
fn told(answer: &Answer) -> Vec<Told> {
    let names = [(Bucket::Overall, "x-ratelimit"), (Bucket::Read, "x-readratelimit")];
    let pair = |name: String| {
        let (quarter, day) = answer.headers.get(&name)?.split_once(',')?;
        Some((quarter.trim().parse().ok()?, day.trim().parse().ok()?))
    };
    let told = names.into_iter().filter_map(|(bucket, name)| {
        let (used, most) = (pair(format!("{name}-usage"))?, pair(format!("{name}-limit"))?);
        Some(Told { bucket, used, most })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], wanted: &[Told]) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let answer = Answer { headers: headers.collect(), ..Answer::default() };
        assert_eq!(told(&answer), wanted);
    }

    #[test]
    fn headers_tell_both_windows_of_both_counts_or_nothing() {
        check(
            &[
                ("x-ratelimit-limit", "200,2000"),
                ("x-ratelimit-usage", "8,151"),
                ("x-readratelimit-limit", "100,1000"),
                ("x-readratelimit-usage", "5, 148"),
            ],
            &[
                Told { bucket: Bucket::Overall, used: (8, 151), most: (200, 2000) },
                Told { bucket: Bucket::Read, used: (5, 148), most: (100, 1000) },
            ],
        );
        check(&[("x-ratelimit-limit", "200,2000")], &[]);
        check(&[("x-ratelimit-limit", "a,b"), ("x-ratelimit-usage", "")], &[]);
    }
}

//! Whether Strava answers, and whether its clock and ours agree.

use std::time::Duration;

use engine::http::{Answer, Authorization, Base, HttpError, Limits, Question, Verb};
use engine::registry::{Checkup, Means};
use jiff::fmt::rfc2822;

use crate::options::Options;

const HOSTS: &str = "Strava hosts";
const CLOCK: &str = "clock";
const LIMITS: Limits = Limits { time: Duration::from_secs(10), bytes: 1 << 20 };
/// Tokens are renewed some minutes before their end, and windows of the quota are waited out to the second.
const APART_MS: i64 = 60_000;

/// Asks each host once, without a token.
pub(super) async fn look(means: &Means, options: &Options) -> Vec<Checkup> {
    let bases = [
        options.authorization_base().map(|base| base.below("authorize")),
        options.api_base().map(|base| base.below("athlete")),
    ];
    let (mut reached, mut lost, mut clock) = (Vec::new(), Vec::new(), None);
    for base in bases.into_iter().flatten() {
        let asked_ms = means.clock.now_ms();
        match ask(means, &base).await {
            Ok(answer) if answer.status < 500 => {
                reached.push(base.host());
                clock = clock.or_else(|| apart(&answer, asked_ms, means.clock.now_ms()));
            }
            Ok(answer) => lost.push(format!("{} answers with status {}", base.host(), answer.status)),
            Err(error) => lost.push(format!("{} does not answer ({})", base.host(), error.code())),
        }
    }
    reached.dedup();
    lost.dedup();
    let hosts = if lost.is_empty() {
        Checkup::well(HOSTS, format!("{} answer", reached.join(" and ")))
    } else {
        let what = "look at the network of this machine, a proxy, and https://status.strava.com";
        Checkup::ill(HOSTS, format!("{}; {what}", lost.join("; ")))
    };
    [Some(hosts), clock.map(told)].into_iter().flatten().collect()
}

async fn ask(means: &Means, base: &Base) -> Result<Answer, HttpError> {
    let authorization = Authorization::Nobody;
    means.http.ask(Question { base, verb: Verb::Get, query: &[], authorization, limits: LIMITS }).await
}

/// By how much our clock is ahead: nothing where its second lies within the time that the question took.
fn apart(answer: &Answer, asked_ms: i64, answered_ms: i64) -> Option<i64> {
    let theirs = rfc2822::parse(answer.headers.get("date")?).ok()?.timestamp().as_millisecond();
    Some(if asked_ms > theirs + 1_000 {
        asked_ms - theirs
    } else if answered_ms < theirs {
        answered_ms - theirs
    } else {
        0
    })
}

fn told(ahead_ms: i64) -> Checkup {
    let seconds = ahead_ms / 1000;
    if ahead_ms.abs() <= APART_MS {
        return Checkup::well(CLOCK, "agrees with that of Strava");
    }
    let side = if seconds > 0 { "ahead of" } else { "behind" };
    let what =
        format!("{} s {side} that of Strava; set the time of this machine, by NTP at best", seconds.abs());
    Checkup::ill(CLOCK, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T10:00:00Z.
    const THEIRS_MS: i64 = 1_795_341_600_000;

    fn check(asked_ms: i64, answered_ms: i64, wanted: Option<i64>) {
        let date = ("date".to_owned(), "Sun, 22 Nov 2026 10:00:00 GMT".to_owned());
        let answer = Answer { headers: [date].into(), ..Answer::default() };
        assert_eq!(apart(&answer, THEIRS_MS + asked_ms, THEIRS_MS + answered_ms), wanted);
    }

    #[test]
    fn clocks_agree_within_the_time_that_an_answer_takes() {
        check(-200, 300, Some(0));
        check(900, 1_000, Some(0));
        check(90_000, 90_100, Some(90_000));
        check(-90_100, -90_000, Some(-90_000));
        assert_eq!(apart(&Answer::default(), 0, 0), None);
    }

    #[test]
    fn a_clock_that_is_wrong_is_told_with_its_side() {
        assert!(told(59_000).ok && told(-59_000).ok);
        assert!(!told(90_000).ok && told(90_000).detail.starts_with("90 s ahead of"));
        assert!(told(-90_000).detail.starts_with("90 s behind"));
    }
}

//! Programs as they should not be: each ends with its code, in little time and memory, and nothing of it stays.

use std::time::{Duration, Instant};

use engine::run::StopReason;
use serde_json::json;

use super::house::{House, failure};
use crate::limits::Limits;

/// A program that nobody should have written.
struct Bad {
    name: &'static str,
    /// It is told the path of a file in which it may leave the numbers of its processes.
    script: &'static str,
    class: &'static str,
    code: &'static str,
    says: &'static str,
}

const BAD: [Bad; 16] = [
    Bad {
        name: "prints 1 GB",
        script: r#"yes '{"id":1}' | head -c 1000000000"#,
        class: "hopeless",
        code: "process_output_too_large",
        says: "the program printed more than 1 MiB",
    },
    Bad {
        name: "never reads its input and never ends",
        script: "exec sleep 1000",
        class: "failed",
        code: "process_timeout",
        says: "the program was not done within 1 s",
    },
    Bad {
        name: "never ends, and its output is closed",
        script: "exec sleep 1000 >&- 2>&-",
        class: "failed",
        code: "process_timeout",
        says: "the program was not done within 1 s",
    },
    Bad {
        name: "ignores SIGTERM",
        script: r#"trap '' TERM; echo '{"id":1}'; while :; do sleep 1000; done"#,
        class: "failed",
        code: "process_timeout",
        says: "the program was not done within 1 s",
    },
    Bad {
        name: "forks children that hold its output, and exits",
        script: r#"echo '{"id":1}'; sleep 1000 & exit 0"#,
        class: "failed",
        code: "process_left_children",
        says: "the program ended, and what it started held on to its output",
    },
    Bad {
        name: "forks children that hold nothing, and exits",
        script: r#"sleep 1000 >/dev/null 2>&1 </dev/null & echo '{"id":1}'"#,
        class: "",
        code: "succeeded",
        says: "",
    },
    Bad {
        name: "prints broken JSON",
        script: r#"echo '{"id":1}'; echo '{"id":'; echo '{"id":3}'"#,
        class: "failed",
        code: "process_bad_json",
        says: "line 2 is no JSON, at column 6",
    },
    Bad {
        name: "prints no text",
        script: r#"printf '{"id":"\377"}\n'"#,
        class: "failed",
        code: "process_bad_json",
        says: "line 1 is no JSON, at column 8",
    },
    Bad {
        name: "prints JSON that is no record",
        script: "echo '[1]'",
        class: "failed",
        code: "process_bad_message",
        says: "line 1: it is no JSON object",
    },
    Bad {
        name: "prints a record without its key",
        script: r#"echo '{"name":1}'"#,
        class: "failed",
        code: "process_bad_message",
        says: "line 1: the record has no key field `id`",
    },
    Bad {
        name: "prints a record of 100 MB",
        script: r#"printf '{"id":"'; head -c 100000000 /dev/zero | tr '\0' x; printf '"}\n'"#,
        class: "hopeless",
        code: "process_line_too_long",
        says: "line 1 has more than 64 KiB",
    },
    Bad {
        name: "prints JSON that is 100,000 deep",
        script: r#"printf '{"id":'; head -c 30000 /dev/zero | tr '\0' '['; head -c 30000 /dev/zero | tr '\0' ']'; echo '}'"#,
        class: "",
        code: "succeeded",
        says: "",
    },
    Bad {
        name: "exits 0 without output",
        script: "exit 0",
        class: "failed",
        code: "process_silent",
        says: "the program ended well and printed nothing",
    },
    Bad {
        name: "is cut off in the middle of a line",
        script: r#"printf '{"id":'; exit 3"#,
        class: "failed",
        code: "process_exit",
        says: "the program ended with exit code 3",
    },
    Bad {
        name: "kills itself",
        script: "kill -SEGV $$",
        class: "failed",
        code: "process_signal",
        says: "the program was ended by signal 11 (SIGSEGV)",
    },
    Bad {
        name: "says a lot on stderr and then nothing",
        script: r#"yes 'WARNING what now' | head -c 20000000 >&2; echo '{"id":1}'"#,
        class: "",
        code: "succeeded",
        says: "",
    },
];

/// As little as suits what it is to end with: a machine at work makes slow what is quick elsewhere.
fn tight(limits: &mut Limits, code: &str) {
    limits.time = if code == "process_timeout" { Duration::from_secs(1) } else { LONGEST };
    limits.output_bytes = 1 << 20;
    limits.line_bytes = 64 << 10;
    limits.grace = Duration::from_millis(200);
}

/// The longest that any of them may take, under load too.
const LONGEST: Duration = Duration::from_secs(60);

/// Returns once nobody is in the group of a leader any more.
async fn is_gone(leader: &str) -> bool {
    let leader = rustix::process::Pid::from_raw(leader.trim().parse().unwrap()).unwrap();
    let until = Instant::now() + LONGEST;
    while Instant::now() < until {
        if rustix::process::test_kill_process_group(leader).is_err() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_as_it_should_not_be_ends_with_its_code_and_leaves_nobody() {
    let mut house = House::on_sqlite().await;
    let leader = house.folder().join("leader.txt");
    for bad in &BAD {
        house.script("bad", &format!("echo $$ > {}\n{}", leader.display(), bad.script));
        let began = Instant::now();
        let run = house
            .run_within(json!({ "program": "bad", "key": ["id"] }), |limits| tight(limits, bad.code))
            .await;
        let (class, code, says) = failure(run);
        assert_eq!((class, code, &*says), (bad.class, bad.code, bad.says), "{}", bad.name);
        assert!(began.elapsed() < LONGEST, "{}: {:?}", bad.name, began.elapsed());
        let leader = std::fs::read_to_string(&leader).unwrap();
        assert!(is_gone(&leader).await, "{}: somebody of the group is left", bad.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_is_not_read_keeps_nobody_waiting() {
    let mut house = House::on_sqlite().await;
    house.script("count", r#"seq 1 50000 | sed 's/.*/{"id":&,"more":"more than a pipe holds"}/'"#);
    let count = house.exec(json!({ "program": "count", "key": ["id"] }));
    let counted = house.exec_once(&count, Vec::new()).await.unwrap();
    for (script, wanted) in [
        (r#"echo '{"id":1}'"#, "succeeded"),
        (r#"exec <&-; echo '{"id":2}'"#, "succeeded"),
        (r#"read line; echo "$line""#, "succeeded"),
        (r#"yes '{"id":3}' | head -n 100000"#, "succeeded"),
        ("exec sleep 1000", "process_timeout"),
    ] {
        house.script("deaf", script);
        let deaf = house.exec(json!({ "program": "deaf", "key": ["id"] })).within(|limits| {
            tight(limits, wanted);
        });
        let (_, code, says) = failure(house.exec_once(&deaf, vec![counted.clone()]).await);
        assert_eq!(code, wanted, "{script}: {says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_ends_all_that_it_started() {
    for script in ["sleep 1000 & sleep 1000", "trap '' TERM; while :; do sleep 1000; done"] {
        let mut house = House::on_sqlite().await;
        let leader = house.folder().join("leader.txt");
        let begun = format!("echo $$ > {0}.new; mv {0}.new {0}", leader.display());
        house.script("stay", &format!("{begun}\n{script}"));
        let step = house.exec(json!({ "program": "stay" })).within(|limits| {
            limits.grace = Duration::from_millis(200);
        });
        let stop = house.stop.clone();
        let run = house.exec_once(&step, Vec::new());
        let cancel = async {
            while !leader.exists() {
                tokio::task::yield_now().await;
            }
            stop.now(StopReason::Asked);
        };
        let (run, ()) = tokio::join!(run, cancel);
        assert_eq!(failure(run).1, "cancelled", "{script}");
        assert!(is_gone(&std::fs::read_to_string(&leader).unwrap()).await, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_dropped_takes_its_program_along() {
    let mut house = House::on_sqlite().await;
    let leader = house.folder().join("leader.txt");
    let begun = format!("echo $$ > {0}.new; mv {0}.new {0}", leader.display());
    house.script("stay", &format!("{begun}\ntrap '' TERM; sleep 1000"));
    let step = house.exec(json!({ "program": "stay" }));
    let seen = async {
        while !leader.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        run = house.exec_once(&step, Vec::new()) => panic!("{run:?}"),
        () = seen => {}
    }
    assert!(is_gone(&std::fs::read_to_string(&leader).unwrap()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_before_a_program_failed_stays() {
    let mut house = House::on_sqlite().await;
    house.script("break", r#"seq 1 40000 | sed 's/.*/{"id":&}/'; exit 3"#);
    let step = house.exec(json!({ "program": "break", "key": ["id"] }));
    assert_eq!(failure(house.exec_once(&step, Vec::new()).await).1, "process_exit");
    let stored = house.all("process.exec").await.len();
    assert!((1_000..=40_000).contains(&stored), "{stored} records");
}

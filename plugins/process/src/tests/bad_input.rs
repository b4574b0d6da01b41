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

const BAD: [Bad; 19] = [
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
        name: "prints JSON that is 30,000 deep",
        script: r#"printf '{"id":'; head -c 30000 /dev/zero | tr '\0' '['; head -c 30000 /dev/zero | tr '\0' ']'; echo '}'"#,
        class: "failed",
        code: "process_bad_message",
        says: "line 1: the record is nested more than 100 deep",
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
        script: r#"yes 'WARNING what now' | head -c 1000000 >&2; echo '{"id":1}'"#,
        class: "",
        code: "succeeded",
        says: "",
    },
    Bad {
        name: "says 1 GB on stderr",
        script: "yes 'WARNING what now' | head -c 1000000000 >&2",
        class: "hopeless",
        code: "process_output_too_large",
        says: "the program printed more than 1 MiB",
    },
    Bad {
        name: "fails and leaves a child that holds its output",
        script: r#"echo '{"id":1}'; sleep 1000 & exit 3"#,
        class: "failed",
        code: "process_exit",
        says: "the program ended with exit code 3",
    },
    Bad {
        name: "sends a child away that holds its output",
        script: r#"echo '{"id":1}'; setsid sleep 5 &"#,
        class: "failed",
        code: "process_left_children",
        says: "the program ended, and what it started held on to its output",
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
    until(async || rustix::process::test_kill_process_group(leader).is_err()).await
}

/// Looks until something is so; answers whether it was in time.
async fn until(is_so: impl AsyncFn() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < LONGEST {
        if is_so().await {
            return true;
        }
        // What is waited for needs the processor.
        tokio::time::sleep(Duration::from_millis(2)).await;
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
            assert!(until(async || leader.exists()).await, "{script}");
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
    tokio::select! {
        run = house.exec_once(&step, Vec::new()) => panic!("{run:?}"),
        begun = until(async || leader.exists()) => assert!(begun),
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

#[tokio::test(flavor = "multi_thread")]
async fn children_of_a_cancelled_program_have_time_to_end_too() {
    let mut house = House::on_sqlite().await;
    let (ready, done) = (house.folder().join("ready.txt"), house.folder().join("done.txt"));
    // The leader is gone at once, and its child takes a moment to clear up.
    let child = format!(
        "(trap 'sleep 0.2; echo > {}; exit' TERM; echo > {}; while :; do sleep 0.01; done) &",
        done.display(),
        ready.display()
    );
    house.script("parent", &format!("{child}\nexec sleep 1000"));
    let step = house.exec(json!({ "program": "parent" })).within(|limits| limits.grace = LONGEST);
    let stop = house.stop.clone();
    let cancel = async {
        assert!(until(async || ready.exists()).await);
        stop.now(StopReason::Asked);
    };
    let (run, ()) = tokio::join!(house.exec_once(&step, Vec::new()), cancel);
    assert_eq!((failure(run).1, done.exists()), ("cancelled", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folder_of_a_program_that_goes_on_writing_is_gone_too() {
    let mut house = House::on_sqlite().await;
    let place = house.folder().join("place.txt");
    let script =
        format!("pwd > {}\nwhile :; do mktemp ./XXXXXXXX; done >&2 &\necho '{{'\nwait", place.display());
    house.script("write", &script);
    let run =
        house.run_within(json!({ "program": "write" }), |limits| tight(limits, "process_bad_json")).await;
    assert_eq!(failure(run).1, "process_bad_json");
    let place = std::fs::read_to_string(&place).unwrap();
    assert!(!std::path::Path::new(place.trim()).exists(), "{place}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_no_more_memory_than_it_may_have() {
    let mut house = House::on_sqlite().await;
    house.script("hold", r#"head -c 90000000 /dev/zero | tail -c 90000000 >/dev/null && echo '{"id":1}'"#);
    for (memory_mib, wanted) in [(512, "succeeded"), (32, "process_exit")] {
        let step = house.exec(json!({ "program": "hold", "limits": { "memory_mib": memory_mib } }));
        assert_eq!(failure(house.exec_once(&step, Vec::new()).await).1, wanted, "{memory_mib} MiB");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_lost_its_run_writes_nothing() {
    House::each(async |mut house| {
        house.script("tell", r#"echo '{"id":1}'"#);
        let step = house.exec(json!({ "program": "tell", "key": ["id"] }));
        let ctx = house.begin("process.exec").await;
        house.lose_run().await;
        let run = engine::step::Step::run(&step, &ctx, (engine::step::Gather(Vec::new()),)).await;
        assert!(run.is_err() && house.all("process.exec").await.is_empty(), "{run:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_kept_while_the_program_is_silent() {
    House::each(async |mut house| {
        let go = house.folder().join("go.txt");
        let script = r#"echo '{"type":"SCHEMA","stream":"a","schema":{},"key_properties":["id"]}'
echo '{"type":"RECORD","stream":"a","record":{"id":1}}'
echo '{"type":"STATE","value":{"at":1}}'"#;
        house.script("slow", &format!("{script}\nwhile ! test -e {}; do sleep 0.01; done", go.display()));
        house.begin("singer.tap").await;
        let seen = async {
            let is_kept = until(async || !house.all("singer.tap").await.is_empty()).await;
            std::fs::write(&go, "").unwrap();
            is_kept
        };
        let (told, is_kept) = tokio::join!(house.tap_again(json!({ "program": "slow" })), seen);
        assert!(is_kept && told.unwrap().rows == 1);
    })
    .await;
}

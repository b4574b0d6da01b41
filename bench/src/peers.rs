//! What other engines take for a step that does nothing, as it was once measured: not in this run, nor on this machine.

use crate::report::Report;

/// Engine, milliseconds a step, and the most memory it held.
const PEERS: [(&str, &str, &str); 5] = [
    ("dagrs 0.9, memory only", "0.010-0.019", "8-9"),
    ("Luigi 3.8.1", "3.5-6.2", "36"),
    ("Prefect 3.8.8", "11-21", "401-417"),
    ("Dagster 1.13.29, in one process", "80-86", "128"),
    ("Dagster 1.13.29, a process a step", "2,891", "425"),
];

pub(crate) fn tell(report: &mut Report) {
    for (name, milliseconds, mebibytes) in PEERS {
        report.tell(&format!("theirs, measured elsewhere: {name}: {milliseconds} ms/step, {mebibytes} MiB"));
    }
}

//! How much a program may take: time, memory, output, and the length of a line.

use std::time::Duration;

use engine::step::ConfigError;
use schemars::JsonSchema;
use serde::Deserialize;

/// How much a program may take.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Seconds from its start to its end; 1 to 86400.
    pub time_s: u64,
    /// MiB of memory of its own that each of its processes may have; 16 to 65536.
    pub memory_mib: u64,
    /// MiB that it may print; 1 to 65536.
    pub output_mib: u64,
    /// KiB that a line of it may have; 1 to 16384.
    pub line_kib: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { time_s: 600, memory_mib: 512, output_mib: 256, line_kib: 1024 }
    }
}

/// The same in units that need no further thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub time: Duration,
    pub memory_bytes: u64,
    pub output_bytes: u64,
    pub line_bytes: usize,
    /// How long a program that is told to end may take, and one whose leader ended may be silent.
    pub grace: Duration,
}

/// The engine gives a step 8 s to stop.
const GRACE: Duration = Duration::from_secs(2);

impl LimitsConfig {
    pub(crate) fn check(&self) -> Result<Limits, ConfigError> {
        let within = |key: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(value);
            }
            let message = format!("`{key}` must be {least} to {most}");
            Err(ConfigError { path: vec!["limits".to_owned(), key.to_owned()], message })
        };
        let line_kib = within("line_kib", self.line_kib, 1, 16_384)?;
        Ok(Limits {
            time: Duration::from_secs(within("time_s", self.time_s, 1, 86_400)?),
            memory_bytes: within("memory_mib", self.memory_mib, 16, 65_536)? << 20,
            output_bytes: within("output_mib", self.output_mib, 1, 65_536)? << 20,
            line_bytes: usize::try_from(line_kib << 10).unwrap_or(usize::MAX),
            grace: GRACE,
        })
    }
}

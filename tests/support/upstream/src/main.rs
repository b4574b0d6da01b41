//! The outside services as a server of its own, for trials by hand.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use upstream::strava::{ATHLETE, CLIENT_ID, CLIENT_SECRET};
use upstream::{Clock, Ports, Upstream};

/// Answers as the outside services do, on the loopback address.
#[derive(Parser)]
#[command(
    name = "upstream",
    after_help = "Example:\n  upstream --port 4800 &\n  \
        FITNESS_OPEN_METEO_FORECAST_URL=http://127.0.0.1:4800/open-meteo/forecast paceline serve\n  \
        curl -X POST -H 'content-type: application/json' http://127.0.0.1:4800/_control/faults \\\n    \
        -d '{\"service\": \"open_meteo\", \"fault\": {\"status\": 503}, \"times\": 3}'\n  \
        curl -X POST -H 'content-type: application/json' http://127.0.0.1:4800/_control/strava/activities \\\n    \
        -d '{\"name\": \"By hand\", \"sport_type\": \"Ride\"}'"
)]
struct Arguments {
    /// Where the services answer; 0 takes any free port
    #[arg(long, default_value_t = 4800)]
    port: u16,
    /// Where the control paths answer even while connections to the services are refused; 0 takes any free port
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// Stands at this time, in epoch milliseconds, until the clock is moved; else it is the machine's
    #[arg(long)]
    now_ms: Option<i64>,
    /// Answers with what was recorded below this folder wherever the same is asked
    #[arg(long)]
    replay: Option<PathBuf>,
    /// How many activities the athlete at Strava has from the start, the last of them shortly ago
    #[arg(long, default_value_t = 200)]
    strava_activities: usize,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "whoever started it reads where it listens")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let clock = arguments.now_ms.map_or_else(Clock::machine, Clock::standing);
    let ports = Ports { services: arguments.port, control: arguments.control_port };
    let upstream = Upstream::start(ports, clock).await?;
    if let Some(folder) = arguments.replay {
        let files =
            upstream.replay(&folder).with_context(|| format!("cannot replay `{}`", folder.display()))?;
        println!("recorded {files} files");
    }
    upstream.strava().grow(ATHLETE, arguments.strava_activities, upstream.clock().now_ms());
    println!(
        "services {}\ncontrol {}/_control\nstrava client {CLIENT_ID} secret {CLIENT_SECRET}",
        upstream.url(),
        upstream.control_url()
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}

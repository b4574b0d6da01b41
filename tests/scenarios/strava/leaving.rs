//! What is answered to who asks for a sync after a disconnect.

use upstream::strava::ATHLETE;

use super::Service;
use super::sync::now_ms;
use crate::program::Program;

const CODE: &str = "strava_not_connected";

impl Service {
    /// A command that is refused, with what to do about it, to a person and to a program.
    fn is_refused(&self, program: &Program, arguments: &[&str]) {
        let said = self.run(program, arguments, &[]);
        let text = String::from_utf8_lossy(&said.stderr);
        let is_told = text.contains(&format!("[{CODE}]")) && text.contains("`paceline strava connect`");
        assert!(!said.status.success() && is_told, "{arguments:?}: {text}");
        let told = self.json(program, &[arguments, &["--json"]].concat());
        assert_eq!(told["error"]["code"], CODE, "{told}");
        assert!(told["error"]["message"].as_str().unwrap().contains("`paceline strava connect`"), "{told}");
    }
}

#[test]
fn whoever_asks_for_a_sync_after_a_disconnect_is_told_to_connect() {
    for program in Program::on_both() {
        let service = Service::start(&program);
        service.upstream.strava().grow(ATHLETE, 3, now_ms() - 3_600_000);
        service.connected(&program);
        assert_eq!(service.sync(&program)["state"], "succeeded");
        let receipt = service.json(&program, &["strava", "disconnect", "--yes", "--json"]);
        assert!(receipt["done_ms"].is_i64(), "{receipt}");
        service.upstream.forget_calls();

        for asked in [&["sync"][..], &["sync", "--force"], &["sync", "--confirm"]] {
            service.is_refused(&program, asked);
        }
        // A pipeline that is started by its name asks nobody whether it has something to do.
        let run = service.json(&program, &["run", "hourly", "--force", "--json"]);
        assert_eq!((&run["state"], &run["error_code"]), (&"failed".into(), &CODE.into()), "{run}");
        assert!(run["error"].as_str().unwrap().contains("`paceline strava connect`"), "{run}");

        let server = service.serve(&program);
        for query in ["", "?force=1", "?confirm=1"] {
            let (status, told) = service.post(&format!("{}/api/v1/sync{query}", server.url));
            assert_eq!((status, &told["error"]["code"]), (409, &CODE.into()), "{told}");
            let message = told["error"]["message"].as_str().unwrap();
            assert!(message.contains("`GET /api/v1/strava/connect`"), "{message}");
        }
        assert_eq!(service.upstream.calls().len(), 0, "nothing is asked of Strava");
    }
}

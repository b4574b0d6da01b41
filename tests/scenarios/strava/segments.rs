//! Segments that follow a starred one: made by the command line and over HTTP, and gone with the connection.

use serde_json::{Value, json};

use super::Service;
use crate::program::Program;

impl Service {
    /// Defines a segment over HTTP: the status, and the answer.
    fn defines(&self, url: &str, body: &Value) -> (u16, Value) {
        self.runtime.block_on(async {
            let request = reqwest::Client::new().post(format!("{url}/api/v1/segments"));
            let response = request.header("x-paceline", "1").json(body).send().await.unwrap();
            (response.status().as_u16(), response.json().await.unwrap())
        })
    }

    fn code(&self, program: &Program, starred: &str) -> Value {
        self.json(program, &["segments", "add", "--starred", starred, "--json"])["error"]["code"].clone()
    }
}

#[test]
fn what_follows_a_starred_segment_goes_with_the_connection() {
    for program in Program::on_both() {
        let service = Service::start(&program);
        assert_eq!(service.code(&program, "1109718"), "segment_not_starred");
        service.connected(&program);
        assert_eq!(service.json(&program, &["sync", "--confirm", "--json"])["state"], "succeeded");
        let add = ["segments", "add", "--starred", "1109718", "--json"];
        let made = service.json(&program, &add);
        let told = (&made["name"], &made["source"], &made["source_id"], &made["sports"]);
        let wanted = ["Tower Climb", "strava", "1109718", "on foot"].map(Value::from);
        assert_eq!(told, (&wanted[0], &wanted[1], &wanted[2], &wanted[3]), "{made}");
        assert_eq!(service.code(&program, "5"), "segment_not_starred");

        let mut server = service.serve(&program);
        let (status, made) =
            service.defines(&server.url, &json!({ "starred": 1_436_274, "name": "Along the river" }));
        assert_eq!((status, &made["segment"]["name"]), (201, &"Along the river".into()), "{made}");
        assert!(made["segment"]["polyline"].is_string(), "{made}");
        for (body, wanted) in [
            (json!({ "starred": 5 }), "segment_not_starred"),
            (json!({ "starred": 5, "gpx": "<gpx/>" }), "invalid_parameter"),
            (json!({ "starred": 1_436_274, "sport": "running" }), "invalid_parameter"),
            (json!({ "starred": "the river" }), "invalid_parameter"),
            (json!({ "starred": 0 }), "invalid_parameter"),
        ] {
            let (status, refused) = service.defines(&server.url, &body);
            assert_eq!((status, &refused["error"]["code"]), (422, &wanted.into()), "{refused}");
        }
        let (status, again) = service.defines(&server.url, &json!({ "starred": "1436274" }));
        assert_eq!((status, &again["segment"]["id"]), (201, &made["segment"]["id"]), "{again}");
        assert_eq!(server.stop(), Some(0));

        assert_eq!(program.lines(&["segments", "--json"]).len(), 2);
        let receipt = service.json(&program, &["strava", "disconnect", "--yes", "--json"]);
        assert_eq!(receipt["deleted"]["segment"], 2, "{receipt}");
        assert_eq!(program.lines(&["segments", "--json"]), Vec::<Value>::new());
        assert_eq!(service.code(&program, "1109718"), "segment_not_starred");
    }
}

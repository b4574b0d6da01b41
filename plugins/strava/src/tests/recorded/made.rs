//! A small recording of our own that tells each field at least once, and each with another number.

use serde_json::{Value, json};

use super::Recording;

const ID: i64 = 9_876_543_210;
const EFFORT: i64 = 3_141_592_653_589_793_238;
const SEGMENT: i64 = 777_001;

/// Everything that can be told of a ride with a power meter, and a swim of which hardly anything is.
pub(super) fn recording() -> Recording {
    let gear = json!({ "id": "b77", "name": "Rusty", "distance": 1234567.0, "brand_name": "Own" });
    Recording {
        list: vec![ride(), hidden()],
        details: vec![detail()],
        streams: vec![(ID, streams()), (ID + 1, without_way())],
        profile: json!({
            "id": super::ATHLETE, "firstname": "A", "weight": 71.5, "premium": true,
            "bikes": [{ "id": "b77", "name": "Rusty", "primary": true }], "shoes": [],
        }),
        zones: json!({ "heart_rate": { "custom_zones": false, "zones": [{ "min": 0, "max": 123 }] } }),
        gear: vec![gear],
        starred: vec![json!({
            "id": SEGMENT, "name": "Up there", "distance": 1052.5, "starred": true,
            "athlete_pr_effort": {
                "id": EFFORT, "activity_id": ID, "elapsed_time": 256, "distance": 1052.5,
                "start_date": "2026-06-01T06:20:15Z", "start_date_local": "2026-06-01T08:20:15Z",
            },
        })],
        lines: vec![json!({
            "id": SEGMENT, "name": "Up there", "activity_type": "Ride", "distance": 1052.5,
            "map": { "id": "s777001", "polyline": "_p~iF~ps|U_ulLnnqC", "resource_state": 3 },
        })],
        efforts: vec![effort(EFFORT + 1, 301, 3)],
    }
}

fn ride() -> Value {
    json!({
        "id": ID, "resource_state": 2, "athlete": { "id": super::ATHLETE, "resource_state": 1 },
        "name": "Over the hill", "sport_type": "Ride", "type": "Ride",
        "start_date": "2026-06-01T06:05:30Z", "start_date_local": "2026-06-01T08:05:30Z",
        "timezone": "(GMT+01:00) Europe/Berlin", "utc_offset": 7200.0,
        "elapsed_time": 4001, "moving_time": 3902, "distance": 30003.4, "total_elevation_gain": 404.5,
        "elev_high": 505.6, "elev_low": 106.7, "average_speed": 7.689, "max_speed": 15.4,
        "average_heartrate": 141.1, "max_heartrate": 172.0, "average_watts": 201.5, "max_watts": 703,
        "weighted_average_watts": 221, "device_watts": true, "kilojoules": 786.3, "average_cadence": 83.2,
        "average_temp": 19, "suffer_score": 67.0, "workout_type": 11, "gear_id": "b77",
        "commute": true, "manual": false, "trainer": false, "private": false,
        "visibility": "followers_only", "start_latlng": [52.5001, 13.4002], "external_id": "ride.fit",
        "upload_id": 5_555_555_555_i64, "device_name": "Own Meter 5", "kudos_count": 3,
    })
}

fn detail() -> Value {
    let mut detail = ride();
    let told = json!({
        "description": "with cake", "private_note": "too fast", "calories": 812.5, "perceived_exertion": 6,
        "gear": { "id": "b77", "name": "Rusty", "distance": 1234567 }, "hide_from_home": true,
        "laps": [lap("2026-06-01T06:05:30Z", 2000), lap("2026-06-01T06:38:50Z", 2001)],
        "segment_efforts": [effort(EFFORT, 256, 1)],
    });
    detail.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
    detail
}

fn lap(start: &str, seconds: i64) -> Value {
    json!({
        "id": seconds, "start_date": start, "elapsed_time": seconds, "moving_time": seconds - 7,
        "distance": 15000.5 + seconds as f64, "total_elevation_gain": 202.5, "average_heartrate": 139.5,
        "max_heartrate": 171, "average_watts": 203.5, "device_watts": true, "average_cadence": 82.5,
    })
}

fn effort(id: i64, seconds: i64, rank: i64) -> Value {
    json!({
        "id": id, "activity": { "id": ID }, "segment": { "id": SEGMENT }, "elapsed_time": seconds,
        "moving_time": seconds - 1, "start_date": "2026-06-01T06:20:15Z", "distance": 1052.5,
        "average_heartrate": 155.5, "average_watts": 251.5, "device_watts": true, "pr_rank": rank,
    })
}

/// By type, as they are asked for, with a gap in one of them.
fn streams() -> Value {
    json!({
        "time": { "data": [0, 1, 2, 4] },
        "latlng": { "data": [[52.5001, 13.4002], [52.50015, 13.40025], [52.5002, 13.4003], [52.5003, 13.4004]] },
        "distance": { "data": [0.0, 7.1, 14.3, 28.9] },
        "altitude": { "data": [106.7, 106.9, 107.2, 107.8] },
        "velocity_smooth": { "data": [0.0, 7.1, 7.2, 7.3] },
        "heartrate": { "data": [101, 102, 103, 105] },
        "cadence": { "data": [80, 81, 82, 84] },
        "watts": { "data": [150, null, 170, 190] },
        "temp": { "data": [18, 18, 19, 20] },
    })
}

/// Hidden is when it began; on a machine, typed in with nothing but time and speed.
fn hidden() -> Value {
    json!({
        "id": ID + 1, "athlete": { "id": super::ATHLETE }, "name": "Inside", "sport_type": "Run", "type": "Run",
        "start_date": "2026-06-02T00:00:01Z", "start_date_local": "2026-06-02T00:00:01Z",
        "elapsed_time": 600, "moving_time": 590, "distance": 0.0, "trainer": true, "commute": false,
        "workout_type": 2, "visibility": "only_me",
    })
}

/// As a list, in which each names its type.
fn without_way() -> Value {
    json!([
        { "type": "velocity_smooth", "data": [2.5, 2.6, 2.7] },
        { "type": "time", "data": [0, 1, 2] },
    ])
}

//! The tables of the export.

use store::Sql;

use super::Kind::{Integer, Json, Packed, Real, Text, Told};
use super::Part;
use crate::recording::Channel;

/// Every part, in the order of the export.
pub const PARTS: &[Part] = &[
    Part {
        name: "athlete",
        columns: &[("id", Text), ("timezone", Text), ("created_ms", Integer)],
        sql: Sql::Both(
            "SELECT id, timezone, created_ms FROM athlete WHERE id = $1 ORDER BY id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "settings",
        columns: &[
            ("name", Text),
            ("from_date", Text),
            ("value", Text),
            ("provenance", Text),
            ("changed_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT name, from_date, value, provenance, changed_ms FROM athlete_setting WHERE athlete = $1 \
             ORDER BY name, provenance, from_date LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "weather_home",
        columns: &[
            ("latitude_hundredths", Integer),
            ("longitude_hundredths", Integer),
            ("changed_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT latitude, longitude, changed_ms FROM weather_home WHERE athlete = $1 \
             ORDER BY athlete LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "strava_connection",
        columns: &[("strava_id", Integer), ("scopes", Text), ("state", Text), ("connected_ms", Integer)],
        // Tokens are no data of the athlete's, and whoever has them has the account.
        sql: Sql::Both(
            "SELECT strava_id, scopes, state, connected_ms FROM strava_connection WHERE athlete = $1 \
             ORDER BY athlete LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "receipts",
        columns: &[
            ("provenance", Text),
            ("asked_ms", Integer),
            ("done_ms", Integer),
            ("not_revoked", Text),
            ("deleted", Json),
        ],
        sql: Sql::Both(
            "SELECT provenance, asked_ms, done_ms, not_revoked, deleted FROM purge_receipt WHERE athlete = $1 \
             ORDER BY provenance, asked_ms LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "merge_choices",
        columns: &[("one", Text), ("other", Text), ("is_same", Integer), ("decided_ms", Integer)],
        sql: Sql::Both(
            "SELECT one, other, CASE WHEN is_same THEN 1 ELSE 0 END, decided_ms FROM merge_choice \
             WHERE athlete = $1 ORDER BY one, other LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "segments",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("sports", Text),
            ("provenance", Text),
            ("source", Text),
            ("source_id", Text),
            ("latitude", Packed(Channel::Latitude)),
            ("longitude", Packed(Channel::Longitude)),
            ("meters", Real),
            ("created_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT id, name, sports, provenance, source, source_id, latitude, longitude, meters, created_ms \
             FROM segment WHERE athlete = $1 ORDER BY id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "privacy_zones",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("latitude", Real),
            ("longitude", Real),
            ("radius_m", Real),
            ("created_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT id, name, latitude, longitude, radius_m, created_ms FROM privacy_zone WHERE athlete = $1 \
             ORDER BY id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "outside_records",
        columns: &[("pipeline", Text), ("step", Text), ("stream", Text), ("key", Text), ("record", Told)],
        sql: Sql::Both(
            "SELECT pipeline, step, stream, record_key, body FROM outside_record WHERE athlete = $1 \
             ORDER BY pipeline, step, stream, record_key LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "own_metrics",
        columns: &[("name", Text), ("hash", Text), ("about", Json)],
        sql: Sql::Both(
            "SELECT name, hash, about FROM own_metric WHERE athlete = $1 ORDER BY name LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "own_activity_numbers",
        columns: &[
            ("activity_id", Text),
            ("name", Text),
            ("scope", Text),
            ("value", Real),
            ("why", Text),
            ("hash", Text),
        ],
        sql: Sql::Both(
            "SELECT activity_id, name, scope, value, why, hash FROM own_activity_number WHERE athlete = $1 \
             ORDER BY name, scope, activity_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "own_day_numbers",
        columns: &[
            ("local_date", Text),
            ("name", Text),
            ("scope", Text),
            ("value", Real),
            ("why", Text),
            ("hash", Text),
        ],
        sql: Sql::Both(
            "SELECT local_date, name, scope, value, why, hash FROM own_day_number WHERE athlete = $1 \
             ORDER BY name, scope, local_date LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "gear",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("kind", Text),
            ("before_m", Real),
            ("before_s", Real),
            ("retired_on", Text),
            ("changed_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT id, name, kind, before_m, before_s, retired_on, changed_ms FROM gear WHERE athlete = $1 \
             ORDER BY id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "gear_components",
        columns: &[
            ("id", Text),
            ("gear_id", Text),
            ("kind", Text),
            ("name", Text),
            ("from_date", Text),
            ("to_date", Text),
            ("changed_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT id, gear_id, kind, name, from_date, to_date, changed_ms FROM gear_component \
             WHERE athlete = $1 ORDER BY id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "gear_services",
        columns: &[("item_id", Text), ("done_on", Text), ("what", Text)],
        sql: Sql::Both(
            "SELECT item_id, done_on, what FROM gear_service WHERE athlete = $1 \
             ORDER BY item_id, done_on, what LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "gear_choices",
        columns: &[("activity_id", Text), ("gear_id", Text)],
        sql: Sql::Both(
            "SELECT activity_id, gear_id FROM gear_choice WHERE athlete = $1 ORDER BY activity_id \
             LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "daily_metrics",
        columns: &[
            ("local_date", Text),
            ("name", Text),
            ("value", Real),
            ("provenance", Text),
            ("changed_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT local_date, name, value, provenance, changed_ms FROM daily_metric WHERE athlete = $1 \
             ORDER BY local_date, name LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "activities",
        columns: &[
            ("id", Text),
            ("provenance", Text),
            ("source_id", Text),
            ("file", Text),
            ("sha256", Text),
            ("part", Integer),
            ("parts", Integer),
            ("sport", Text),
            ("sub_sport", Text),
            ("name", Text),
            ("device", Text),
            ("start_ms", Integer),
            ("utc_offset_s", Integer),
            ("local_date", Text),
            ("elapsed_s", Real),
            ("timer_s", Real),
            ("moving_s", Real),
            ("distance_m", Real),
            ("ascent_m", Real),
            ("avg_hr", Real),
            ("max_hr", Real),
            ("avg_power", Real),
            ("max_power", Real),
            ("avg_cadence", Real),
            ("samples", Integer),
            ("np", Real),
            ("best_20min_power", Real),
            ("warnings", Json),
            ("duplicate_of", Text),
            ("shareable_of", Text),
            ("load", Real),
            ("load_method", Text),
            ("trimp", Real),
            ("hrtss", Real),
            ("tss", Real),
            ("rtss", Real),
            ("session_rpe", Real),
        ],
        sql: Sql::Both(
            "SELECT a.id, a.provenance, a.source_id, a.file, a.sha256, a.part, a.parts, a.sport, a.sub_sport, \
             a.name, a.device, a.start_ms, a.utc_offset_s, a.local_date, a.elapsed_s, a.timer_s, a.moving_s, \
             a.distance_m, a.ascent_m, a.avg_hr, a.max_hr, a.avg_power, a.max_power, a.avg_cadence, a.samples, \
             a.np, a.best_20min_power, a.warnings, a.duplicate_of, a.shareable_of, l.load, l.load_method, l.trimp, l.hrtss, \
             l.tss, l.rtss, l.session_rpe FROM activity a LEFT JOIN activity_load l ON l.activity_id = a.id \
             WHERE a.athlete = $1 ORDER BY a.provenance, a.source_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "laps",
        columns: &[
            ("activity_id", Text),
            ("position", Integer),
            ("start_ms", Integer),
            ("elapsed_s", Real),
            ("timer_s", Real),
            ("distance_m", Real),
            ("ascent_m", Real),
            ("avg_hr", Real),
            ("max_hr", Real),
            ("avg_power", Real),
            ("max_power", Real),
            ("avg_cadence", Real),
        ],
        sql: Sql::Both(
            "SELECT l.activity_id, l.position, l.start_ms, l.elapsed_s, l.timer_s, l.distance_m, l.ascent_m, \
             l.avg_hr, l.max_hr, l.avg_power, l.max_power, l.avg_cadence \
             FROM lap l JOIN activity a ON a.id = l.activity_id WHERE a.athlete = $1 \
             ORDER BY l.activity_id, l.position LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "best_efforts",
        columns: &[("activity_id", Text), ("distance_m", Real), ("elapsed_s", Real), ("start_s", Real)],
        sql: Sql::Both(
            "SELECT e.activity_id, e.distance_m, e.elapsed_s, e.start_s \
             FROM best_effort e JOIN activity a ON a.id = e.activity_id WHERE a.athlete = $1 \
             ORDER BY e.activity_id, e.distance_m LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "weather",
        columns: &[("activity_id", Text), ("state", Text), ("reason", Text), ("conditions", Json)],
        sql: Sql::Both(
            "SELECT activity_id, state, reason, conditions FROM activity_weather WHERE athlete = $1 \
             ORDER BY activity_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "days",
        columns: &[
            ("scope", Text),
            ("local_date", Text),
            ("activities", Integer),
            ("timer_s", Real),
            ("elapsed_s", Real),
            ("distance_m", Real),
            ("load", Real),
            ("ctl", Real),
            ("atl", Real),
            ("tsb", Real),
        ],
        sql: Sql::Both(
            "SELECT scope, local_date, activities, timer_s, elapsed_s, distance_m, load, ctl, atl, tsb FROM day \
             WHERE athlete = $1 ORDER BY scope, local_date LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "insights",
        columns: &[("scope", Text), ("local_date", Text), ("body", Json)],
        sql: Sql::Both(
            "SELECT scope, local_date, body FROM insight WHERE athlete = $1 \
             ORDER BY scope, local_date LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "export_rows",
        columns: &[
            ("provenance", Text),
            ("source_id", Text),
            ("archive", Text),
            ("file", Text),
            ("activity_id", Text),
            ("figures", Json),
            ("columns", Json),
        ],
        sql: Sql::Both(
            "SELECT provenance, source_id, archive, file, activity_id, figures, columns FROM export_row \
             WHERE athlete = $1 ORDER BY provenance, source_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "export_items",
        columns: &[("provenance", Text), ("kind", Text), ("source_id", Text), ("columns", Json)],
        sql: Sql::Both(
            "SELECT provenance, kind, source_id, columns FROM export_item WHERE athlete = $1 \
             ORDER BY provenance, kind, source_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "files",
        columns: &[
            ("path", Text),
            ("provenance", Text),
            ("sha256", Text),
            ("format", Text),
            ("bytes", Integer),
            ("changed_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT path, provenance, sha256, format, bytes, changed_ms FROM source_file WHERE athlete = $1 \
             ORDER BY path LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "old_bests",
        columns: &[
            ("scope", Text),
            ("source_id", Text),
            ("distance_m", Integer),
            ("elapsed_s", Real),
            ("told_date", Text),
        ],
        sql: Sql::Both(
            "SELECT scope, source_id, distance_m, elapsed_s, told_date FROM old_best WHERE athlete = $1 \
             ORDER BY scope, source_id, distance_m LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "strava_activities",
        columns: &[
            ("strava_id", Integer),
            ("activity_id", Text),
            ("summary", Json),
            ("listed_ms", Integer),
            ("detail", Json),
            ("detail_ms", Integer),
            ("streams_state", Text),
            ("streams_ms", Integer),
            ("gone_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT strava_id, activity_id, summary, listed_ms, detail, detail_ms, streams_state, streams_ms, \
             gone_ms FROM strava_activity WHERE athlete = $1 ORDER BY strava_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "strava_items",
        columns: &[("kind", Text), ("item_id", Text), ("body", Json), ("fetched_ms", Integer)],
        sql: Sql::Both(
            "SELECT kind, item_id, body, fetched_ms FROM strava_item WHERE athlete = $1 \
             ORDER BY kind, item_id LIMIT $2 OFFSET $3",
        ),
    },
    Part {
        name: "strava_efforts",
        columns: &[
            ("effort_id", Integer),
            ("segment_id", Integer),
            ("strava_id", Integer),
            ("start_ms", Integer),
            ("elapsed_s", Real),
            ("moving_s", Real),
            ("distance_m", Real),
            ("avg_hr", Real),
            ("avg_power", Real),
            ("pr_rank", Integer),
            ("fetched_ms", Integer),
        ],
        sql: Sql::Both(
            "SELECT effort_id, segment_id, strava_id, start_ms, elapsed_s, moving_s, distance_m, avg_hr, \
             avg_power, pr_rank, fetched_ms FROM strava_effort WHERE athlete = $1 \
             ORDER BY effort_id LIMIT $2 OFFSET $3",
        ),
    },
];

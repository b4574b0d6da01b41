//! What the Strava API told, and how far it was asked: every row here is `strava_api`'s.

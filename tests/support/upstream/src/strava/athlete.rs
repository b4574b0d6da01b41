//! Athletes and what they ride and run with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::activity::fields;

const METERS_PER_MILE: f64 = 1609.344;

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Athlete {
    /// The account's number.
    pub id: i64,
    /// As the athlete writes it.
    pub first_name: String,
    /// As the athlete writes it.
    pub last_name: String,
    /// Kilograms.
    pub weight_kg: Option<f64>,
    /// Watts.
    pub ftp_watts: Option<i64>,
    /// Above which heart rates the second and each further zone begins.
    pub heart_zones: Vec<i64>,
    /// Whether the athlete pays for it, without which some answers are a 402.
    pub has_subscription: bool,
    /// The zone that the athlete's watch is set to.
    pub timezone: String,
    /// Where the athlete lives.
    pub home: [f64; 2],
    /// Gear ids begin with `b`.
    pub bikes: Vec<Gear>,
    /// Gear ids begin with `g`.
    pub shoes: Vec<Gear>,
}

/// A bike or a pair of shoes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gear {
    /// Such as `b12` or `g12`.
    pub id: String,
    /// Anything the athlete wrote.
    pub name: String,
    /// Who made it.
    pub brand: String,
    /// What they call it.
    pub model: String,
    /// How far it went.
    pub meters: f64,
    /// Whether it is the one taken when nothing is said.
    pub is_primary: bool,
    /// Whether it is not used any more.
    pub is_retired: bool,
    /// Whether the profile leaves it out, although activities name it.
    #[serde(default)]
    pub is_unlisted: bool,
}

impl Default for Athlete {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Athlete {
    /// Somebody in Munich with a bike and a pair of shoes, who pays.
    #[must_use]
    pub fn new(id: i64) -> Self {
        Self {
            id,
            first_name: "Kim".to_owned(),
            last_name: format!("Example {id}"),
            weight_kg: Some(70.5),
            ftp_watts: Some(240),
            heart_zones: vec![115, 143, 157, 171],
            has_subscription: true,
            timezone: "Europe/Berlin".to_owned(),
            home: [48.14, 11.58],
            bikes: vec![Gear::new(format!("b{id}"), "Road", "Ridgeback", "Tensor")],
            shoes: vec![Gear::new(format!("g{id}"), "Daily", "Stride", "Ten")],
        }
    }

    /// The gear with an id.
    #[must_use]
    pub fn gear(&self, id: &str) -> Option<&Gear> {
        self.bikes.iter().chain(&self.shoes).find(|gear| gear.id == id)
    }

    /// As it stands in the answer to a code.
    pub(super) fn summary(&self) -> Value {
        Value::Object(self.profile(2))
    }

    /// As `/athlete` answers it.
    pub(super) fn detail(&self) -> Value {
        let mut profile = self.profile(3);
        profile.extend(fields(json!({
            "blocked": false,
            "can_follow": true,
            "follower_count": 3,
            "friend_count": 5,
            "mutual_friend_count": 0,
            "athlete_type": 1,
            "date_preference": "%m/%d/%Y",
            "measurement_preference": "meters",
            "clubs": [],
            "postable_clubs_count": 0,
            "ftp": self.ftp_watts,
            "bikes": listed(&self.bikes),
            "shoes": listed(&self.shoes),
        })));
        profile.insert("weight".to_owned(), json!(self.weight_kg));
        Value::Object(profile)
    }

    fn profile(&self, resource_state: i64) -> Map<String, Value> {
        fields(json!({
            "id": self.id,
            "username": format!("athlete_{}", self.id),
            "resource_state": resource_state,
            "firstname": self.first_name,
            "lastname": self.last_name,
            "bio": "",
            "city": "Munich",
            "state": "Bavaria",
            "country": "Germany",
            "sex": "F",
            "premium": self.has_subscription,
            "summit": self.has_subscription,
            "created_at": "2017-11-28T19:05:35Z",
            "updated_at": "2025-09-27T12:57:32Z",
            "badge_type_id": i64::from(self.has_subscription),
            "profile_medium": "avatar/athlete/medium.png",
            "profile": "avatar/athlete/large.png",
            "friend": null,
            "follower": null,
        }))
    }

    /// As `/athlete/zones` answers them.
    pub(super) fn zones(&self) -> Value {
        let mut zones =
            json!({ "heart_rate": { "custom_zones": false, "zones": ranges(&self.heart_zones) } });
        if let Some(ftp) = self.ftp_watts {
            let bounds = [0.55, 0.75, 0.9, 1.05, 1.2, 1.5].map(|part| (part * ftp as f64).round() as i64);
            zones["power"] = json!({ "zones": ranges(&bounds) });
        }
        zones
    }
}

fn listed(gear: &[Gear]) -> Vec<Value> {
    gear.iter().filter(|gear| !gear.is_unlisted).map(Gear::summary).collect()
}

/// Each begins where the one before ends, and the last has no end.
pub(super) fn ranges(bounds: &[i64]) -> Value {
    let begins = [0].into_iter().chain(bounds.iter().copied());
    let ends = bounds.iter().copied().chain([-1]);
    begins.zip(ends).map(|(min, max)| json!({ "min": min, "max": max })).collect()
}

impl Gear {
    /// Something new.
    #[must_use]
    pub fn new(id: String, name: &str, brand: &str, model: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            brand: brand.to_owned(),
            model: model.to_owned(),
            meters: 250_000.0,
            is_primary: true,
            is_retired: false,
            is_unlisted: false,
        }
    }

    pub(super) fn summary(&self) -> Value {
        Value::Object(self.named(2))
    }

    pub(super) fn detail(&self) -> Value {
        let mut gear = self.named(3);
        gear.extend(fields(json!({
            "brand_name": self.brand,
            "model_name": self.model,
            "description": "",
        })));
        let (key, value) = match self.id.starts_with('b') {
            true => ("frame_type", 3),
            false => ("notification_distance", 0),
        };
        gear.insert(key.to_owned(), json!(value));
        Value::Object(gear)
    }

    fn named(&self, resource_state: i64) -> Map<String, Value> {
        fields(json!({
            "id": self.id,
            "primary": self.is_primary,
            "name": format!("{} {}", self.brand, self.model),
            "nickname": self.name,
            "resource_state": resource_state,
            "retired": self.is_retired,
            // Whole metres, as they were recorded.
            "distance": self.meters.round() as i64,
            "converted_distance": (self.meters / METERS_PER_MILE * 10.0).round() / 10.0,
        }))
    }
}

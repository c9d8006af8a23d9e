//! Statements to post. Nobody in them exists.

use serde_json::{Value, json};
use uuid::Uuid;

/// The verb of most of them.
pub const VERB: &str = "http://adlnet.gov/expapi/verbs/completed";

/// A UUID of one's own choosing.
pub fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// Somebody with an address.
pub fn agent(name: &str) -> Value {
    json!({ "mbox": format!("mailto:{name}@larkby.example") })
}

/// The address of an activity.
pub fn activity(about: &str) -> String {
    format!("https://larkby.example/kurser/{about}")
}

/// `name` completed the activity `about`.
pub fn statement(id: &str, name: &str, about: &str) -> Value {
    json!({ "id": id, "actor": agent(name), "verb": { "id": VERB }, "object": { "id": activity(about) } })
}

/// A statement of ordinary size under a new id, by one of some dozens of people.
pub fn ordinary(number: u64) -> Value {
    let mut statement = statement(
        &Uuid::new_v4().to_string(),
        &format!("person{}", number % 37),
        &format!("k{}", number % 11),
    );
    statement["verb"]["display"] = json!({ "sv": "slutförde", "en": "completed" });
    statement["object"]["definition"] = json!({
        "type": "http://adlnet.gov/expapi/activities/course",
        "name": { "sv": "Lösenord och inloggning", "en": "Passwords and logging in" },
    });
    statement["result"] = json!({ "completion": true, "score": { "scaled": (number % 101) as f64 / 100.0 } });
    statement["context"] =
        json!({ "registration": Uuid::new_v4().to_string(), "platform": "Lärkby lärportal" });
    statement
}

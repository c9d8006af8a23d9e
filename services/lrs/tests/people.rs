//! People in every shape and place of a statement: nobody, one, many, the same twice, groups in groups.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::collections::BTreeSet;

use rig::*;
use serde_json::{Value, json};

/// Who there is: how each is identified, and a word that stands in nothing else.
fn everybody() -> [(Value, &'static str); 6] {
    [
        (json!({ "mbox": "mailto:anna@larkby.example" }), "anna@larkby"),
        (json!({ "mbox_sha1sum": "b00b00b00b00b00b00b00b00b00b00b00b00b00b" }), "b00b00b"),
        (json!({ "openid": "https://carl.larkby.example/" }), "carl.larkby"),
        (
            json!({ "account": { "homePage": "https://larkby.example", "name": "dora\u{0}\"Group\"" } }),
            "dora",
        ),
        (json!({ "account": { "homePage": "https://larkby.example", "name": "klass 7A" } }), "7A"),
        (json!({ "mbox": "mailto:klass7b@larkby.example" }), "klass7b"),
    ]
}

/// What stands where an agent or a group is expected.
#[derive(Clone)]
struct Shape {
    json: Value,
    is_group: bool,
    is_anonymous: bool,
    /// By its own rules, wherever it stands.
    fits: bool,
}

fn person(who: usize) -> Value {
    let mut person = everybody()[who].0.clone();
    person["objectType"] = "Agent".into();
    person["name"] = everybody()[who].1.into();
    person
}

fn shapes() -> Vec<Shape> {
    let agent = |json: Value, fits| Shape { json, is_group: false, is_anonymous: false, fits };
    let mut shapes: Vec<Shape> = (0..4).map(|who| agent(person(who), true)).collect();
    shapes.push(agent(json!({ "objectType": "Agent", "name": "Ingen" }), false));
    shapes.push(agent(
        json!({ "objectType": "Agent", "mbox": "mailto:a@larkby.example", "member": [] }),
        false,
    ));
    let mut two = person(0);
    two["openid"] = "https://carl.larkby.example/".into();
    shapes.push(agent(two, false));
    let many: Vec<Value> = (0..40)
        .map(|number| agent_of(&format!("medlem {number}")))
        .chain([person(0), person(3), person(0)])
        .collect();
    let nested = json!([{ "objectType": "Group", "member": [person(0)] }]);
    let members = [
        (None, 0, true),
        (Some(json!([])), 0, true),
        (Some(json!([person(0)])), 1, true),
        (Some(json!([person(1), person(3)])), 2, true),
        (Some(json!([person(3), person(3)])), 2, true),
        (Some(json!([person(2), person(2), person(0)])), 3, true),
        (Some(json!([everybody()[4].0, person(1)])), 2, true),
        (Some(many.into()), 43, true),
        (Some(nested), 1, false),
        (Some(json!([{}])), 1, false),
        (Some(json!({})), 1, false),
        (Some(Value::Null), 1, false),
    ];
    for identifier in [None, Some(4), Some(5)] {
        for (members, count, fits) in &members {
            let mut json = identifier.map_or(json!({}), |who: usize| everybody()[who].0.clone());
            json["objectType"] = "Group".into();
            if let Some(members) = members {
                json["member"] = members.clone();
            }
            let is_anonymous = identifier.is_none();
            let fits = *fits && (*count > 0 || !is_anonymous);
            shapes.push(Shape { json, is_group: true, is_anonymous, fits });
        }
    }
    shapes
}

fn agent_of(name: &str) -> Value {
    json!({ "account": { "homePage": "https://larkby.example", "name": name } })
}

/// Where somebody may stand, as a path into a statement.
const PLACES: [&str; 13] = [
    "/actor",
    "/object",
    "/authority",
    "/context/instructor",
    "/context/team",
    "/context/contextAgents",
    "/context/contextGroups",
    "/object/actor",
    "/object/object",
    "/object/context/instructor",
    "/object/context/team",
    "/object/context/contextAgents",
    "/object/context/contextGroups",
];

fn may_stand(shape: &Shape, place: &str, version: &str) -> bool {
    let of_place = match place.rsplit('/').next().unwrap() {
        "team" => shape.is_group,
        "contextAgents" => !shape.is_group && version == "2.0.0",
        "contextGroups" => shape.is_group && version == "2.0.0",
        "authority" => {
            let members = shape.json["member"].as_array().map_or(&[][..], Vec::as_slice);
            let oauth = members.len() == 2 && members.iter().any(|member| member["account"].is_object());
            !shape.is_group || (shape.is_anonymous && oauth)
        }
        _ => true,
    };
    of_place && shape.fits
}

fn put(statement: &mut Value, place: &str, shape: &Shape) {
    if place.starts_with("/object/") && statement["object"]["objectType"] != "SubStatement" {
        statement["object"] = json!({
            "objectType": "SubStatement",
            "actor": agent_of("erik"),
            "verb": { "id": VERB },
            "object": { "id": activity("b") },
        });
    }
    let (parent, name) = place.rsplit_once('/').unwrap();
    let mut holder = statement;
    for step in parent.split('/').filter(|step| !step.is_empty()) {
        holder = &mut holder[step];
    }
    let relation = |kind: &str, of: &str| json!([{ "objectType": kind, of: shape.json }]);
    holder[name] = match name {
        "contextAgents" => relation("contextAgent", "agent"),
        "contextGroups" => relation("contextGroup", "group"),
        _ => shape.json.clone(),
    };
}

/// A generator that gives the same on every machine (xorshift64*).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }
}

/// Every shape in every place, and many of them at once; with whether it is a statement.
fn statements(version: &str) -> Vec<(Value, bool)> {
    let shapes = shapes();
    let mut all = Vec::new();
    let mut number = 1;
    let mut next = || {
        number += 1;
        statement(number, "erik", "a")
    };
    for place in PLACES {
        for shape in &shapes {
            let mut statement = next();
            put(&mut statement, place, shape);
            all.push((statement, may_stand(shape, place, version)));
        }
    }
    let mut seeded = Seeded(7);
    let good: Vec<&Shape> = shapes.iter().filter(|shape| shape.fits).collect();
    for _ in 0..150 {
        let (mut statement, mut fits) = (next(), true);
        // The object before what stands in it; and where it is somebody, nothing does.
        for place in PLACES {
            let somebody = matches!(statement["object"]["objectType"].as_str(), Some("Agent" | "Group"));
            if seeded.below(2) == 0 || (somebody && place.starts_with("/object/")) {
                continue;
            }
            let shape = good[seeded.below(good.len())];
            if may_stand(shape, place, version) || seeded.below(30) == 0 {
                put(&mut statement, place, shape);
                fits &= may_stand(shape, place, version);
            }
        }
        all.push((statement, fits));
    }
    all
}

/// Whether somebody with these identifying properties stands in a part of a statement.
fn stands_in(who: &Value, part: &Value) -> bool {
    let (name, identifier) = who.as_object().unwrap().iter().next().unwrap();
    part[name] == *identifier
        || part["member"].as_array().is_some_and(|members| members.iter().any(|one| one[name] == *identifier))
}

fn found_by(who: &Value, statement: &Value, related: bool) -> bool {
    let object = &statement["object"];
    let is_sub = object["objectType"] == "SubStatement";
    let direct = stands_in(who, &statement["actor"]) || (!is_sub && stands_in(who, object));
    let context = |context: &Value| {
        let of = |list: &str, one: &str| {
            context[list].as_array().is_some_and(|list| list.iter().any(|each| stands_in(who, &each[one])))
        };
        stands_in(who, &context["instructor"])
            || stands_in(who, &context["team"])
            || of("contextAgents", "agent")
            || of("contextGroups", "group")
    };
    let around = || {
        context(&statement["context"])
            || (is_sub
                && (stands_in(who, &object["actor"])
                    || stands_in(who, &object["object"])
                    || context(&object["context"])))
    };
    direct || (related && around())
}

/// Every statement there is, as JSON, in some format.
async fn given(rig: &Rig, version: &str, format: &str) -> Vec<Value> {
    let mut page = rig.get_as(version, &address(&[("format", format)])).await.expect(200).json();
    let mut all = Vec::new();
    loop {
        all.extend(page["statements"].as_array().unwrap().clone());
        match page["more"].as_str() {
            Some(more) if !more.is_empty() => page = rig.get_as(version, more).await.expect(200).json(),
            _ => return all,
        }
    }
}

async fn go_through(rig: &Rig, version: &str) {
    let mut stored = Vec::new();
    let all = statements(version);
    for (statement, fits) in &all {
        let answer = rig.post_as(version, statement.to_string()).await;
        assert_eq!(answer.status.as_u16(), if *fits { 200 } else { 400 }, "{statement}: {}", answer.text());
        if *fits {
            stored.push(statement.clone());
        }
    }
    // Once more, and in batches: what is stored is known, and one that is none refuses its batch.
    for batch in all.chunks(40) {
        let fits = batch.iter().all(|(_, fits)| *fits);
        let batch = Value::from_iter(batch.iter().map(|(statement, _)| statement.clone()));
        rig.post_as(version, batch.to_string()).await.expect(if fits { 200 } else { 400 });
    }

    let mut sent = stored.clone();
    for statement in &mut sent {
        statement.as_object_mut().unwrap().remove("authority");
    }
    let back: Vec<Value> = given(rig, version, "exact").await.iter().rev().map(as_it_came).collect();
    assert_eq!(back, sent);

    for (who, _) in everybody() {
        for related in [false, true] {
            let expected: BTreeSet<&str> = sent
                .iter()
                .filter(|statement| found_by(&who, statement, related))
                .map(|statement| statement["id"].as_str().unwrap())
                .collect();
            let asked =
                [("agent", &*who.to_string()), ("related_agents", if related { "true" } else { "false" })];
            let found = rig.all_ids(&asked).await;
            assert_eq!(
                found.iter().map(String::as_str).collect::<BTreeSet<_>>(),
                expected,
                "{who} {related}"
            );
        }
    }

    for (who, word) in everybody() {
        rig.lrs.erase(&who.to_string()).await.unwrap();
        for format in ["exact", "ids", "canonical"] {
            let left = given(rig, version, format).await;
            assert_eq!(left.len(), sent.len());
            let told = left.iter().find(|statement| statement.to_string().contains(word));
            assert_eq!(told, None, "{word} in {format}");
        }
    }
    // What is left are statements.
    let mut left = given(rig, version, "exact").await;
    for (number, statement) in (100_000..).zip(&mut left) {
        statement["id"] = id(number).into();
    }
    rig.post_as(version, Value::from(left).to_string()).await.expect(200);
}

promises! {
    async fn whoever_stands_where_in_1_0_3_is_stored_and_found_and_erased_or_refused(rig) {
        go_through(&rig, "1.0.3").await;
    }

    async fn whoever_stands_where_in_2_0_is_stored_and_found_and_erased_or_refused(rig) {
        go_through(&rig, "2.0.0").await;
    }

    async fn a_statement_has_as_many_people_as_there_is_room_for_and_more_are_refused(rig) {
        let group = |count: usize| {
            let members: Vec<Value> = (0..count).map(|number| agent_of(&number.to_string())).collect();
            let mut statement = plain("erik", "a");
            statement["actor"] = json!({ "objectType": "Group", "member": members });
            statement["context"] = json!({ "team": statement["actor"] });
            statement
        };
        rig.post(&group(5_000)).await.expect(200);
        let refused = rig.post(&group(5_001)).await.expect(400).json();
        assert_eq!(refused["path"], "");
        assert!(refused["expected"].as_str().unwrap().contains("10000"), "{refused}");
        let one = agent_of("4999").to_string();
        assert_eq!(rig.ids(&[("agent", &one)]).await.len(), 1);
        rig.lrs.erase(&one).await.unwrap();
        rig.get(&[]).await.expect(200);
    }
}

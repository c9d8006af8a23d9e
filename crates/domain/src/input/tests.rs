//! The ways in: what they refuse, and that a repeated body gives no events.

use std::collections::BTreeMap;

use eventlog::event::Position;
use serde_json::{Value, json};
use xapi::Identifier;

use super::*;
use crate::testing::{date, instant};
use crate::{AgentId, Municipality, Text};

fn organisation() -> Value {
    let account = |name: &str| json!({ "account": { "homePage": "https://larkby.example", "name": name } });
    json!({
        "units": [
            { "code": "S1", "name": "Sångskolan", "kind": "skola", "parent": "K", "school_unit_code": "12345678" },
            { "code": "K", "name": "Lärkby kommun", "kind": "huvudman" },
        ],
        "persons": [
            { "agents": [account("anna"), { "mbox": "mailto:anna@larkby.example" }],
              "name": { "given": "Anna", "family": "Ängskog" }, "protected": true,
              "duties": [{ "unit": "S1", "role": "Lärare", "from": "2025-08-01" }] },
            { "agents": [account("bo")], "name": { "given": "Bo", "family": "Bäck" },
              "enrolments": [{ "unit": "S1", "school_year": 7, "from": "2025-08-18", "to": "2026-06-12" }] },
        ],
        "groups": [
            { "id": "7B", "unit": "S1", "kind": "Klass", "name": "7B",
              "members": [{ "agent": account("bo"), "from": "2025-08-18" }] },
        ],
    })
}

fn courses() -> Value {
    json!({
        "courses": [
            { "id": "https://larkby.example/c", "title": { "sv": "Kurs", "en": "Course" },
              "origin": { "central": true }, "mandatory_for": ["Lärare"],
              "activities": [{ "id": "https://larkby.example/c/q", "title": { "sv": "Prov" }, "kind": "quiz" }] },
            { "id": "https://larkby.example/c/S1", "title": { "sv": "Kurs" },
              "origin": { "copy_of": "https://larkby.example/c", "unit": "S1" },
              "activities": [{ "id": "https://larkby.example/c/S1/q", "title": { "sv": "Prov" }, "kind": "quiz",
                               "copy_of": "https://larkby.example/c/q" }] },
        ],
        "rules": [
            { "framework": "digcomp-3.0", "activity": "https://larkby.example/c/q", "competence": "1.1",
              "level": [3, 4], "weight": 500, "types": ["knowledge"], "valid_months": 24 },
            { "framework": "digcomp-3.0", "activity": "https://larkby.example/c/q", "competence": "1.2",
              "level": [3, 3], "weight": 1000 },
        ],
    })
}

fn surveys() -> Value {
    json!({
        "surveys": [{
            "id": "https://larkby.example/s", "version": "1", "title": { "sv": "Enkät" },
            "definition": { "elements": [
                { "type": "radiogroup", "name": "q", "title": "Kan du?", "isRequired": true, "choices": [
                    { "value": "a", "text": "Nej" }, { "value": "b", "text": "Ja" }, { "value": "v", "text": "Vet ej" },
                ] },
            ] },
            "scoring": {
                "scales": [{ "id": "x", "codes": [
                    { "code": "a", "score": 0 }, { "code": "b", "score": [20, 3], "positive": true },
                    { "code": "v", "dont_know": true },
                ] }],
                "items": { "q": { "scale": "x", "feeds":
                    { "framework": "digcomp-3.0", "competence": "1.1", "levels": { "a": 1, "b": 5 } } } },
            },
        }],
    })
}

fn rounds() -> Value {
    json!({
        "rounds": [{
            "id": "ht25", "survey": "https://larkby.example/s", "version": "1", "title": { "sv": "Hösten" },
            "mode": "pseudonymous", "registration": "EC531277-b57b-4c15-8d91-d292c5b2b8f7",
            "opens": "2025-09-15", "closes": "2025-10-03", "audience": { "unit": "K", "roles": ["Lärare"] },
        }],
    })
}

fn read<T: DeserializeOwned>(body: &Value) -> T {
    parse(body.to_string().as_bytes()).unwrap()
}

/// A log of its own: appends changes and folds them, as administration does.
#[derive(Default)]
struct Town {
    known: Municipality,
    slots: BTreeMap<Position, Vec<u8>>,
    head: u64,
}

fn agent_of(identifier: &Identifier) -> Option<AgentId> {
    let number = match identifier {
        Identifier::Account { name, .. } if name == "anna" => 1,
        Identifier::Account { name, .. } if name == "bo" => 2,
        Identifier::Mbox(_) => 3,
        _ => return None,
    };
    Some([number; 16])
}

impl Town {
    fn take(&mut self, changes: Changes) -> (usize, usize) {
        let count = (changes.changes.len(), changes.unchanged);
        for change in changes.changes {
            self.head += 1;
            let position = Position(self.head);
            let mut event = crate::testing::event(
                self.head,
                &crate::events::FrameworkFacts { id: String::new(), sha256: [0; 32] },
            );
            event.kind = change.kind.to_owned();
            event.schema = change.schema;
            event.facts = change.facts;
            assert!(self.known.apply(&event).unwrap());
            if let Some(SlotContent::Agents(_, plain) | SlotContent::Class(plain)) = change.slot {
                self.slots.insert(position, plain);
            }
        }
        count
    }

    fn post(&mut self, body: &Value) -> Result<(usize, usize), Invalid> {
        let input: OrganisationInput = read(body);
        input.validate()?;
        let positions = input.slots_to_compare(&self.known.organisation, agent_of);
        let opened = positions.into_iter().filter_map(|p| Some((p, self.slots.get(&p)?.clone()))).collect();
        let changes = input.changes(&self.known.organisation, agent_of, &opened)?;
        Ok(self.take(changes))
    }

    fn post_courses(&mut self, body: &Value) -> Result<(usize, usize), Invalid> {
        let input: CoursesInput = read(body);
        input.validate()?;
        let changes = input.changes(&self.known)?;
        Ok(self.take(changes))
    }

    fn post_surveys(&mut self, body: &Value) -> Result<(usize, usize), Invalid> {
        let changes = read::<SurveysInput>(body).register()?.changes(&self.known)?;
        Ok(self.take(changes))
    }

    fn post_rounds(&mut self, body: &Value) -> Result<(usize, usize), Invalid> {
        self.post_rounds_at(body, "2025-08-01T08:00:00Z")
    }

    fn post_rounds_at(&mut self, body: &Value, now: &str) -> Result<(usize, usize), Invalid> {
        let input: RoundsInput = read(body);
        input.validate()?;
        let mut drawn = self.head as u8;
        let draw = || {
            drawn += 100;
            [drawn; 16]
        };
        let changes = input.changes(&self.known, instant(now), draw)?;
        Ok(self.take(changes))
    }

    fn whole() -> Self {
        let mut town = Self::default();
        town.post(&organisation()).unwrap();
        town.post_courses(&courses()).unwrap();
        town.post_surveys(&surveys()).unwrap();
        town.post_rounds(&rounds()).unwrap();
        town
    }
}

/// `body` with the value at `pointer` replaced (added to an object where it is missing).
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(list) => list[field.parse::<usize>().unwrap()] = value,
        _ => parent[field] = value,
    }
    body
}

#[test]
fn the_same_body_again_gives_no_events() {
    let mut town = Town::default();
    assert_eq!(town.post(&organisation()), Ok((5, 0)));
    assert_eq!(town.post(&organisation()), Ok((0, 5)));
    assert_eq!(town.post_courses(&courses()), Ok((3, 0)));
    assert_eq!(town.post_courses(&courses()), Ok((0, 3)));
    assert_eq!(town.post_surveys(&surveys()), Ok((1, 0)));
    assert_eq!(town.post_surveys(&surveys()), Ok((0, 1)));
    assert_eq!(town.post_rounds(&rounds()), Ok((1, 0)));
    assert_eq!(town.post_rounds(&rounds()), Ok((0, 1)));
}

#[test]
fn only_what_differs_gives_an_event() {
    let mut town = Town::whole();
    let left = with(organisation(), "/persons/0/duties/0/to", json!("2026-01-31"));
    assert_eq!(town.post(&left), Ok((1, 4)));
    assert!(town.known.organisation.on_duty(Some("K"), &[], date("2026-02-01")).is_empty());
    let renamed = with(left, "/persons/1/name/family", json!("Berg"));
    assert_eq!(town.post(&renamed), Ok((1, 4)), "a name alone");
    assert_eq!(town.post(&with(renamed, "/groups/0/name", json!("7C"))), Ok((1, 4)));
    let weaker = with(courses(), "/rules/1/weight", json!(250));
    assert_eq!(town.post_courses(&weaker), Ok((1, 2)));
    let reworded = with(surveys(), "/surveys/0/definition/elements/0/title", json!("Kan du det?"));
    let reworded = with(reworded, "/surveys/0/version", json!("2"));
    assert_eq!(town.post_surveys(&reworded), Ok((1, 0)), "the definition is part of the version");
}

#[test]
fn names_and_identifiers_go_into_slots_of_their_own_agents_only() {
    let input: OrganisationInput = read(&organisation());
    let changes = input.changes(&Municipality::default().organisation, agent_of, &BTreeMap::new()).unwrap();
    for change in &changes.changes {
        let facts = String::from_utf8_lossy(&change.facts).into_owned();
        for word in ["Anna", "anna", "Ängskog", "Bo", "mailto", "7B\0"] {
            assert!(!facts.contains(word), "{word} among the facts of a {}", change.kind);
        }
    }
    let Some(SlotContent::Agents(agents, plain)) = &changes.changes[2].slot else {
        panic!("a person has a slot")
    };
    assert_eq!(*agents, [[1; 16], [3; 16]]);
    let personal = crate::events::PersonPersonal::decode(plain).unwrap();
    assert!(personal.protected && personal.identifiers.len() == 2 && personal.given == "Anna");
}

#[test]
fn a_person_keeps_their_id_and_their_agents() {
    let mut town = Town::whole();
    let moved = with(organisation(), "/persons/0/agents", json!([{ "mbox": "mailto:anna@larkby.example" }]));
    assert_eq!(town.post(&moved), Ok((1, 4)));
    assert_eq!(town.known.organisation.agents_of([1; 16]), [[1; 16], [3; 16]]);
}

#[test]
fn agents_of_two_persons_are_not_made_one_in_passing() {
    let mut town = Town::whole();
    let account = |name: &str| json!({ "account": { "homePage": "https://larkby.example", "name": name } });
    let body = json!({ "persons": [{ "agents": [account("anna"), account("bo")],
                                     "name": { "given": "A", "family": "B" } }] });
    assert_eq!(town.post(&body).unwrap_err().problems[0].path, "/persons/0/agents");
}

/// Where a body is refused.
fn refused(outcome: Result<(usize, usize), Invalid>) -> Vec<String> {
    outcome.unwrap_err().problems.into_iter().map(|problem| problem.path).collect()
}

#[test]
fn a_refusal_names_the_place() {
    let mut town = Town::whole();
    for (pointer, value) in [
        ("/units/0/code", json!("")),
        ("/units/0/school_unit_code", json!("1234")),
        ("/units/0/parent", json!("nowhere")),
        ("/persons/0/agents", json!([])),
        ("/persons/0/agents/1", json!({ "mbox": "anna@larkby.example" })),
        ("/persons/0/agents/1", json!({ "mbox": "mailto:a@b.example", "openid": "https://a.example" })),
        ("/persons/0/agents/1", organisation()["persons"][1]["agents"][0].clone()),
        ("/persons/0/name/given", json!(" ")),
        ("/persons/0/duties/0/unit", json!("nowhere")),
        ("/persons/0/duties/0/to", json!("2025-07-31")),
        ("/persons/1/enrolments/0/unit", json!("nowhere")),
        ("/groups/0/unit", json!("nowhere")),
        ("/groups/0/members/0/to", json!("2025-08-17")),
    ] {
        let places = refused(town.post(&with(organisation(), pointer, value)));
        let expected = if pointer == "/persons/0/agents/1" && places[0] == "/persons/1/agents/0" {
            "/persons/1/agents/0" // the second place at which one agent stands
        } else {
            pointer
        };
        assert_eq!(places, [expected], "{pointer}");
    }
    for (pointer, value) in [
        ("/courses/0/id", json!("no iri")),
        ("/courses/0/title/sv", json!("")),
        ("/courses/0/origin/central", json!(false)),
        ("/courses/1/origin/unit", json!("nowhere")),
        ("/rules/0/framework", json!("digcomp-9")),
        ("/rules/0/competence", json!("9.9")),
        ("/rules/0/level", json!([4, 3])),
        ("/rules/0/level", json!([0, 3])),
        ("/rules/0/level", json!([3, 9])),
        ("/rules/0/weight", json!(0)),
        ("/rules/0/valid_months", json!(0)),
    ] {
        assert_eq!(refused(town.post_courses(&with(courses(), pointer, value))), [pointer], "{pointer}");
    }
    for (pointer, value) in [
        ("/surveys/0/version", json!("")),
        ("/surveys/0/definition", json!([])),
        (
            "/surveys/0/definition/elements",
            json!([{ "type": "radiogroup", "name": "q", "choices": ["a", "b", "v"] },
                   { "type": "radiogroup", "name": "r", "choices": ["a[,]b"] }]),
        ),
        ("/surveys/0/scoring/scales/0/codes/0", json!({ "code": "a", "score": [1, 0] })),
        ("/surveys/0/scoring/scales/0/codes/2", json!({ "code": "v", "dont_know": true, "positive": true })),
        ("/surveys/0/scoring/items/q", json!({ "scale": "y" })),
        ("/surveys/0/scoring/items/q/feeds/competence", json!("9.9")),
        ("/surveys/0/scoring/items/q/feeds/levels", json!({ "a": 9 })),
        ("/surveys/0/scoring/indexes", json!([{ "id": "i", "title": "I", "items": ["q", "q"] }])),
        ("/surveys/0/activities", json!({ "other": "https://larkby.example/q" })),
    ] {
        let places = refused(town.post_surveys(&with(surveys(), pointer, value)));
        assert!(places[0].starts_with(pointer), "{pointer}: {places:?}");
    }
    for (pointer, value) in [
        ("/rounds/0/survey", json!("https://larkby.example/other")),
        ("/rounds/0/registration", json!("ht25")),
        ("/rounds/0/closes", json!("2025-09-14")),
        ("/rounds/0/audience/unit", json!("nowhere")),
    ] {
        assert_eq!(refused(town.post_rounds(&with(rounds(), pointer, value))), [pointer], "{pointer}");
    }
    let other = with(rounds(), "/rounds/0/id", json!("vt26"));
    assert_eq!(refused(town.post_rounds(&other)), ["/rounds/0/registration"], "another round has it");
}

#[test]
fn what_is_said_of_a_round_and_cannot_be_is_refused_with_its_place() {
    let mut town = Town::whole();
    let hours = |opens: &str, closes: &str| json!({ "opens": opens, "closes": closes });
    for (pointer, value, at) in [
        ("/rounds/0/hours", hours("8:00", "16:00"), "/rounds/0/hours/opens"),
        ("/rounds/0/hours", hours("08:60", "16:00"), "/rounds/0/hours/opens"),
        ("/rounds/0/hours", hours("08:00", "24:01"), "/rounds/0/hours/closes"),
        ("/rounds/0/grace", json!(1441), "/rounds/0/grace"),
    ] {
        assert_eq!(refused(town.post_rounds(&with(rounds(), pointer, value))), [at]);
    }
    let day = with(
        with(rounds(), "/rounds/0/closes", json!("2025-09-15")),
        "/rounds/0/hours",
        hours("16:00", "16:00"),
    );
    assert_eq!(refused(town.post_rounds(&day)), ["/rounds/0/hours/closes"]);
    let unlinkable =
        with(with(rounds(), "/rounds/0/mode", json!("unlinkable")), "/rounds/0/again", json!(true));
    assert_eq!(refused(town.post_rounds(&unlinkable)), ["/rounds/0/again"]);
    let whole = with(rounds(), "/rounds/0/hours", hours("00:00", "24:00"));
    assert_eq!(town.post_rounds(&whole), Ok((1, 0)));
    let facts = &town.known.surveys.round("ht25").unwrap().facts;
    let again: RoundInput = read(&serde_json::to_value(RoundInput::of(facts)).unwrap());
    assert_eq!(again, RoundInput::of(facts), "what is shown can be posted");
}

#[test]
fn a_registration_that_is_not_said_is_drawn_once() {
    let mut town = Town::whole();
    let mut body = with(rounds(), "/rounds/0/id", json!("vt26"));
    body["rounds"][0].as_object_mut().unwrap().remove("registration");
    assert_eq!(town.post_rounds(&body), Ok((1, 0)));
    assert_eq!(town.post_rounds(&body), Ok((0, 1)), "it keeps the one that it has");
    let of = |town: &Town, id: &str| town.known.surveys.round(id).unwrap().facts.registration;
    assert_ne!(of(&town, "vt26"), of(&town, "ht25"));
}

#[test]
fn what_of_a_round_may_change_follows_from_where_it_stands() {
    let mut town = Town::whole();
    let (before, open, closed) = ("2025-09-14T10:00:00Z", "2025-09-20T10:00:00Z", "2025-10-04T10:00:00Z");
    let draft = with(with(rounds(), "/rounds/0/draft", json!(true)), "/rounds/0/mode", json!("named"));
    assert_eq!(town.post_rounds_at(&draft, before), Ok((1, 0)), "back to a draft");
    assert_eq!(town.post_rounds_at(&rounds(), open), Ok((1, 0)), "a draft stays one whatever the day");
    let titled = with(rounds(), "/rounds/0/title/sv", json!("Hösten 2025"));
    let longer = with(titled.clone(), "/rounds/0/closes", json!("2025-10-10"));
    for (body, at) in [
        (with(titled.clone(), "/rounds/0/mode", json!("unlinkable")), "/rounds/0/mode"),
        (with(titled.clone(), "/rounds/0/audience/unit", json!("S1")), "/rounds/0/audience"),
        (with(titled.clone(), "/rounds/0/opens", json!("2025-09-14")), "/rounds/0/opens"),
        (with(titled.clone(), "/rounds/0/partial", json!(true)), "/rounds/0/partial"),
        (with(titled.clone(), "/rounds/0/draft", json!(true)), "/rounds/0/draft"),
        (with(titled.clone(), "/rounds/0/closes", json!("2025-09-18")), "/rounds/0/closes"),
    ] {
        assert_eq!(refused(town.post_rounds_at(&body, open)), [at]);
    }
    assert_eq!(town.post_rounds_at(&longer, open), Ok((1, 0)));
    assert_eq!(
        town.post_rounds_at(&longer, "2025-11-04T10:00:00Z"),
        Ok((0, 1)),
        "what is as it was is no change"
    );
    let told = refused(town.post_rounds_at(&titled, "2025-11-04T10:00:00Z"));
    assert_eq!(told, ["/rounds/0/closes"]);
    let retitled = with(longer, "/rounds/0/title/sv", json!("Hösten"));
    assert_eq!(town.post_rounds_at(&retitled, closed), Ok((1, 0)), "it was made longer");
    assert_eq!(
        refused(town.post_rounds_at(&titled, "2025-11-04T10:00:00Z")),
        ["/rounds/0/title", "/rounds/0/closes"]
    );
}

#[test]
fn nothing_stands_below_or_copies_itself() {
    let mut town = Town::whole();
    let circle = json!({ "units": [{ "code": "K", "name": "K", "kind": "huvudman", "parent": "S1" }] });
    assert_eq!(refused(town.post(&circle)), ["/units/0/parent"]);
    let circle = json!({ "courses": [{ "id": "https://larkby.example/c", "title": { "sv": "Kurs" },
        "origin": { "copy_of": "https://larkby.example/c/S1", "unit": "S1" } }] });
    assert_eq!(refused(town.post_courses(&circle)), ["/courses/0/origin/copy_of"]);
}

#[test]
fn what_cannot_be_read_is_told_of_without_its_value() {
    let wrong =
        |body: Value| parse::<OrganisationInput>(body.to_string().as_bytes()).unwrap_err().to_string();
    let name = with(organisation(), "/persons/0/name", json!("Anna Ängskog"));
    let day = with(organisation(), "/persons/0/duties/0/from", json!("Anna"));
    let extra = with(organisation(), "/persons/0/name/Anna", json!(1));
    let bool = with(organisation(), "/persons/0/protected", json!("Anna"));
    for (body, place) in [
        (name, "/persons/0/name"),
        (day, "/persons/0/duties/0/from: expected a date as YYYY-MM-DD"),
        (bool, "/persons/0/protected: expected a boolean"),
    ] {
        let error = wrong(body);
        assert!(error.starts_with(place) && !error.contains("Anna"), "{error}");
    }
    let error = wrong(extra);
    assert_eq!(error, "/persons/0/name: expected `given` or `family`");
    let error = parse::<OrganisationInput>(br#"{"units": [}"#).unwrap_err().to_string();
    assert!(error.contains("JSON (line 1, column 12)"), "{error}");
    assert!(parse::<OrganisationInput>(b"{} {}").is_err());
    assert!(parse::<OrganisationInput>(b" [[], [], []]").is_err(), "an object's values without their names");
    let error = parse::<OrganisationInput>(br#"{"units": [{"code": "K", "kind": "x"}]}"#).unwrap_err();
    assert_eq!(error.problems, [Problem { path: "/units/0".into(), expected: "the field `name`".into() }]);
}

#[test]
fn a_definition_is_kept_and_hashed_as_it_came() {
    let definition = r#"{ "title" : "E",  "elements": [{"name":"q", "type":"boolean" }] }"#;
    let body = format!(
        r#"{{"surveys": [{{"id": "https://larkby.example/s", "version": "1", "definition": {definition}}}]}}"#
    );
    let registered = parse::<SurveysInput>(body.as_bytes()).unwrap().register().unwrap();
    let survey = &registered.surveys[0];
    assert_eq!(&*survey.definition.source, definition.as_bytes());
    assert_eq!(survey.facts.definition_sha256, survey.definition.sha256);
    let Some(SlotContent::Class(slot)) =
        &registered.changes(&Municipality::default()).unwrap().changes[0].slot
    else {
        panic!("nobody is behind a definition");
    };
    let documents = crate::events::SurveyDocuments::decode(slot).unwrap();
    assert_eq!((documents.definition.as_slice(), &documents.scoring), (definition.as_bytes(), &None));
    assert_eq!(documents.read().unwrap().question_set, survey.definition.question_set);
    // As it stood before there was anything beside it.
    assert_eq!(crate::events::SurveyDocuments::decode(definition.as_bytes()).unwrap(), documents);
}

#[test]
fn items_scales_and_indexes_follow_from_the_definition() {
    let body = json!({ "surveys": [{
        "id": "https://larkby.example/s", "version": "1",
        "definition": { "locale": "en", "title": { "default": "Day", "sv": "Dagen" }, "elements": [
            { "type": "matrix", "name": "dag", "title": { "default": "My day", "sv": "Min dag" }, "eachRowRequired": true,
              "columns": [{ "value": 1, "text": { "default": "No", "sv": "Nej" } }, { "value": 2, "text": "Yes" }],
              "rows": [{ "value": "lugn", "text": { "default": "calm", "sv": "lugn" } }, "klar"] },
            { "type": "rating", "name": "betyg", "rateMin": 0, "rateMax": 10, "title": "Mark" },
            { "type": "checkbox", "name": "hinder", "title": "What\nhinders?", "choices": ["tid", "ork"], "showOtherItem": true },
            { "type": "radiogroup", "name": "ett", "choices": ["tid", "ork"] },
            { "type": "dropdown", "name": "två", "choices": ["tid", "ork"] },
            { "type": "boolean", "name": "vux en" },
            { "type": "comment", "name": "fritt" },
        ] },
        "scoring": {
            "scales": [{ "id": "två steg", "codes": [{ "code": "1", "score": 0 }, { "code": "2", "score": 1, "positive": true }, { "code": "0" }] }],
            "items": { "dag.lugn": { "scale": "två steg" }, "dag.klar": { "scale": "två steg", "reverse": true } },
            "indexes": [{ "id": "dag", "title": { "sv": "Dagen", "en": "The day" }, "items": ["dag.lugn", "dag.klar"] }],
        },
        "activities": { "ett": "https://larkby.example/annat/ett" },
    }] });
    let facts = read::<SurveysInput>(&body).register().unwrap().surveys.remove(0).facts;
    assert_eq!(facts.title, Text::new("Dagen", "Day"));
    let items: Vec<_> = facts.items.iter().map(|item| (&*item.name, &*item.activity, &*item.scale)).collect();
    let at = |rest: &str| format!("https://larkby.example/{rest}");
    assert_eq!(
        items,
        [
            ("dag.lugn", &*at("s/dag.lugn"), "två steg"),
            ("dag.klar", &*at("s/dag.klar"), "två steg"),
            ("betyg", &*at("s/betyg"), "betyg"),
            ("hinder", &*at("s/hinder"), "hinder"),
            ("ett", &*at("annat/ett"), "ett"),
            ("två", &*at("s/två"), "ett"),
            ("vux en", &*at("s/vux%20en"), "vux en"),
        ]
    );
    let of = |flag: fn(&crate::events::SurveyItem) -> bool| {
        facts.items.iter().filter(|item| flag(item)).map(|item| &*item.name).collect::<Vec<_>>()
    };
    assert_eq!(of(|item| item.required), ["dag.lugn", "dag.klar"]);
    assert_eq!((of(|item| item.reverse), of(|item| item.several)), (vec!["dag.klar"], vec!["hinder"]));
    assert_eq!(facts.items[0].text, Text::new("Min dag: lugn", "My day: calm"));
    assert_eq!(facts.items[3].text.sv, "What hinders?", "one line");
    let codes = |id: &str| {
        let scale = facts.scales.iter().find(|scale| scale.id == id).unwrap();
        scale.codes.iter().map(|code| (&*code.code, &*code.label.sv, code.score)).collect::<Vec<_>>()
    };
    let scored = [("1", "Nej", Some((0, 1))), ("2", "Yes", Some((1, 1))), ("0", "0", None)];
    assert_eq!(codes("två steg"), scored, "labels are the questions'");
    assert_eq!((codes("betyg").len(), codes("betyg")[10]), (11, ("10", "10", Some((10, 1)))));
    assert_eq!(codes("hinder")[2].0, "other");
    assert_eq!(codes("vux en")[0].0, "true");
    assert_eq!((facts.indexes[0].title.english(), facts.question_set.is_some()), ("The day", true));
}

#[test]
fn a_version_that_a_round_asks_keeps_its_questions() {
    let mut town = Town::whole();
    let reworded = with(surveys(), "/surveys/0/definition/elements/0/title", json!("Kan du det?"));
    let moved = with(surveys(), "/surveys/0/activities", json!({ "q": "https://larkby.example/elsewhere" }));
    for body in [&reworded, &moved] {
        assert_eq!(refused(town.post_surveys(body)), ["/surveys/0/version"]);
    }
    let titled = with(surveys(), "/surveys/0/title/sv", json!("En enkät"));
    assert_eq!(town.post_surveys(&titled), Ok((1, 0)), "its title is no question");
    let next = with(reworded, "/surveys/0/version", json!("2"));
    assert_eq!(town.post_surveys(&next), Ok((1, 0)));
    let other = with(next, "/surveys/0/definition/elements/0/title", json!("Kan du nu?"));
    assert_eq!(town.post_surveys(&other), Ok((1, 0)), "no round asks it yet");
}

#[test]
fn bodies_can_be_written_as_they_are_read() {
    let organisation_: OrganisationInput = read(&organisation());
    assert_eq!(serde_json::to_value(&organisation_).unwrap(), organisation());
    let courses_: CoursesInput = read(&courses());
    assert_eq!(serde_json::to_value(&courses_).unwrap(), courses());
    let surveys_: SurveysInput = read(&surveys());
    assert_eq!(serde_json::to_value(&surveys_).unwrap(), surveys());
    let rounds_: RoundsInput = read(&rounds());
    assert_eq!(serde_json::to_value(&rounds_).unwrap(), rounds());
}

#[test]
fn at_most_twenty_problems_are_told_of() {
    let units: Vec<_> = (0..50).map(|_| json!({ "code": "", "name": "", "kind": "" })).collect();
    let input: OrganisationInput = read(&json!({ "units": units }));
    assert_eq!(input.validate().unwrap_err().problems.len(), Invalid::MOST);
}

#[test]
fn a_control_character_in_a_name_is_refused_with_its_place() {
    let at = |body: &str| match parse::<OrganisationInput>(body.as_bytes()) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems.into_iter().map(|problem| problem.path).collect(),
    };
    for inside in ["\\n", "\\u0000", "\\u001b[2J", "\u{7f}", "\u{9b}2J", "\\u0085"] {
        let body = format!(
            r#"{{ "units": [{{ "code": "A", "name": "Åsa", "kind": "skola" }},
                {{ "code": "B{inside}", "name": "Al{inside}fa", "kind": "skola" }}] }}"#
        );
        assert_eq!(at(&body), ["/units/1/code", "/units/1/name"], "{inside:?}");
    }
    // What only looks like one is text.
    assert!(
        at(r#"{ "units": [{ "code": "A", "name": "a\\nb \u00e5 \"x\" é", "kind": "skola" }] }"#).is_empty()
    );
    // A survey's definition is its author's document.
    let survey = with(surveys(), "/surveys/0/definition", json!({ "title": "one\ntwo" })).to_string();
    assert!(parse::<SurveysInput>(survey.as_bytes()).is_ok());
    let titled = with(surveys(), "/surveys/0/title/sv", json!("one\ntwo")).to_string();
    assert_eq!(parse::<SurveysInput>(titled.as_bytes()).unwrap_err().problems[0].path, "/surveys/0/title/sv");
}

/// Targets are stated whole by framework and role, hold where a band begins, and are a role's own or else everybody's.
#[test]
fn targets_are_of_a_role_or_of_everybody_and_stand_where_a_band_begins() {
    let mut town = Town::whole();
    let targets = |role: Value, levels: Value| json!({ "targets": [{ "framework": "digcomp-3.0", "role": role, "levels": levels }] });
    let all = targets(Value::Null, json!({ "1.1": 3, "4.2": 5 }));
    assert_eq!(town.post_courses(&all), Ok((1, 0)));
    assert_eq!(town.post_courses(&all), Ok((0, 1)));
    assert_eq!(town.post_courses(&targets(json!("Rektor"), json!({ "4.2": 7 }))), Ok((1, 0)));
    let target = |town: &Town, role, code| town.known.catalogue.target("digcomp-3.0", role, code);
    assert_eq!(target(&town, Some("Rektor"), "4.2"), Some(7));
    assert_eq!(target(&town, Some("Rektor"), "1.1"), Some(3));
    assert_eq!(target(&town, None, "4.2"), Some(5));
    assert_eq!(target(&town, Some("Rektor"), "2.1"), None);
    for levels in [json!({ "1.1": 4 }), json!({ "1.1": 1 }), json!({ "9.9": 3 })] {
        assert_eq!(refused(town.post_courses(&targets(Value::Null, levels))), ["/targets/0/levels"]);
    }
    assert_eq!(refused(town.post_courses(&targets(json!(" "), json!({})))), ["/targets/0/role"]);
    assert_eq!(town.post_courses(&targets(json!("Rektor"), json!({}))), Ok((1, 0)), "taken back");
    assert_eq!(target(&town, Some("Rektor"), "4.2"), Some(5));
}

#[test]
fn a_survey_that_is_an_instrument_is_scored_as_that() {
    let mut town = Town::whole();
    let of = |instrument: &str, feeds: Value| {
        let survey = with(surveys(), "/surveys/0/scoring/instrument", json!(instrument));
        with(survey, "/surveys/0/scoring/items/q/feeds", feeds)
    };
    let feeds = |framework: &str, levels: Value| json!({ "framework": framework, "competence": "1.1", "levels": levels });
    assert_eq!(
        refused(town.post_surveys(&of("digcomp", feeds("digcomp-2.2", json!({}))))),
        ["/surveys/0/scoring/instrument"]
    );
    let wrong = of("digcompsat", feeds("digcomp-3.0", json!({})));
    assert_eq!(refused(town.post_surveys(&wrong)), ["/surveys/0/scoring/items/q/feeds/framework"]);
    let wrong = of("digcompsat", feeds("digcomp-2.2", json!({ "a": 1 })));
    assert_eq!(refused(town.post_surveys(&wrong)), ["/surveys/0/scoring/items/q/feeds/levels"]);
    let wrong = of("selfieforteachers", feeds("digcompedu", json!({ "a": 1 })));
    assert_eq!(refused(town.post_surveys(&wrong)), ["/surveys/0/scoring/items/q/feeds/levels"]);
}

#[test]
fn guardians_answer_by_links_of_units_of_the_audience_each_once() {
    let mut town = Town::whole();
    let link = |unit: &str, uuid: u8, pupils: Value| json!({ "unit": unit, "registration": format!("EC531277-b57b-4c15-8d91-0000000000{uuid:02}"), "pupils": pupils });
    let with = |source: Value, links: Value| {
        let mut body = rounds();
        let round = &mut body["rounds"][0];
        (round["id"], round["mode"]) = (json!("vt26"), json!("guardians"));
        round["registration"] = json!("EC531277-b57b-4c15-8d91-000000000099");
        round["audience"] = json!({ "unit": "K" });
        round["guardians"] = json!({ "source": source, "links": links });
        body
    };
    let source = json!({ "sv": "Elever 15 oktober" });
    let mut mixed = with(source.clone(), json!([link("K", 1, json!(20))]));
    mixed["rounds"][0]["mode"] = json!("named");
    let mut roles = with(source.clone(), json!([link("K", 1, json!(20))]));
    roles["rounds"][0]["audience"]["roles"] = json!(["Lärare"]);
    for (body, at) in [
        (with(source.clone(), json!([])), "/rounds/0/guardians/links"),
        (with(Value::Null, json!([link("K", 1, json!(20))])), "/rounds/0/guardians/source"),
        (with(source.clone(), json!([link("K", 99, json!(20))])), "/rounds/0/guardians/links/0/registration"),
        (with(source.clone(), json!([link("K", 1, json!(0))])), "/rounds/0/guardians/links/0/pupils"),
        (with(source.clone(), json!([link("none", 1, json!(9))])), "/rounds/0/guardians/links/0/unit"),
        (mixed, "/rounds/0/guardians"),
        (roles, "/rounds/0/audience/roles"),
    ] {
        let told = refused(town.post_rounds(&body));
        assert!(told.iter().any(|told| told == at), "{told:?}, not {at}");
    }
    let nested = with(source.clone(), json!([link("K", 1, json!(20)), link("S1", 2, json!(9))]));
    assert_eq!(refused(town.post_rounds(&nested)), ["/rounds/0/guardians/links/0/unit"]);
    let good = with(Value::Null, json!([link("S1", 2, Value::Null)]));
    assert_eq!(town.post_rounds(&good).unwrap(), (1, 0));
    assert_eq!(town.post_rounds(&good).unwrap(), (0, 1), "nothing is different");
    let round = town.known.surveys.round("vt26").unwrap().facts.clone();
    let of = |key| town.known.surveys.round_of(key).map(|round| round.id.as_str());
    assert_eq!(of(round.guardians.unwrap().links[0].registration), Some("vt26"));
    let taken = with(source, json!([link("S1", 2, json!(9))]));
    let mut other = taken.clone();
    other["rounds"][0]["id"] = json!("vt27");
    other["rounds"][0]["registration"] = json!("EC531277-b57b-4c15-8d91-000000000098");
    assert_eq!(refused(town.post_rounds(&other)), ["/rounds/0/guardians/links/0/registration"]);
}

//! What counts in figures, and what does not: through the running program, as tools send it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use blackbox::samples::activity;
use blackbox::{Instance, Server, promises};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const PEOPLE: usize = 40;
const ADL: &str = "http://adlnet.gov/expapi/verbs/";

fn account(name: &str) -> Value {
    json!({ "account": { "homePage": "https://larportal.larkby.example", "name": name } })
}

/// As H5P writes it in a browser that keeps nothing.
fn nobody() -> Value {
    account(&format!("not-trackable-{}", Uuid::new_v4()))
}

fn somebody(number: usize) -> Value {
    account(&format!("larare{number}"))
}

fn said(who: Value, verb: &str, about: &str) -> Value {
    json!({
        "id": Uuid::new_v4().to_string(),
        "actor": who,
        "verb": { "id": format!("{ADL}{verb}") },
        "object": { "id": activity(about) },
    })
}

fn all(statements: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(statements.into_iter().collect())
}

async fn post(server: &Server, statements: Value) {
    let answer = server.post(&statements).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// A school of forty teachers; two courses that each show a level of 1.1, and two that show half of one of 2.1.
async fn describe(server: &Server) {
    let person = |number: usize| {
        json!({
            "agents": [somebody(number)],
            "name": { "given": "Någon", "family": format!("Nummer {number}") },
            "duties": [{ "unit": "K", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    let organisation = json!({
        "units": [{ "code": "K", "name": "Lärkby kommun", "kind": "huvudman" }],
        "persons": (0..PEOPLE).map(person).collect::<Vec<_>>(),
    });
    let names = ["grund", "mer", "halv-grund", "halv-mer"];
    let course = |name: &str| {
        let chapter = json!({ "id": activity(&format!("{name}/kapitel")), "title": { "sv": "Kapitel" }, "kind": "text" });
        json!({ "id": activity(name), "title": { "sv": name }, "origin": { "central": true }, "activities": [chapter] })
    };
    let rule = |name: &str, competence: &str, level: u8, weight: u32| {
        json!({
            "framework": "digcomp-3.0", "activity": activity(name), "competence": competence,
            "level": [level, level], "weight": weight,
        })
    };
    let rules = [
        rule("grund", "1.1", 1, 1000),
        rule("mer", "1.1", 5, 1000),
        rule("halv-grund", "2.1", 1, 500),
        rule("halv-mer", "2.1", 5, 500),
    ];
    let courses = json!({ "courses": names.map(course), "rules": rules });
    for (resource, body) in [("organisation", organisation), ("courses", courses)] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
    // Fifteen have passed the one course, fifteen the other.
    let passes = (0..30).map(|n| said(somebody(n), "passed", if n < 15 { "grund" } else { "mer" }));
    post(server, all(passes)).await;
}

async fn report(server: &Server, form: &str) -> String {
    let answer = server.api(Method::GET, &format!("reports/competence?{form}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

async fn exact(server: &Server) -> Value {
    serde_json::from_str(&report(server, "format=json").await).unwrap()
}

/// The figure of the whole for a competence.
fn demonstrated(report: &Value, competence: &str) -> Value {
    let sections = report["sections"].as_array().unwrap();
    let section = sections.iter().find(|section| section["id"] == "demonstrated-competences").unwrap();
    let of = |figure: &&Value| figure["item"] == competence && figure["population"] == "K";
    section["figures"].as_array().unwrap().iter().find(of).unwrap().clone()
}

/// One number from the rows of a view that answer queries.
async fn number(instance: &Instance, view: &str, sql: &str) -> i64 {
    let current =
        format!("SELECT number FROM generation WHERE projection = '{view}' AND standing = 'current'");
    let generation = instance.number_in("views", &current).await.unwrap();
    instance.number_in(&format!("views.{view}.{generation}"), sql).await.unwrap()
}

const AGENTS: &str = "SELECT count(DISTINCT agent) FROM progress";

/// Three schools whose pupils' guardians have answered one question, by a link each; and the survey.
async fn asked_guardians(instance: &Instance) -> (Server, String) {
    let server = instance.start().await.unwrap();
    let unit = |code: &str, parent| json!({ "code": code, "name": format!("Skola {code}"), "kind": "skola", "parent": parent });
    let pupil = |number: usize| {
        json!({
            "agents": [account(&format!("elev{number}"))],
            "name": { "given": "Någon", "family": "Elev" },
            "enrolments": [{ "unit": "C", "from": "2025-08-18" }],
        })
    };
    let mut organisation = json!({
        "units": [unit("K", Value::Null), unit("A", json!("K")), unit("B", json!("K")), unit("C", json!("K"))],
        "persons": (0..30).map(pupil).collect::<Vec<_>>(),
    });
    organisation["units"][0]["kind"] = json!("huvudman");
    let survey = activity("enkat");
    let codes = ["1", "2", "3", "4"];
    let scale = codes
        .map(|code| json!({ "code": code, "score": code.parse::<i64>().unwrap(), "positive": code > "2" }));
    let surveys = json!({ "surveys": [{
        "id": survey, "version": "1", "title": { "sv": "Skolan" },
        "definition": { "elements": [
            { "type": "radiogroup", "name": "q", "title": "Trivs ditt barn?", "isRequired": true, "choices": codes },
        ] },
        "scoring": { "scales": [{ "id": "s", "codes": scale }], "items": { "q": { "scale": "s" } } },
    }] });
    let links = ["A", "B", "C"].map(|unit| (unit, Uuid::new_v4().to_string()));
    let pupils = |unit: &str| match unit {
        "A" => json!(40),
        "B" => json!(12),
        _ => Value::Null,
    };
    let link = |(unit, registration): &(&str, String)| json!({ "unit": unit, "registration": registration, "pupils": pupils(unit) });
    let rounds = json!({ "rounds": [{
        "id": "vt26", "survey": survey, "version": "1", "title": { "sv": "Våren" }, "mode": "guardians",
        "registration": Uuid::new_v4().to_string(), "opens": "2026-03-01", "closes": "2026-03-31", "audience": { "unit": "K" },
        "guardians": { "source": { "sv": "elevregistret 15 februari" }, "links": links.iter().map(link).collect::<Vec<_>>() },
    }] });
    for (resource, body) in [("organisation", organisation), ("surveys", surveys), ("rounds", rounds)] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
    let answer = |registration: &str, code: usize| {
        let mut said = said(account(&Uuid::new_v4().to_string()), "answered", "enkat/q");
        said["context"] = json!({ "registration": registration });
        said["result"] = json!({ "response": (code % 4 + 1).to_string() });
        said["timestamp"] = json!("2026-03-10T10:00:00Z");
        said
    };
    let numbers = [24, 15, 12];
    for ((_, registration), number) in links.iter().zip(numbers) {
        post(&server, all((0..number).map(|n| answer(registration, n)))).await;
    }
    let mut last = said(somebody(1), "experienced", "annat");
    last["timestamp"] = json!("2026-05-01T10:00:00Z");
    post(&server, all([last])).await;
    server.settled().await.unwrap();
    (server, survey)
}

promises! {
    async fn who_cannot_be_tracked_is_stored_and_given_back_and_is_nobody_in_every_figure(instance) {
        let mut server = instance.start().await.unwrap();
        describe(&server).await;
        server.settled().await.unwrap();
        let before = exact(&server).await;
        assert_eq!(demonstrated(&before, "1.1")["counts"], json!([15, 0, 15, 0]));

        let one = said(nobody(), "passed", "grund");
        post(&server, all((0..25).map(|_| said(nobody(), "passed", "grund")))).await;
        post(&server, one.clone()).await;
        let id = one["id"].as_str().unwrap();
        assert_eq!(server.statement(id).await.unwrap()["actor"]["account"], one["actor"]["account"]);
        assert_eq!(server.ids(&[("agent", &one["actor"].to_string())]).await.unwrap(), [id]);

        for _ in 0..2 {
            server.settled().await.unwrap();
            let after = exact(&server).await;
            assert_eq!((&after["sections"], &after["populations"]), (&before["sections"], &before["populations"]));
            assert_eq!(number(&instance, "progress", AGENTS).await, 30);
            let sources = "SELECT count(DISTINCT agent) FROM competence_source";
            assert_eq!(number(&instance, "competence", sources).await, 30);
            // The same once all is made again from the log.
            instance.run_json(&["rebuild"]).unwrap();
        }

        // Who they are is a setting.
        server.stop().unwrap();
        let known = (server.credential.clone(), server.administrator.clone());
        let server = instance.serve(&["--untracked-actors", "gäst-??,*@kiosk.example"], known.0, known.1).await.unwrap();
        let kiosk = json!({ "mbox": "mailto:7@kiosk.example" });
        post(&server, all([account("gäst-07"), kiosk, nobody()].map(|who| said(who, "passed", "grund")))).await;
        server.settled().await.unwrap();
        assert_eq!(number(&instance, "progress", AGENTS).await, 31, "only who cannot be tracked is somebody now");
    }

    async fn a_definition_in_a_file_gives_the_report_that_flags_give_and_shows_no_more(instance) {
        let server = instance.start().await.unwrap();
        describe(&server).await;
        server.settled().await.unwrap();
        let (file, out) = (instance.beside("levels.toml"), instance.beside("levels.csv"));
        let written = |words: &[&str]| {
            let mut all = vec!["report"];
            all.extend(words);
            all.extend(["--output", out.to_str().unwrap()]);
            let output = instance.run(&all).unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            output.status.success().then(|| std::fs::read_to_string(&out).unwrap()).ok_or(said)
        };
        let flags = ["competence", "--format", "csv", "--lang", "en", "--as-of", "2030-01-31", "--preset", "default"];
        let all = written(&flags).unwrap();
        let sections = ["--sections", "demonstrated-competences,self-assessed-areas", "--kinds", "huvudman"];
        let by_flags = written(&[&flags[..], &sections[..]].concat()).unwrap();
        std::fs::write(
            &file,
            "report = \"competence\"\nformat = \"html\"\nlang = \"en\"\nas-of = 2030-01-31\npreset = \"default\"\n\
             sections = [\"self-assessed-areas\", \"demonstrated-competences\"]\nkinds = [\"huvudman\"]\n",
        )
        .unwrap();
        // What a flag says counts.
        let by_file = written(&["--definition", file.to_str().unwrap(), "--format", "csv"]).unwrap();
        assert_eq!(by_file, by_flags);
        let ids = |csv: &str| csv.lines().skip(1).filter_map(|row| row.split(',').next().map(str::to_owned)).collect::<BTreeSet<_>>();
        assert_eq!(ids(&by_file), ["about", "demonstrated-competences", "self-assessed-areas"].map(str::to_owned).into());
        assert!(ids(&all).len() > 5);

        for (wrong, expected) in [
            ("report = \"competence\"\nsections = [\"levels\"]", "demonstrated-competences"),
            ("report = \"competence\"\nkinds = [\"skola\"]", "huvudman"),
            ("report = \"competence\"\nperiod = \"2030\"", "as-of"),
            ("sections = []", "competence or survey"),
        ] {
            std::fs::write(&file, wrong).unwrap();
            let said = written(&["--definition", file.to_str().unwrap()]).unwrap_err();
            assert!(said.contains(expected), "{wrong}: {said}");
        }
    }

    async fn what_is_dated_ahead_counts_when_it_was_stored_and_every_form_of_the_report_says_how_many(instance) {
        let server = instance.start().await.unwrap();
        describe(&server).await;
        server.settled().await.unwrap();
        let before = exact(&server).await;
        assert_eq!(before["dated_ahead"], 0);
        assert!(report(&server, "format=html&lang=sv").await.contains("Ingen händelse i loggen är daterad senare"));

        let ahead = |n: usize, year: u32| {
            let mut statement = said(somebody(n), "passed", "grund");
            statement["timestamp"] = json!(format!("{year}-03-01T08:00:00Z"));
            statement
        };
        post(&server, all([ahead(30, 2098), ahead(31, 2099), ahead(32, 2021)])).await;
        server.settled().await.unwrap();
        let after = exact(&server).await;
        assert_eq!(after["dated_ahead"], 2);
        assert_eq!(after["identity"]["as_of"], before["identity"]["as_of"], "no report is about a day to come");
        assert_eq!(demonstrated(&after, "1.1")["counts"], json!([18, 0, 15, 0]));
        // It is given back as it came.
        let stored = server.list(&[("agent", &somebody(31).to_string())]).await.unwrap();
        assert!(stored[0]["timestamp"].as_str().unwrap().starts_with("2099-03-01"));
        let latest = "SELECT CAST(max(last) / 1000000 AS bigint) FROM progress";
        assert!(number(&instance, "progress", latest).await < 4_000_000_000, "of the view's too");

        let html = [("sv", "2 händelser i loggen är daterade senare, och räknas när de togs emot."),
            ("en", "2 statements in the log are dated later, and count when they were received.")];
        for (lang, sentence) in html {
            assert!(report(&server, &format!("format=html&lang={lang}")).await.contains(sentence));
        }
        for (lang, separator) in [("sv", ';'), ("en", ',')] {
            let csv = report(&server, &format!("format=csv&lang={lang}")).await;
            let row = csv.lines().find(|line| line.contains("dated_ahead")).unwrap();
            assert_eq!(row.split(separator).nth(10), Some("2"), "{row}");
            // The command writes the same file.
            let file = instance.beside("report.csv");
            let words = ["report", "competence", "--format", "csv", "--lang", lang, "--output", file.to_str().unwrap()];
            assert!(instance.run(&words).unwrap().status.success());
            assert_eq!(std::fs::read_to_string(&file).unwrap(), csv);
        }
    }

    async fn what_tools_say_twice_counts_once_and_a_chapter_is_no_course(instance) {
        let server = instance.start().await.unwrap();
        describe(&server).await;
        let course = |n: usize| if n < 15 { "halv-grund" } else { "halv-mer" };
        for n in (0..12).chain(15..27) {
            let at = |mut statement: Value, time: &str, session: &str| {
                statement["timestamp"] = json!(format!("2026-02-01T{time}Z"));
                statement["result"] = json!({ "success": true, "completion": true });
                statement["context"] = json!({ "registration": session });
                statement
            };
            let sessions = [Uuid::new_v4().to_string(), Uuid::new_v4().to_string()];
            // Twice within milliseconds under different ids, and passed again in a second session.
            post(&server, all([
                at(said(somebody(n), "completed", course(n)), "08:00:00.001", &sessions[0]),
                at(said(somebody(n), "completed", course(n)), "08:00:00.004", &sessions[0]),
                at(said(somebody(n), "passed", course(n)), "08:00:01", &sessions[0]),
                at(said(somebody(n), "passed", course(n)), "09:30:00", &sessions[1]),
            ]))
            .await;
        }
        for n in 30..PEOPLE {
            let parent = json!({ "contextActivities": { "parent": [{ "id": activity("grund") }] } });
            let whole = json!({ "https://w3id.org/xapi/cmi5/result/extensions/progress": 100 });
            let of_chapter = ["progressed", "completed", "passed"].map(|verb| {
                let mut statement = said(somebody(n), verb, "grund/kapitel");
                statement["context"] = parent.clone();
                statement["result"] = json!({ "extensions": whole });
                statement
            });
            // An answer with a score, and no word on whether it was right.
            let mut answer = said(somebody(n), "answered", "grund/fraga");
            answer["context"] = parent.clone();
            answer["result"] = json!({ "score": { "scaled": 0, "raw": 0, "min": 0, "max": 4 } });
            post(&server, all(of_chapter.into_iter().chain([answer]))).await;
        }
        // Moodle: 5 of 0 to 20 points.
        let mut moodle = said(somebody(0), "completed", "quiz");
        moodle["result"] = json!({ "score": { "scaled": -0.5, "raw": 5, "min": 0, "max": 20 } });
        // H5P without points.
        let mut pointless = said(somebody(0), "completed", "utan-poang");
        pointless["result"] = json!({ "score": { "scaled": 0, "raw": 0, "min": 0, "max": 0 } });
        post(&server, all([moodle, pointless])).await;
        server.settled().await.unwrap();

        let found = exact(&server).await;
        assert_eq!(demonstrated(&found, "1.1")["counts"], json!([15, 0, 15, 0]), "as before: chapters are no course");
        assert_eq!(demonstrated(&found, "2.1")["shown"], "hidden", "nobody: half a level stays half of one");
        let progress = async |condition: &str| {
            let sql = format!("SELECT count(*) FROM progress WHERE {condition}");
            number(&instance, "progress", &sql).await
        };
        let digests = "activity IN (SELECT digest FROM progress_activity WHERE iri LIKE";
        // One row a person and course, completed once and passed once, when it was first said.
        let once = format!("{digests} '%/halv-%') AND statements = 4 AND completed = first AND passed = first AND first < last");
        assert_eq!(progress(&once).await, 24);
        assert_eq!(progress("failed IS NOT NULL").await, 0, "no failure where none was said");
        assert_eq!(progress(&format!("{digests} '%/fraga') AND best_share = 0 AND passed IS NULL")).await, 10);
        assert_eq!(progress(&format!("{digests} '%/quiz') AND best_share = 250000")).await, 1);
        assert_eq!(progress(&format!("{digests} '%/utan-poang') AND best_share IS NULL")).await, 1);
        assert_eq!(progress(&format!("{digests} '%/kurser/grund') AND completed IS NOT NULL")).await, 0);
    }

    async fn a_lake_of_an_older_format_is_written_anew_for_whoever_asks_next(instance) {
        let mut server = instance.start().await.unwrap();
        describe(&server).await;
        server.settled().await.unwrap();
        server.stop().unwrap();
        let manifest = instance.folder().join("lake/manifest.json");
        let text = std::fs::read_to_string(&manifest).unwrap();
        assert!(text.contains("\"format\": 4"));
        std::fs::write(&manifest, text.replace("\"format\": 4", "\"format\": 3")).unwrap();
        let output = instance.run(&["report", "competence", "--format", "json"]).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(demonstrated(&found, "1.1")["counts"], json!([15, 0, 15, 0]));
        assert_eq!(std::fs::read_to_string(&manifest).unwrap(), text);
    }

    async fn what_tools_say_counts_in_a_round_from_the_minute_it_opens_to_the_one_it_closes(instance) {
        let (server, survey) = asked_guardians(&instance).await;
        let pupil = |number: usize| account(&format!("elev{number}"));
        let registration = "5d2f7f0e-6f4f-4a5c-9a63-1f5f2b3c4d5e";
        let round = json!({ "rounds": [{
            "id": "timmar", "survey": survey, "version": "1", "title": { "sv": "En dag" }, "mode": "named", "registration": registration,
            "opens": "2026-03-25", "closes": "2026-03-25", "hours": { "opens": "08:00", "closes": "16:00" }, "grace": 30,
            "audience": { "unit": "K", "roles": ["Elev"] },
        }] });
        let answer = server.api(Method::POST, "rounds").json(&round).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        // By Swedish clocks, an hour ahead: before it opened, in it, in the minutes of grace, and after them.
        let times = [
            ("06:59:59.999", 3), ("07:00:00", 6), ("12:00:00", 5), ("15:29:59.999", 4), ("15:30:00", 7),
        ];
        let at = times.iter().flat_map(|(time, many)| std::iter::repeat_n(*time, *many));
        let said: Vec<Value> = at
            .enumerate()
            .map(|(number, time)| json!({
                "actor": pupil(number), "verb": { "id": "http://adlnet.gov/expapi/verbs/answered" },
                "object": { "id": format!("{survey}/q") }, "result": { "response": if number % 2 == 0 { "1" } else { "4" } },
                "context": { "registration": registration }, "timestamp": format!("2026-03-25T{time}Z"),
            }))
            .collect();
        post(&server, json!(said)).await;
        server.settled().await.unwrap();
        let path = "reports/survey?round=timmar&format=json";
        let found: Value = server.api(Method::GET, path).send().await.unwrap().json().await.unwrap();
        let section = |id: &str| found["sections"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        let whole = |id: &str| {
            section(id)["figures"].as_array().unwrap().iter().find(|one| one["population"] == "K").unwrap().clone()
        };
        let rate = whole("response-rate");
        assert_eq!((&rate["answered"], &rate["base"]), (&json!(15), &json!(30)), "{rate}");
        // Numbers 3 to 17, of which the odd ones said 4.
        assert_eq!(whole("answers-1")["counts"], json!([7, 0, 0, 8]));
    }

    async fn guardians_are_counted_by_link_and_their_rate_is_estimated_by_pupils(instance) {
        let (server, _) = asked_guardians(&instance).await;
        let text = server.api(Method::GET, "reports/survey?format=json").send().await.unwrap().text().await.unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        let section = |id: &str| found["sections"].as_array().unwrap().iter().find(|section| section["id"] == id).unwrap().clone();
        let of = |section: &Value, unit: &str| {
            section["figures"].as_array().unwrap().iter().find(|figure| figure["population"] == unit).unwrap().clone()
        };
        let rate = section("response-rate");
        let rates = ["K", "A", "B", "C"].map(|unit| {
            let figure = of(&rate, unit);
            let each = &figure["values"][0]["number"];
            json!([figure["answered"], figure["base"], each["num"], each["den"]])
        });
        // B has more answers than pupils; C's are those enrolled.
        assert_eq!(json!(rates), json!([[51, 85, 51, 82], [24, 40, 3, 5], [15, 15, 5, 4], [12, 30, 2, 5]]));
        let said = rate["notes"][0]["sv"].as_str().unwrap();
        assert!(said.contains("elevregistret 15 februari; elever som var inskrivna"), "{said}");
        let answers = of(&section("answers-1"), "B");
        // All of them answered, and there may have been more: Wilson's interval of 7 of 15, uncorrected.
        let low = &answers["interval"]["low"];
        let low = low["num"].as_f64().unwrap() / low["den"].as_f64().unwrap();
        assert!((low - 0.248_1).abs() < 1e-3, "{answers}");
        let page = server.api(Method::GET, "reports/survey?format=html").send().await.unwrap().text().await.unwrap();
        assert!(page.contains("Uppskattad svarsfrekvens 60\u{a0}%: 51 svar av 85.") && page.contains("125\u{a0}%"), "{page}");
        assert!(!page.contains("den dag enkäten öppnade"), "what holds of those who are known is not said of guardians");
    }

    async fn figures_from_outside_stand_beside_ours_in_every_form_and_change_none(instance) {
        let (server, survey) = asked_guardians(&instance).await;
        let form = async |form: &str| {
            let answer = server.api(Method::GET, &format!("reports/survey?format={form}")).send().await.unwrap();
            answer.bytes().await.unwrap().to_vec()
        };
        let found: Value = serde_json::from_slice(&form("json").await).unwrap();
        assert_eq!(found["outside"], json!([]));
        let figure = |value: &str, unit: Value| json!({
            "survey": survey, "item": "q", "statistic": "positive", "whose": { "sv": "Riket" }, "period": "2025", "value": value, "unit": unit,
        });
        let set = |figures: Value| json!({ "sets": [{
            "id": "andra", "source": { "sv": "Kolada (RKA)" }, "licence": "CC0", "retrieved": "2026-04-02", "figures": figures,
        }] });
        let take = async |figures: Value| {
            let answer = server.api(Method::POST, "outside-figures").json(&set(figures)).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        for (value, unit, at) in [("101", json!("A"), "value"), ("x", Value::Null, "value"), ("1", json!("Z"), "unit")] {
            let (status, told) = take(json!([figure(value, unit)])).await;
            assert_eq!((status, told["at"].as_str()), (400, Some(&*format!("/sets/0/figures/0/{at}"))), "{told}");
        }
        let both = json!([figure("85,25", Value::Null), figure("40.5", json!("A"))]);
        assert_eq!(take(both.clone()).await.0, 200);
        assert_eq!(take(both).await.1["unchanged"], 1);
        server.settled().await.unwrap();
        let beside: Value = serde_json::from_slice(&form("json").await).unwrap();
        assert_eq!(beside["sections"], found["sections"]);
        assert_eq!(beside["outside"][0]["value"], json!({ "num": 341, "den": 400 }));
        assert_eq!(beside["outside"][1]["population"], "A");
        let csv = String::from_utf8(form("csv").await).unwrap();
        let rows: Vec<&str> = csv.lines().filter(|line| line.starts_with("outside;")).collect();
        assert!(rows[0].contains("Riket 2025; Kolada (RKA), CC0, hämtat 2\u{a0}april\u{a0}2026") && rows[0].contains(";85,3;"), "{rows:?}");
        for (name, has) in [("xlsx", &b"PK"[..]), ("parquet", &b"larka.outside"[..])] {
            let bytes = form(name).await;
            assert!(bytes.windows(has.len()).any(|part| part == has), "{name}");
        }
        let page = String::from_utf8(form("html").await).unwrap();
        assert!(page.contains("Jämförelsetal utifrån") && page.contains("class=\"reference\""), "{page}");

        // The same by the command, from a table and from Kolada, and taken back.
        let file = |name: &str, text: String| {
            let path = instance.beside(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let table = file("andra.csv", format!("survey;item;statistic;whose;period;value\n{survey};q;positive;Riket;2025;70\n"));
        let items = file("items.csv", format!("kpi,survey,item,statistic\nN1,{survey},q,positive\n"));
        let kolada = json!({ "values": [{ "kpi": "N1", "municipality": "0000", "period": 2024, "values": [{ "gender": "T", "value": 66.5 }] }] });
        let kolada = file("kolada.json", kolada.to_string());
        let words = ["--json", "outside", "--id", "andra", "--source", "Andra", "--retrieved", "2026-04-02"];
        for (more, expected) in [
            (vec![table.as_str()], json!([{ "num": 7, "den": 10 }])),
            (vec!["--items", &items, &kolada], json!([{ "num": 133, "den": 200 }])),
            (vec![], json!([])),
        ] {
            let output = instance.run(&[&words[..], &more].concat()).unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            server.settled().await.unwrap();
            let report: Value = serde_json::from_slice(&form("json").await).unwrap();
            let values: Vec<&Value> = report["outside"].as_array().unwrap().iter().map(|figure| &figure["value"]).collect();
            assert_eq!(json!(values), expected, "{more:?}");
        }
    }
}

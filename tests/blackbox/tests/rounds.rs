//! Surveys and rounds from the administrators' side: by the API and on the pages, from a definition to a round that is closed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Browser, Server, promises};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const HME: &str = include_str!("../../../schemas/surveys/hme.json");
const SCHOOL_DAY: &str = include_str!("../../../schemas/surveys/school-digital-day.json");
const SURVEY: &str = "https://larkby.example/enkater/hme";

async fn get(server: &Server, path: &str) -> (StatusCode, Value) {
    let answer = server.api(Method::GET, path).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn post(server: &Server, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = server.api(Method::POST, path).json(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// A body with a definition as it stands in its file.
fn registering(definition: &str) -> String {
    format!(r#"{{"surveys": [{{"id": "{SURVEY}", "version": "1", "definition": {definition}}}]}}"#)
}

fn escaped(value: &str) -> String {
    value.replace(':', "%3A").replace('/', "%2F")
}

/// An organisation and the survey.
async fn begin(server: &Server) {
    let organisation = json!({
        "units": [
            { "code": "L", "name": "Lärkby kommun", "kind": "huvudman" },
            { "code": "L1", "name": "Björkskolan", "kind": "skola", "parent": "L" },
        ],
        "persons": [{
            "agents": [{ "account": { "homePage": "https://larkby.example", "name": "lo" } }],
            "name": { "given": "Lo", "family": "Ek" },
            "duties": [{ "unit": "L1", "role": "Lärare", "from": "2020-08-01" }],
        }],
    });
    assert_eq!(post(server, "organisation", &organisation).await.0, 200);
    let answer = server.api(Method::POST, "surveys").body(registering(HME)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

fn round(id: &str, mode: &str) -> Value {
    json!({ "rounds": [{
        "id": id, "survey": SURVEY, "version": "1", "title": { "sv": "Hösten" }, "mode": mode, "draft": true,
        "opens": "2030-09-01", "closes": "2030-09-30", "hours": { "opens": "08:00", "closes": "16:00" },
        "audience": { "unit": "L", "roles": ["Lärare"] },
    }] })
}

promises! {
    async fn a_survey_is_checked_then_registered_and_read_back_as_it_was_sent(instance) {
        let server = instance.start().await.unwrap();
        let wrong = json!({ "id": SURVEY, "version": "1", "definition": { "elements": [
            { "type": "slider", "name": "nojd" }, { "type": "text", "name": "varfor", "visibleIf": "{nojdhet} < 3" },
        ] } });
        let (status, told) = post(&server, "surveys/check", &wrong).await;
        let places: Vec<_> = told["refused"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
        assert_eq!(status, 200);
        assert!(places.iter().any(|place| place.starts_with("/elements/0")), "{told}");
        assert!(places.iter().any(|place| place.starts_with("/elements/1")), "all at once: {told}");
        let (status, problem) = post(&server, "surveys", &json!({ "surveys": [wrong] })).await;
        assert_eq!((status.as_u16(), problem["at"].as_str().unwrap().starts_with("/surveys/0/definition/elements/0")), (400, true), "{problem}");
        assert_eq!(get(&server, "surveys").await.1, json!({ "surveys": [] }), "nothing was stored");

        begin(&server).await;
        let (_, all) = get(&server, "surveys").await;
        let survey = &all["surveys"][0];
        assert_eq!((&survey["id"], survey["items"].as_array().unwrap().len()), (&json!(SURVEY), 9));
        assert_eq!(survey["items"][0]["activity"], format!("{SURVEY}/meningsfullt"));
        let answer = server.api(Method::GET, &format!("surveys/{}/1", escaped(SURVEY))).send().await.unwrap();
        let whole = answer.text().await.unwrap();
        assert!(whole.contains(HME.trim()), "byte by byte");
        assert_eq!(get(&server, &format!("surveys/{}/2", escaped(SURVEY))).await.0, 404);

        // What a round asks keeps its questions.
        assert_eq!(post(&server, "rounds", &round("ht", "unlinkable")).await.0, 200);
        let reworded = HME.replace("Mitt arbete känns meningsfullt", "Jobbet känns meningsfullt");
        let again = server.api(Method::POST, "surveys").body(registering(&reworded)).send().await.unwrap();
        assert_eq!(again.status(), 200, "a draft asks nobody");
        let mut asked = round("ht", "unlinkable");
        asked["rounds"][0]["draft"] = json!(false);
        assert_eq!(post(&server, "rounds", &asked).await.0, 200);
        let back = server.api(Method::POST, "surveys").body(registering(HME)).send().await.unwrap();
        assert_eq!(back.status(), 400);
        assert_eq!(back.json::<Value>().await.unwrap()["at"], "/surveys/0/version");
    }

    async fn a_sheet_is_checked_and_gives_its_definition(instance) {
        let server = instance.start().await.unwrap();
        let titled = |kind: &str, title: &str| {
            let mut book = rust_xlsxwriter::Workbook::new();
            let rows: [(&str, &[&[&str]]); 3] = [
                ("settings", &[&["form_title"], &[title]]),
                ("survey", &[&["type", "name", "label::Svenska (sv)"], &[kind, "trivs", "Trivs du?"]]),
                ("choices", &[&["list_name", "name", "label::Svenska (sv)"], &["janej", "ja", "Ja"], &["janej", "nej", "Nej"]]),
            ];
            for (name, rows) in rows {
                let sheet = book.add_worksheet().set_name(name).unwrap();
                for (row, cells) in (0..).zip(rows) {
                    for (column, cell) in (0..).zip(*cells) {
                        sheet.write(row, column, *cell).unwrap();
                    }
                }
            }
            book.save_to_buffer().unwrap()
        };
        let sheet = |kind: &str| titled(kind, "Trivsel");
        let check = async |kind: &str| {
            let (user, password) = &server.administrator;
            let request = server.http.post(format!("{}/api/v1/surveys/check-sheet", server.address));
            let request = request.basic_auth(user, Some(password)).header("Content-Type", "application/octet-stream");
            request.body(sheet(kind)).send().await.unwrap().json::<Value>().await.unwrap()
        };
        let taken = check("select_one janej").await;
        assert_eq!((&taken["refused"], &taken["items"][0]["codes"]), (&json!([]), &json!(["ja", "nej"])), "{taken}");
        assert!(taken["definition"]["pages"].is_array() || taken["definition"]["elements"].is_array(), "{taken}");
        let refused = check("geopoint").await;
        assert!(refused["refused"][0]["place"].as_str().unwrap().contains("survey"), "{refused}");

        let browser = Browser::enter(&server).await;
        let body = |file: Vec<u8>| {
            let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"enkat.xlsx\"\r\n\r\n".to_vec();
            body.extend(file);
            body.extend(b"\r\n--x--\r\n");
            body
        };
        let send = |file: Vec<u8>| browser.sent(
            browser.http.post(format!("{}/surveys/read", browser.address))
                .header("Content-Type", "multipart/form-data; boundary=x").body(body(file)),
        );
        let (status, page) = send(sheet("select_one janej")).await;
        assert_eq!(status, 200);
        assert!(page.contains("Trivs du?") && page.contains("Så möter den som svarar enkäten"), "{page}");
        let (status, page) = send(titled("select_one janej", "")).await;
        assert_eq!(status, 400);
        assert!(page.contains("Så möter den som svarar enkäten") && page.contains("Definitionen har ingen titel. Ange en."), "{page}");
        let (status, page) = send(titled("text", "Fritext")).await;
        assert_eq!(status, 400);
        assert!(page.contains("minst en fråga med svarsalternativ") && !page.contains("at least one"), "{page}");
        let (status, page) = send(sheet("geopoint")).await;
        assert_eq!(status, 400);
        assert!(page.contains("geopoint"), "{page}");
        let (status, page) = send(HME.as_bytes().to_vec()).await;
        assert_eq!(status, 200);
        assert!(page.contains("Mitt arbete känns meningsfullt"));
        // A survey as a sheet is read in as it was.
        let get = |path: &'static str| browser.http.get(format!("{}{path}", browser.address)).header("Cookie", &browser.cookie).send();
        let sheet = get("/surveys/sheet?ready=hme").await.unwrap();
        assert!(sheet.headers()["content-disposition"].to_str().unwrap().contains("hme.xlsx"), "{:?}", sheet.headers());
        let (status, page) = send(sheet.bytes().await.unwrap().to_vec()).await;
        assert_eq!(status, 200);
        assert!(page.contains("Mitt arbete känns meningsfullt") && page.contains("value=\"urn:larka:hallbart-medarbetarengagemang-hme\""), "{page}");
        assert!(page.contains("HME totalt"), "its indexes come along");
        let number = r#"{"title": "T", "elements": [{"type": "text", "name": "n", "title": "Hur många?", "inputType": "number", "max": 9}]}"#;
        let (status, page) = browser.send("/surveys/new?lang=sv", &[("id", "urn:n"), ("version", "1"), ("definition", number), ("action", "sheet")]).await;
        assert_eq!(status, 400);
        assert!(page.contains("säger mer än ett kalkylblad kan") && page.contains("/elements/0") && page.contains("Hur många?"), "{page}");
    }

    async fn a_round_is_drafted_opened_and_closed_by_hand_and_what_may_change_follows_from_where_it_stands(instance) {
        let server = instance.start().await.unwrap();
        begin(&server).await;
        let mut again = round("ht", "unlinkable");
        again["rounds"][0]["again"] = json!(true);
        let (status, problem) = post(&server, "rounds", &again).await;
        assert_eq!((status.as_u16(), &problem["at"]), (400, &json!("/rounds/0/again")));

        let (status, taken) = post(&server, "rounds", &round("ht", "named")).await;
        assert_eq!((status.as_u16(), &taken["changed"]), (200, &json!(1)), "{taken}");
        let (_, drafted) = get(&server, "rounds/ht").await;
        assert_eq!((&drafted["stage"], &drafted["report"]), (&json!("draft"), &Value::Null), "{drafted}");
        assert_eq!(drafted["opens_at"], "2030-09-01T06:00:00+00:00");
        let posted = json!({ "rounds": [drafted["round"]] });
        assert_eq!(post(&server, "rounds", &posted).await.1["changed"], 0, "what is shown can be posted");
        assert_eq!(post(&server, "rounds/ht/close", &json!({})).await.0, 400, "a draft does not close");

        let (status, open) = post(&server, "rounds/ht/open", &json!({})).await;
        assert_eq!((status.as_u16(), &open["stage"]), (200, &json!("open")), "{open}");
        assert_eq!(open["round"]["registration"], drafted["round"]["registration"]);
        let position = instance.number("SELECT max(position) FROM event").await.unwrap();
        assert_eq!(post(&server, "rounds/ht/open", &json!({})).await.1["stage"], "open");
        assert_eq!(instance.number("SELECT max(position) FROM event").await.unwrap(), position, "opened once");

        for (field, value) in [("mode", json!("pseudonymous")), ("audience", json!({ "unit": "L1" })), ("partial", json!(true))] {
            let mut other = json!({ "rounds": [open["round"]] });
            other["rounds"][0][field] = value;
            let (status, problem) = post(&server, "rounds", &other).await;
            assert_eq!((status.as_u16(), problem["at"].as_str()), (400, Some(&*format!("/rounds/0/{field}"))), "{problem}");
        }
        let mut longer = json!({ "rounds": [open["round"]] });
        longer["rounds"][0]["closes"] = json!("2030-10-07");
        assert_eq!(post(&server, "rounds", &longer).await.1["changed"], 1);

        let (status, closed) = post(&server, "rounds/ht/close", &json!({})).await;
        assert_eq!((status.as_u16(), &closed["stage"]), (200, &json!("closed")), "{closed}");
        longer["rounds"][0]["title"] = json!({ "sv": "Senare" });
        assert_eq!(post(&server, "rounds", &longer).await.0, 400);
        assert_eq!(post(&server, "rounds/ht/open", &json!({})).await.0, 400);
        assert_eq!(post(&server, "rounds/none/open", &json!({})).await.0, 404);
        let (_, all) = get(&server, "rounds").await;
        assert_eq!(all["rounds"].as_array().unwrap().len(), 1);
    }

    async fn a_round_that_nobody_can_link_and_asks_too_few_says_why_it_does_not_open(instance) {
        let server = instance.start().await.unwrap();
        begin(&server).await;
        let mut few = round("få", "unlinkable");
        few["rounds"][0]["audience"]["roles"] = json!(["Vaktmästare"]);
        assert_eq!(post(&server, "rounds", &few).await.0, 200);
        let (_, nobody) = get(&server, "rounds/f%C3%A5").await;
        assert_eq!((&nobody["asked"], nobody["cannot_open"]["sv"].as_str().unwrap().contains("ingen tillfrågas")), (&json!(0), true), "{nobody}");
        few["rounds"][0]["audience"]["roles"] = json!(["Lärare"]);
        assert_eq!(post(&server, "rounds", &few).await.0, 200);
        let (status, refused) = post(&server, "rounds/f%C3%A5/open", &json!({})).await;
        assert_eq!(status, 400);
        assert!(refused["detail"].as_str().unwrap().contains("1 person is asked") && refused["detail"].as_str().unwrap().contains("fewer than"), "{refused}");
        let (_, still) = get(&server, "rounds/f%C3%A5").await;
        assert_eq!((&still["stage"], &still["asked"]), (&json!("draft"), &json!(1)), "{still}");
        let browser = Browser::enter(&server).await;
        for (lang, words) in [("sv", "Omgången kan inte öppnas: 1 person tillfrågas"), ("en", "The round cannot be opened: 1 person is asked")] {
            let path = format!("/surveys/rounds/f%C3%A5?lang={lang}");
            assert!(browser.get(&path).await.1.contains(words));
            let (status, to) = browser.send(&format!("/surveys/rounds/f%C3%A5/open?lang={lang}"), &[]).await;
            assert_eq!(status, 303);
            assert!(browser.get(&to).await.1.contains(words));
        }
        assert!(browser.get("/surveys?lang=sv").await.1.contains("kan inte öppnas"));
        // Another way to keep answers takes as few as there are.
        few["rounds"][0]["mode"] = json!("named");
        assert_eq!(post(&server, "rounds", &few).await.0, 200);
        let (status, open) = post(&server, "rounds/f%C3%A5/open", &json!({})).await;
        assert_eq!((status.as_u16(), &open["stage"], &open["cannot_open"]), (200, &json!("open"), &Value::Null), "{open}");
    }

    async fn a_round_with_groups_of_respondents_is_made_on_pages(instance) {
        let server = instance.start().await.unwrap();
        begin(&server).await;
        let browser = Browser::enter(&server).await;
        let survey = [("id", "urn:larka:dag"), ("version", "1"), ("definition", SCHOOL_DAY), ("action", "save")];
        assert_eq!(browser.send("/surveys/new?lang=sv", &survey).await.0, 303);
        let (_, read) = browser.get("/surveys/urn%3Alarka%3Adag/1?lang=sv").await;
        assert!(read.contains("Ställs till: Lärare, Skolledare"), "{read}");

        // The form was begun with another survey: what the groups are is asked when this one is chosen.
        let mut fields = vec![
            ("id", ""), ("title", "Dagen"), ("title_en", ""), ("survey", "urn:larka:dag\n1"), ("mode", "named"), ("unit", "L"),
            ("role", "Lärare"), ("opens", "2030-03-01"), ("closes", "2030-03-20"), ("grace", ""), ("draft", "on"),
        ];
        let (status, page) = browser.send("/surveys/round?lang=sv", &fields).await;
        assert_eq!(status, 400);
        assert!(page.contains("välj roller för minst en av dem") && page.contains("Roller i gruppen Elever"), "{page}");
        fields.extend([("role:elever", "Elev"), ("role:larare", "Lärare")]);
        let (status, to) = browser.send("/surveys/round?lang=sv", &fields).await;
        assert_eq!((status.as_u16(), &*to), (303, "/surveys/rounds/dagen-2030-03-01?lang=sv"));
        let (_, page) = browser.get(&to).await;
        assert!(page.contains("Elever: Elev") && page.contains("Lärare: Lärare") && !page.contains("Skolledare"), "{page}");
        let (_, form) = browser.get("/surveys/round?lang=sv&id=dagen-2030-03-01").await;
        assert!(form.contains("name=\"role:larare\" value=\"Lärare\" checked"), "{form}");
        let (_, known) = get(&server, "rounds/dagen-2030-03-01").await;
        let groups = json!([{ "id": "elever", "roles": ["Elev"] }, { "id": "larare", "roles": ["Lärare"] }]);
        assert_eq!(known["round"]["groups"], groups);
    }

    async fn surveys_and_rounds_are_made_on_pages_without_a_script(instance) {
        let server = instance.start().await.unwrap();
        begin(&server).await;
        let browser = Browser::enter(&server).await;
        let (_, list) = browser.get("/surveys").await;
        assert!(list.contains("Ingen omgång är öppen") && list.contains("href=\"/surveys/round?lang=sv\""), "{list}");

        // Nothing that was written is lost where it is refused, and all of it is told of.
        let broken = HME.replace("\"radiogroup\"", "\"slider\"");
        let fields = [("id", "urn:larka:min"), ("version", "7"), ("definition", &*broken), ("scoring", ""), ("action", "save")];
        let (status, page) = browser.send("/surveys/new?lang=sv", &fields).await;
        assert_eq!(status, 400);
        assert!(page.contains("slider") && page.contains("value=\"urn:larka:min\"") && page.contains("/pages/0/elements/0"), "{page}");
        let (_, ready) = browser.get("/surveys/new?lang=en&ready=hme").await;
        assert!(ready.contains("My work feels meaningful"), "the definition stands in the form");
        let checked = [("id", "urn:larka:min"), ("version", "7"), ("definition", HME), ("action", "check")];
        let (status, page) = browser.send("/surveys/new?lang=en", &checked).await;
        assert!(status == 200 && page.contains("How respondents meet the survey"), "{page}");
        assert_eq!(get(&server, "surveys").await.1["surveys"].as_array().unwrap().len(), 1, "checked, not stored");
        let lines = HME.replace('\n', "\r\n");
        let saved = [("id", "urn:larka:min"), ("version", "7"), ("definition", &*lines), ("action", "save")];
        assert_eq!(browser.send("/surveys/new?lang=sv", &saved).await.0, 303);
        let (_, whole) = get(&server, "surveys/urn%3Alarka%3Amin/7").await;
        let (_, sent) = get(&server, &format!("surveys/{}/1", escaped(SURVEY))).await;
        assert_eq!(whole["definition_sha256"], sent["definition_sha256"], "as the file has it");
        let (_, next) = browser.get("/surveys/new?lang=sv&survey=urn%3Alarka%3Amin&version=7").await;
        assert!(next.contains("value=\"8\""), "the next version");
        let (_, read) = browser.get("/surveys/urn%3Alarka%3Amin/7?lang=sv").await;
        assert!(read.contains("Mitt arbete känns meningsfullt"));

        let mut fields = vec![
            ("id", ""), ("title", "Våren på Björkskolan"), ("title_en", ""), ("survey", "urn:larka:min\n7"), ("mode", "unlinkable"),
            ("unit", "L1"), ("role", "Lärare"), ("opens", "2030-03-01"), ("closes", "2030-03-20"), ("opens_at", ""),
            ("closes_at", "16:00"), ("grace", ""), ("again", "on"), ("draft", "on"),
        ];
        let (status, page) = browser.send("/surveys/round?lang=sv", &fields).await;
        assert_eq!(status, 400);
        assert!(page.contains("Anonyma svar kan inte ersättas") && page.contains("value=\"Våren på Björkskolan\""), "{page}");
        fields.retain(|(name, _)| *name != "again");
        let (status, to) = browser.send("/surveys/round?lang=sv", &fields).await;
        assert_eq!((status.as_u16(), &*to), (303, "/surveys/rounds/varen-pa-bjorkskolan-2030-03-01?lang=sv"));
        let (_, page) = browser.get(&to).await;
        assert!(page.contains("Omgången är ett utkast") && page.contains("Öppna nu"), "{page}");
        assert!(page.contains("ingen kan koppla ett svar till en person"), "what the mode means");

        fields[0].1 = "varen-pa-bjorkskolan-2030-03-01";
        fields.iter_mut().filter(|(name, _)| *name == "mode").for_each(|(_, value)| *value = "named");
        assert_eq!(browser.send("/surveys/round?lang=sv", &fields).await.0, 303, "all of a draft may change");
        let open = "/surveys/rounds/varen-pa-bjorkskolan-2030-03-01/open?lang=sv";
        assert_eq!(browser.send(open, &[]).await, (StatusCode::SEE_OTHER, to.clone()));
        let (_, page) = browser.get(&to).await;
        assert!(page.contains("öppen för svar") && page.contains("Stäng nu") && page.contains("/reports/survey?round="), "{page}");
        let list = "/api/v1/rounds/varen-pa-bjorkskolan-2030-03-01/invitations?format=csv";
        assert!(page.contains("Bjud in") && page.contains("<svg") && page.contains("/s/") && page.contains(list), "{page}");
        assert!(browser.get(list).await.1.contains("\"Lo Ek\""), "who made it gets everybody's link");
        fields.retain(|(name, _)| *name != "draft");
        let (status, page) = browser.send("/surveys/round?lang=sv", &fields).await;
        assert_eq!(status, 400, "its opening day is another now");
        assert!(page.contains("bara titeln och stängningstiden"), "{page}");
        assert_eq!(browser.send(&open.replace("/open", "/close"), &[]).await.0, 303);
        let (_, page) = browser.get(&to).await;
        assert!(page.contains("Omgången är stängd") && !page.contains("Ändra omgången"), "{page}");
        assert!(!page.contains("Bjud in"), "nobody is invited any more");

        let (_, survey) = browser.get("/surveys/urn%3Alarka%3Amin/7?lang=sv").await;
        assert!(survey.contains("Ny omgång som den senaste") && survey.contains("like=varen-pa-bjorkskolan-2030-03-01"), "{survey}");
        let (_, form) = browser.get("/surveys/round?lang=sv&survey=urn%3Alarka%3Amin&version=7&like=varen-pa-bjorkskolan-2030-03-01").await;
        assert!(form.contains("value=\"Våren på Björkskolan\"") && form.contains("name=\"id\" value=\"\"") && !form.contains("value=\"2030-03-01\""), "{form}");
        assert!(form.contains("name=\"draft\" value=\"on\" checked"), "{form}");

        // Another site's page does nothing here.
        let foreign = browser.http.post(format!("{}{open}", browser.address)).header("Sec-Fetch-Site", "cross-site");
        let foreign = foreign.header("Cookie", &browser.cookie).form(&[("a", "b")]).send().await.unwrap();
        assert_eq!(foreign.status(), 403);
    }
}

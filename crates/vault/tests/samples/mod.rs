//! Made-up statements such as learning tools send, for training the dictionary and for measuring.
//!
//! Everybody in them is invented: names are combined at random from lists, addresses end in `example.org`. The same
//! seed gives the same statements for good; a change here asks for a dictionary with a new number.

#![allow(dead_code, unreachable_pub, reason = "shared by an example, a benchmark and tests")]

use std::ops::Range;

/// A statement's text, and the ranges of the agents in it; the first is the actor's.
pub struct Sample {
    pub text: String,
    pub agents: Vec<Range<usize>>,
}

/// An endless stream of statements.
pub struct Samples(u64);

impl Samples {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A statement of some 0.6 to 2 KB.
    pub fn statement(&mut self) -> Sample {
        let mut out = Sample { text: String::with_capacity(2048), agents: Vec::new() };
        out.text.push('{');
        if self.below(3) > 0 {
            let id = self.uuid();
            out.text.push_str(&format!(r#""id":"{id}","#));
        }
        out.text.push_str(r#""actor":"#);
        self.agent(&mut out);
        match self.below(6) {
            0 => self.lms(&mut out),
            1 => self.video(&mut out),
            2 => self.quiz(&mut out),
            3 => self.cmi5(&mut out),
            4 => self.survey(&mut out),
            _ => self.reading(&mut out),
        }
        out.text.push('}');
        out
    }

    fn agent(&mut self, out: &mut Sample) {
        let start = out.text.len();
        let (given, family) = (self.pick(GIVEN), self.pick(FAMILY));
        let name = format!("{given} {family}");
        let account = format!("{}{}{:02}", ascii(given, 3), ascii(family, 3), self.below(100));
        let site = self.pick(SITES);
        let text = match self.below(4) {
            0 => format!(r#"{{"objectType":"Agent","name":"{name}","mbox":"mailto:{account}@example.org"}}"#),
            1 => {
                format!(r#"{{"name":"{name}","account":{{"homePage":"https://{site}","name":"{account}"}}}}"#)
            }
            2 => format!(
                r#"{{"objectType":"Agent","account":{{"homePage":"https://{site}","name":"{}"}},"name":"{name}"}}"#,
                self.uuid()
            ),
            _ => format!(r#"{{"objectType":"Agent","mbox":"mailto:{account}@skola.example.org"}}"#),
        };
        out.text.push_str(&text);
        out.agents.push(start..out.text.len());
    }

    fn lms(&mut self, out: &mut Sample) {
        let (site, course, module) = (self.pick(SITES), self.below(4000), self.below(90_000));
        let (verb, sv) = self.pick_pair(VERBS);
        let (title, part) = (self.pick(COURSES), self.pick(PARTS));
        let kind = self.pick(&["lesson", "assessment", "module", "media", "simulation"]);
        out.text.push_str(&format!(
            r#","verb":{{"id":"http://adlnet.gov/expapi/verbs/{verb}","display":{{"en":"{verb}","sv":"{sv}"}}}},"object":{{"id":"https://{site}/mod/{kind}/view.php?id={module}","objectType":"Activity","definition":{{"type":"http://adlnet.gov/expapi/activities/{kind}","name":{{"sv":"{part}"}},"description":{{"sv":"En del av kursen {title}."}},"extensions":{{"https://w3id.org/learning-analytics/learning-management-system/external-id":"{module}"}}}}}}"#
        ));
        self.result(out);
        out.text.push_str(r#","context":{"#);
        self.registration(out);
        if self.below(3) == 0 {
            out.text.push_str(r#""instructor":"#);
            self.agent(out);
            out.text.push(',');
        }
        out.text.push_str(&format!(
            r#""platform":"Moodle","language":"sv","contextActivities":{{"parent":[{{"id":"https://{site}/course/view.php?id={course}","objectType":"Activity","definition":{{"type":"http://adlnet.gov/expapi/activities/course","name":{{"sv":"{title}"}}}}}}],"grouping":[{{"id":"https://{site}","objectType":"Activity","definition":{{"type":"http://id.tincanapi.com/activitytype/lms","name":{{"sv":"Lärplattformen"}}}}}}],"category":[{{"id":"http://moodle.org","objectType":"Activity","definition":{{"type":"http://id.tincanapi.com/activitytype/source","name":{{"en":"Moodle"}}}}}}]}},"extensions":{{"http://lrs.learninglocker.net/define/extensions/info":{{"https://moodle.org/":"4.{}","event_name":"\\mod_{kind}\\event\\course_module_viewed","event_function":"\\src\\transformer\\events\\mod_{kind}\\viewed"}}}}}}"#,
            self.below(6)
        ));
        self.timestamp(out);
    }

    fn video(&mut self, out: &mut Sample) {
        let (site, number, length) = (self.pick(SITES), self.below(10_000), 60 + self.below(1800));
        let at = self.below(length);
        let (verb, sv) = self.pick_pair(&[
            ("played", "spelade"),
            ("paused", "pausade"),
            ("seeked", "hoppade i"),
            ("interacted", "interagerade med"),
        ]);
        let title = self.pick(PARTS);
        out.text.push_str(&format!(
            r#","verb":{{"id":"https://w3id.org/xapi/video/verbs/{verb}","display":{{"en-US":"{verb}","sv-SE":"{sv}"}}}},"object":{{"objectType":"Activity","id":"https://{site}/video/{number}","definition":{{"type":"https://w3id.org/xapi/video/activity-type/video","name":{{"sv-SE":"{title}"}}}}}},"result":{{"extensions":{{"https://w3id.org/xapi/video/extensions/time":{at}.{},"https://w3id.org/xapi/video/extensions/progress":0.{:02},"https://w3id.org/xapi/video/extensions/played-segments":"0[.]{at}"}}}},"context":{{"#,
            self.below(1000),
            self.below(100)
        ));
        self.registration(out);
        out.text.push_str(&format!(
            r#""contextActivities":{{"category":[{{"id":"https://w3id.org/xapi/video"}}]}},"language":"sv-SE","extensions":{{"https://w3id.org/xapi/video/extensions/session-id":"{}","https://w3id.org/xapi/video/extensions/length":{length},"https://w3id.org/xapi/video/extensions/volume":1,"https://w3id.org/xapi/video/extensions/full-screen":false,"https://w3id.org/xapi/video/extensions/speed":"1x","https://w3id.org/xapi/video/extensions/user-agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1{}.0.0.0 Safari/537.36","https://w3id.org/xapi/video/extensions/completion-threshold":"0.95"}}}}"#,
            self.uuid(),
            self.below(40)
        ));
        self.timestamp(out);
    }

    fn quiz(&mut self, out: &mut Sample) {
        let (site, quiz, question) = (self.pick(SITES), self.below(5000), self.below(40));
        let (stem, right) = (self.pick(QUESTIONS), self.below(4));
        let response = self.below(4);
        let score = u8::from(response == right);
        let choices: Vec<_> = (0..4)
            .map(|n| format!(r#"{{"id":"{n}","description":{{"sv":"{}"}}}}"#, self.pick(CHOICES)))
            .collect();
        out.text.push_str(&format!(
            r#","verb":{{"id":"http://adlnet.gov/expapi/verbs/answered","display":{{"en-US":"answered","sv-SE":"svarade på"}}}},"object":{{"id":"https://{site}/h5p/embed/{quiz}?subContentId={}","objectType":"Activity","definition":{{"extensions":{{"http://h5p.org/x-api/h5p-local-content-id":{quiz}}},"name":{{"sv-SE":"{}"}},"description":{{"sv-SE":"{stem}"}},"type":"http://adlnet.gov/expapi/activities/cmi.interaction","interactionType":"choice","correctResponsesPattern":["{right}"],"choices":[{}]}}}},"context":{{"contextActivities":{{"parent":[{{"id":"https://{site}/h5p/embed/{quiz}","objectType":"Activity"}}],"category":[{{"id":"http://h5p.org/libraries/H5P.MultiChoice-1.16","objectType":"Activity"}}]}},"extensions":{{"https://{site}/extensions/question":{question}}}}},"result":{{"score":{{"min":0,"max":1,"raw":{score},"scaled":{score}}},"completion":true,"success":{},"duration":"PT{}.{}S","response":"{response}"}}"#,
            self.uuid(),
            self.pick(PARTS),
            choices.join(","),
            response == right,
            1 + self.below(90),
            self.below(100)
        ));
        self.timestamp(out);
    }

    fn cmi5(&mut self, out: &mut Sample) {
        let (verb, sv) = self.pick_pair(&[
            ("initialized", "påbörjade"),
            ("completed", "slutförde"),
            ("passed", "klarade"),
            ("failed", "klarade inte"),
            ("terminated", "avslutade"),
        ]);
        let (course, unit) = (self.uuid(), self.below(30));
        let (title, part) = (self.pick(COURSES), self.pick(PARTS));
        out.text.push_str(&format!(
            r#","verb":{{"id":"http://adlnet.gov/expapi/verbs/{verb}","display":{{"en":"{verb}","sv":"{sv}"}}}},"object":{{"objectType":"Activity","id":"https://kurser.example.org/{course}/au/{unit}","definition":{{"name":{{"sv":"{part}","en":"Unit {unit}"}},"description":{{"sv":"{title}: {part}"}},"type":"http://adlnet.gov/expapi/activities/lesson"}}}}"#
        ));
        self.result(out);
        out.text.push_str(r#","context":{"#);
        self.registration(out);
        out.text.push_str(&format!(
            r#""contextActivities":{{"category":[{{"id":"https://w3id.org/xapi/cmi5/context/categories/cmi5"}},{{"id":"https://w3id.org/xapi/cmi5/context/categories/moveon"}}],"grouping":[{{"id":"https://kurser.example.org/{course}","definition":{{"type":"https://w3id.org/xapi/cmi5/activitytype/course","name":{{"sv":"{title}"}}}}}}]}},"extensions":{{"https://w3id.org/xapi/cmi5/context/extensions/sessionid":"{}","https://w3id.org/xapi/cmi5/context/extensions/masteryscore":0.8,"https://w3id.org/xapi/cmi5/context/extensions/launchmode":"Normal","https://w3id.org/xapi/cmi5/context/extensions/moveon":"CompletedOrPassed"}}}}"#,
            self.uuid()
        ));
        self.timestamp(out);
    }

    fn survey(&mut self, out: &mut Sample) {
        let (survey, item, area) = (self.uuid(), self.below(63), 1 + self.below(5));
        let answer = self.below(5);
        let (question, scale) = (self.pick(ITEMS), SCALE);
        out.text.push_str(&format!(
            r#","verb":{{"id":"http://adlnet.gov/expapi/verbs/responded","display":{{"en":"responded","sv":"besvarade"}}}},"object":{{"objectType":"Activity","id":"https://enkat.example.org/{survey}/fraga/{item}","definition":{{"name":{{"sv":"Fråga {item}"}},"description":{{"sv":"{question}","en":"Item {item}"}},"type":"http://adlnet.gov/expapi/activities/cmi.interaction","interactionType":"likert","scale":{scale}}}}},"result":{{"response":"likert_{answer}","completion":true,"extensions":{{"https://enkat.example.org/xapi/varde":{answer}}}}},"context":{{"#
        ));
        self.registration(out);
        out.text.push_str(&format!(
            r#""platform":"Enkätverktyget","language":"sv-SE","contextActivities":{{"parent":[{{"id":"https://enkat.example.org/{survey}","objectType":"Activity","definition":{{"name":{{"sv":"Självskattning av digital kompetens"}},"type":"http://id.tincanapi.com/activitytype/survey"}}}}],"grouping":[{{"id":"https://enkat.example.org/digcomp/{area}","objectType":"Activity","definition":{{"type":"http://adlnet.gov/expapi/activities/objective","name":{{"sv":"Kompetensområde {area}"}}}}}}]}}}}"#
        ));
        self.timestamp(out);
    }

    fn reading(&mut self, out: &mut Sample) {
        let (site, page, isbn) = (self.pick(SITES), self.below(400), self.below(100_000_000));
        let title = self.pick(PARTS);
        out.text.push_str(&format!(
            r#","verb":{{"id":"http://adlnet.gov/expapi/verbs/experienced","display":{{"en-US":"experienced","sv-SE":"tog del av"}}}},"object":{{"objectType":"Activity","id":"https://{site}/laromedel/978{isbn:010}/sida/{page}","definition":{{"type":"http://activitystrea.ms/schema/1.0/page","name":{{"sv-SE":"{title}"}},"moreInfo":"https://{site}/laromedel/978{isbn:010}"}}}},"context":{{"#
        ));
        self.registration(out);
        out.text.push_str(&format!(
            r#""revision":"{}.{}","platform":"Läsplattan","language":"sv-SE","contextActivities":{{"parent":[{{"objectType":"Activity","id":"https://{site}/laromedel/978{isbn:010}","definition":{{"type":"http://id.tincanapi.com/activitytype/book","name":{{"sv-SE":"{}"}}}}}}]}},"extensions":{{"http://id.tincanapi.com/extension/browser-info":{{"code_name":"Mozilla","name":"Netscape","version":"5.0 (iPad; CPU OS 17_{} like Mac OS X)"}},"http://id.tincanapi.com/extension/duration":"PT{}S"}}}}"#,
            self.below(9),
            self.below(30),
            self.pick(COURSES),
            self.below(7),
            self.below(600)
        ));
        self.timestamp(out);
    }

    fn result(&mut self, out: &mut Sample) {
        if self.below(2) == 0 {
            let (raw, minutes) = (self.below(101), self.below(60));
            let (success, seconds) = (raw >= 60, self.below(60));
            out.text.push_str(&format!(
                r#","result":{{"score":{{"scaled":{}.{:02},"raw":{raw},"min":0,"max":100}},"success":{success},"completion":true,"duration":"PT{minutes}M{seconds}S"}}"#,
                raw / 100,
                raw % 100
            ));
        }
    }

    fn registration(&mut self, out: &mut Sample) {
        let registration = self.uuid();
        out.text.push_str(&format!(r#""registration":"{registration}","#));
    }

    fn timestamp(&mut self, out: &mut Sample) {
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        let (hour, minute, second, milli) =
            (7 + self.below(11), self.below(60), self.below(60), self.below(1000));
        let year = 2025 + self.below(2);
        let zone = self.pick(&["Z", "+02:00", "+01:00", "Z"]);
        out.text.push_str(&format!(
            r#","timestamp":"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}{zone}""#
        ));
        match self.below(3) {
            0 => out.text.push_str(r#","version":"1.0.3""#),
            1 => out.text.push_str(r#","version":"2.0.0""#),
            _ => {}
        }
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }

    fn pick_pair(&mut self, from: &[(&'static str, &'static str)]) -> (&'static str, &'static str) {
        self.pick(from)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn ascii(name: &str, length: usize) -> String {
    name.chars().filter(char::is_ascii_alphabetic).take(length).map(|c| c.to_ascii_lowercase()).collect()
}

const SITES: &[&str] = &[
    "larplattform.example.org",
    "moodle.example.org",
    "kurser.example.org",
    "laromedel.example.org",
    "skola.example.org/lms",
];
const GIVEN: &[&str] = &[
    "Alva", "Bertil", "Cecilia", "David", "Elsa", "Fatima", "Gustav", "Hanna", "Ibrahim", "Jonna", "Karim",
    "Linnéa", "Mustafa", "Nora", "Olle", "Petra", "Rasmus", "Sara", "Tove", "Ulf", "Vera", "William",
    "Yasmin", "Åke", "Örjan",
];
const FAMILY: &[&str] = &[
    "Ahlberg",
    "Bergkvist",
    "Dahlman",
    "Ekdal",
    "Forsgren",
    "Granlund",
    "Hedman",
    "Isaksson",
    "Järvinen",
    "Kindberg",
    "Lindvall",
    "Mårdh",
    "Nordvik",
    "Olander",
    "Palmér",
    "Rosengren",
    "Sjödal",
    "Tornberg",
    "Viklund",
    "Östman",
];
const VERBS: &[(&str, &str)] = &[
    ("experienced", "tog del av"),
    ("completed", "slutförde"),
    ("attempted", "påbörjade"),
    ("passed", "klarade"),
    ("failed", "klarade inte"),
    ("answered", "svarade på"),
    ("interacted", "interagerade med"),
    ("launched", "startade"),
    ("registered", "anmälde sig till"),
    ("scored", "fick poäng på"),
];
const COURSES: &[&str] = &[
    "Källkritik på nätet",
    "Digital kompetens för pedagoger",
    "Informationssäkerhet för alla medarbetare",
    "Matematik årskurs 5",
    "Svenska som andraspråk",
    "Programmering i grundskolan",
    "Dataskydd i vardagen",
    "Engelska 6",
    "Att skapa digitalt innehåll",
    "Samarbeta digitalt",
];
const PARTS: &[&str] = &[
    "Introduktion",
    "Kapitel 1: Vad är digital kompetens?",
    "Kapitel 2: Att söka information",
    "Kapitel 3: Upphovsrätt och licenser",
    "Övning: granska en källa",
    "Kunskapskontroll",
    "Slutprov",
    "Film: så skyddar du dina lösenord",
    "Diskussionsuppgift",
    "Sammanfattning och reflektion",
];
const QUESTIONS: &[&str] = &[
    "Vilket av följande är ett starkt lösenord?",
    "Vad bör du kontrollera innan du litar på en källa?",
    "Vilken licens låter dig använda bilden fritt?",
    "Vad är en personuppgift?",
    "Hur många grader har en rät vinkel?",
];
const CHOICES: &[&str] = &[
    "Vem som är avsändare",
    "Hur många som har delat den",
    "Namn och adress",
    "Alla alternativ ovan",
    "Inget av alternativen",
    "90 grader",
    "180 grader",
    "Creative Commons BY",
];
const ITEMS: &[&str] = &[
    "Jag kan söka efter information och bedöma om den är trovärdig.",
    "Jag kan skydda mina enheter och mina personuppgifter.",
    "Jag kan samarbeta med andra i digitala miljöer.",
    "Jag kan skapa och bearbeta digitalt innehåll i olika format.",
    "Jag kan lösa vanliga tekniska problem på egen hand.",
    "Jag vet när jag behöver be om hjälp, och var jag kan få den.",
];
const SCALE: &str = r#"[{"id":"likert_0","description":{"sv":"Stämmer inte alls","en":"Strongly disagree"}},{"id":"likert_1","description":{"sv":"Stämmer ganska dåligt","en":"Disagree"}},{"id":"likert_2","description":{"sv":"Varken eller","en":"Neither agree nor disagree"}},{"id":"likert_3","description":{"sv":"Stämmer ganska bra","en":"Agree"}},{"id":"likert_4","description":{"sv":"Stämmer helt","en":"Strongly agree"}}]"#;

//! A statement's text, put together from pieces.

use crate::activities::PieceKind;
use crate::calendar::Calendar;
use crate::content::Kind;
use crate::content::surveys::SURVEYS;
use crate::dice::{Concern, Dice, mix, uuid_of};
use crate::intent::{Act, Intent};
use crate::json::{Quoted, number, thousandths, uuid};
use crate::people::Person;
use crate::rounds::registration;
use crate::world::World;

/// Where the municipality's accounts live.
pub(crate) const HOME: &str = "https://login.larkby.example";

/// What is said about an earlier statement.
const COMMENTS: [&str; 4] = [
    "Bra genomfört, ta med det till arbetslaget.",
    "Tack! Titta gärna på fördjupningen också.",
    "Fint exempel. Får jag visa det på konferensen?",
    "Vi pratar om fråga 2 när vi ses.",
];

/// The texts of a schedule's statements.
pub(crate) struct Statements<'a> {
    world: &'a World,
    intents: std::vec::IntoIter<Intent>,
    ids: Dice,
    agents: Vec<String>,
    /// The last day written, and its date.
    day: (i64, String),
}

impl<'a> Statements<'a> {
    /// Texts of these intents.
    pub(crate) fn new(world: &'a World, intents: Vec<Intent>) -> Statements<'a> {
        Statements {
            world,
            intents: intents.into_iter(),
            ids: Dice::of(world.plan.seed, Concern::Ids, 0),
            agents: world.people.iter().map(agent).collect(),
            day: (i64::MIN, String::new()),
        }
    }

    fn write(&mut self, intent: &Intent) -> String {
        let mut out = String::with_capacity(2048);
        out.push_str("{\"id\":\"");
        uuid(&mut out, self.ids.uuid_at(u64::from(intent.number)));
        out.push_str("\",\"actor\":");
        out.push_str(&self.agents[intent.person as usize]);
        out.push_str(",\"verb\":");
        out.push_str(verb(intent.act));
        match intent.act {
            Act::Voided | Act::Commented => self.reference(&mut out, intent),
            _ => self.experience(&mut out, intent),
        }
        out.push_str(",\"timestamp\":\"");
        let local = self.is_answer(intent).then(|| self.offset(intent.at));
        self.timestamp(&mut out, intent.at, local);
        out.push_str("\"}");
        out
    }

    /// Object, result and context of a statement about an activity.
    fn experience(&self, out: &mut String, intent: &Intent) {
        let piece = &self.world.activities.pieces[intent.object as usize];
        let bits = mix(&[self.world.plan.seed, 0x7374_6d74, u64::from(intent.number)]);
        out.push_str(",\"object\":");
        out.push_str(&piece.object);
        result(out, intent, piece.kind, bits);
        out.push_str(",\"context\":{\"registration\":\"");
        uuid(out, registration(self.world.plan.seed, intent.registration));
        out.push_str("\",");
        if !matches!(piece.kind, PieceKind::Item(_)) {
            self.company(out, intent, bits);
        }
        out.push_str(&piece.context);
        match piece.kind {
            PieceKind::Course | PieceKind::Part(Kind::Quiz) => {
                out.push_str(
                    ",\"extensions\":{\"https://w3id.org/xapi/cmi5/context/extensions/sessionid\":\"",
                );
                let day = intent.at.div_euclid(86_400_000) as u64;
                uuid(out, uuid_of(&[self.world.plan.seed, u64::from(intent.registration), day, 3]));
                if matches!(intent.act, Act::Passed | Act::Failed) {
                    out.push_str("\",\"https://w3id.org/xapi/cmi5/context/extensions/masteryscore\":0.7}");
                } else {
                    out.push_str("\"}");
                }
            }
            _ => {}
        }
        out.push('}');
    }

    /// An instructor or a team, now and then.
    fn company(&self, out: &mut String, intent: &Intent, bits: u64) {
        match bits % 100 {
            0..=2 => {
                out.push_str("\"instructor\":");
                let instructor = self.world.instructor(u64::from(intent.object));
                out.push_str(&self.agents[instructor as usize]);
                out.push(',');
            }
            3..=4 => {
                let unit = &self.world.units[self.world.people[intent.person as usize].unit()];
                out.push_str("\"team\":{\"objectType\":\"Group\",\"name\":\"Arbetslaget\",\"account\":{\"homePage\":\"");
                out.push_str(HOME);
                out.push_str("\",\"name\":\"arbetslag-");
                out.push_str(&unit.code);
                out.push_str("\"}},");
            }
            _ => {}
        }
    }

    /// Object and result of a statement that refers to another.
    fn reference(&mut self, out: &mut String, intent: &Intent) {
        out.push_str(",\"object\":{\"objectType\":\"StatementRef\",\"id\":\"");
        uuid(out, self.ids.uuid_at(u64::from(intent.object)));
        out.push_str("\"}");
        if intent.act == Act::Commented {
            out.push_str(",\"result\":{\"response\":");
            out.push_str(&Quoted(COMMENTS[usize::from(intent.value) % COMMENTS.len()]).to_string());
            out.push('}');
        }
    }

    fn is_answer(&self, intent: &Intent) -> bool {
        intent.act == Act::AnsweredItem
    }

    /// Hours ahead of UTC: the survey tool writes Swedish time.
    fn offset(&self, at: i64) -> i64 {
        let calendar: &Calendar = &self.world.calendar;
        let days = (at - calendar.instant(0, 0)).div_euclid(86_400_000);
        calendar.offset_hours(days.clamp(0, i64::from(u16::MAX)) as u16)
    }

    fn timestamp(&mut self, out: &mut String, at: i64, offset: Option<i64>) {
        let at = at + offset.unwrap_or(0) * 3_600_000;
        let (day, rest) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000) as u64);
        if day != self.day.0 {
            let date = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
            self.day = (day, date.format("%Y-%m-%dT").to_string());
        }
        out.push_str(&self.day.1);
        number(out, rest / 3_600_000, 2);
        out.push(':');
        number(out, rest / 60_000 % 60, 2);
        out.push(':');
        number(out, rest / 1000 % 60, 2);
        out.push('.');
        number(out, rest % 1000, 3);
        match offset {
            None => out.push('Z'),
            Some(hours) => {
                out.push_str("+0");
                number(out, hours as u64, 1);
                out.push_str(":00");
            }
        }
    }
}

impl Iterator for Statements<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let intent = self.intents.next()?;
        Some(self.write(&intent))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.intents.size_hint()
    }
}

/// Somebody as their tools name them; without a name where the identity is protected.
fn agent(person: &Person) -> String {
    let name = if person.protected {
        String::new()
    } else {
        format!("\"name\":{},", Quoted(&format!("{} {}", person.given, person.family)))
    };
    match (&person.mbox, person.by_mbox) {
        (Some(mbox), true) => format!("{{\"objectType\":\"Agent\",{name}\"mbox\":{}}}", Quoted(mbox)),
        _ => format!(
            "{{\"objectType\":\"Agent\",{name}\"account\":{{\"homePage\":\"{HOME}\",\"name\":{}}}}}",
            Quoted(&person.account)
        ),
    }
}

/// The verb of an act, with its names.
fn verb(act: Act) -> &'static str {
    macro_rules! adl {
        ($id:literal, $sv:literal) => {
            concat!(
                "{\"id\":\"http://adlnet.gov/expapi/verbs/",
                $id,
                "\",\"display\":{\"sv\":\"",
                $sv,
                "\",\"en\":\"",
                $id,
                "\"}}"
            )
        };
    }
    match act {
        Act::Initialized => adl!("initialized", "påbörjade"),
        Act::Experienced => adl!("experienced", "tog del av"),
        Act::Progressed => adl!("progressed", "kom vidare i"),
        Act::Attempted => adl!("attempted", "försökte"),
        Act::Completed => adl!("completed", "slutförde"),
        Act::Passed => adl!("passed", "klarade"),
        Act::Failed => adl!("failed", "klarade inte"),
        Act::Terminated => adl!("terminated", "avslutade"),
        Act::AnsweredClaim | Act::AnsweredItem => adl!("answered", "besvarade"),
        Act::Voided => adl!("voided", "ogiltigförklarade"),
        Act::Commented => adl!("commented", "kommenterade"),
    }
}

/// The result, where an act has one.
fn result(out: &mut String, intent: &Intent, kind: PieceKind, bits: u64) {
    let hundredths = (bits >> 8) % 100;
    match intent.act {
        Act::Passed | Act::Failed => {
            let (questions, right) = (u64::from(intent.value >> 8), u64::from(intent.value & 0xff));
            out.push_str(",\"result\":{\"score\":{\"scaled\":");
            thousandths(out, right * 1000 / questions.max(1));
            out.push_str(",\"raw\":");
            number(out, right, 1);
            out.push_str(",\"min\":0,\"max\":");
            number(out, questions, 1);
            out.push_str("},\"success\":");
            out.push_str(if intent.act == Act::Passed { "true" } else { "false" });
            duration(out, intent.seconds, hundredths, bits);
            out.push_str(",\"extensions\":{\"https://larande.larkby.example/xapi/forsok\":");
            number(out, u64::from(intent.attempt), 1);
            out.push_str("}}");
        }
        Act::Completed => {
            out.push_str(",\"result\":{\"completion\":true");
            if intent.seconds > 0 {
                duration(out, intent.seconds, hundredths, bits);
            }
            if kind == PieceKind::Part(Kind::Video) {
                out.push_str(",\"extensions\":{\"https://w3id.org/xapi/video/extensions/progress\":1}");
            }
            out.push('}');
        }
        Act::Progressed => {
            out.push_str(",\"result\":{\"extensions\":{\"https://w3id.org/xapi/video/extensions/time\":");
            thousandths(out, u64::from(intent.seconds) * 1000 + hundredths * 10);
            out.push_str(",\"https://w3id.org/xapi/cmi5/result/extensions/progress\":");
            number(out, u64::from(intent.value), 1);
            out.push_str("}}");
        }
        Act::Terminated if intent.seconds > 0 => {
            out.push_str(",\"result\":{\"duration\":\"PT");
            seconds(out, intent.seconds, hundredths, bits);
            out.push_str("\"}");
        }
        Act::AnsweredClaim => {
            let PieceKind::Claim { is_true } = kind else { return };
            let right = intent.value == 1;
            out.push_str(",\"result\":{\"response\":\"");
            out.push_str(if right == is_true { "true" } else { "false" });
            out.push_str("\",\"success\":");
            out.push_str(if right { "true" } else { "false" });
            duration(out, intent.seconds, hundredths, bits);
            out.push('}');
        }
        Act::AnsweredItem => {
            let PieceKind::Item(survey) = kind else { return };
            let code = &SURVEYS[usize::from(survey)].scale.codes[usize::from(intent.value)];
            out.push_str(",\"result\":{\"response\":\"");
            out.push_str(code.code);
            out.push('"');
            duration(out, intent.seconds, hundredths, bits);
            out.push('}');
        }
        _ => {}
    }
}

fn duration(out: &mut String, length: u16, hundredths: u64, bits: u64) {
    out.push_str(",\"duration\":\"PT");
    seconds(out, length, hundredths, bits);
    out.push('"');
}

/// Tools differ: some write seconds alone, some minutes too.
fn seconds(out: &mut String, length: u16, hundredths: u64, bits: u64) {
    let length = u64::from(length);
    if bits & 1 == 0 && length >= 60 {
        number(out, length / 60, 1);
        out.push('M');
        number(out, length % 60, 1);
        out.push('S');
    } else {
        number(out, length, 1);
        out.push('.');
        number(out, hundredths, 2);
        out.push('S');
    }
}

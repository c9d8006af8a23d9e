//! The municipality's own JSON: organisation, courses, surveys and rounds, as they are posted.
//!
//! Each body is read ([`parse`]), checked by itself (`validate`), then against what is known (`changes`), which
//! gives the events of whatever is new or different. Errors name the place and what was expected there, never
//! a value, because values are names of people.

mod changes;
mod courses;
mod derived;
mod expected;
mod organisation;
mod outside;
mod rounds;
mod surveys;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use xapi::Identifier;

pub use changes::{Change, Changes, SlotContent};
pub use courses::{
    ActivityInput, CentralOrigin, CopyOrigin, CourseInput, CoursesInput, OriginInput, RuleInput, TargetInput,
};
pub use expected::in_swedish;
pub use organisation::{
    DutyInput, EnrolmentInput, GroupInput, MemberInput, NameInput, OrganisationInput, PersonInput, UnitInput,
};
pub use outside::{OutsideFigureInput, OutsideInput, OutsideSetInput};
pub use rounds::{
    AudienceInput, GuardianLinkInput, GuardiansInput, HoursInput, RoundGroupInput, RoundInput, RoundsInput,
};
pub use surveys::{Registered, RegisteredSurvey, SurveyInput, SurveysInput};

/// Why a body is refused: every problem that was found, at most [`Invalid::MOST`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// The problems, in the order of the body.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON pointer.
    pub path: String,
    /// What was expected there.
    pub expected: String,
}

impl Invalid {
    /// The most problems that are told of.
    pub const MOST: usize = 20;
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{}: expected {}", problem.path, problem.expected)?;
        }
        Ok(())
    }
}

/// Reads a body.
///
/// # Errors
/// [`Invalid`] with the first place that is not JSON or not of the shape.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Invalid> {
    // An array would pass for an object's values in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        let problem = Problem { path: String::new(), expected: "an object".to_owned() };
        return Err(Invalid { problems: vec![problem] });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        let mut path = pointer(error.path());
        if inner.is_data() && inner.to_string().starts_with("unknown field ") {
            // The field's name is the sender's, like a value.
            path.truncate(path.rfind('/').unwrap_or_default());
        }
        Invalid { problems: vec![Problem { path, expected: expected(inner) }] }
    })?;
    deserializer.end().map_err(|error| Invalid {
        problems: vec![Problem { path: String::new(), expected: expected(&error) }],
    })?;
    printable(body)?;
    Ok(value)
}

/// What a text may hold, so that lists, files and terminals show what was meant.
const PRINTABLE: &str = "text without control characters";
/// The field that is somebody else's document, in which nothing is a name.
const DOCUMENT: &str = "definition";

/// Refuses control characters in texts, names and codes.
fn printable(body: &[u8]) -> Result<(), Invalid> {
    // JSON lets them in by an escape, or as bytes that are few in other texts; most bodies are not read again.
    let may_hold = body.windows(2).any(|pair| {
        (pair[0] == b'\\' && b"bfnrtu".contains(&pair[1]))
            || pair[0] == 0x7f
            || (pair[0] == 0xc2 && pair[1] < 0xa0)
    });
    if !may_hold {
        return Ok(());
    }
    let mut problems = Problems::default();
    if let Ok(value) = serde_json::from_slice(body) {
        controls(&value, String::new(), &mut problems);
    }
    problems.result()
}

fn controls(value: &Value, path: String, problems: &mut Problems) {
    match value {
        Value::String(text) => problems.check(!text.contains(char::is_control), || path, PRINTABLE),
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(i, value)| controls(value, format!("{path}/{i}"), problems));
        }
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != DOCUMENT) {
                problems.check(!name.contains(char::is_control), || path.clone(), PRINTABLE);
                controls(value, format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), problems);
            }
        }
        _ => {}
    }
}

/// An xAPI agent with one identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentInput {
    /// `Agent`, if given.
    #[serde(rename = "objectType", default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// A `mailto:` IRI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mbox: Option<String>,
    /// The SHA-1 of a `mailto:` IRI in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mbox_sha1sum: Option<String>,
    /// An OpenID URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// An account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountInput>,
}

/// An account of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountInput {
    /// The system's home page.
    #[serde(rename = "homePage")]
    pub home_page: String,
    /// The account's name there.
    pub name: String,
}

impl From<Identifier> for AgentInput {
    fn from(identifier: Identifier) -> Self {
        let none = Self::default();
        match identifier {
            Identifier::Mbox(mbox) => Self { mbox: Some(mbox), ..none },
            Identifier::MboxSha1sum(sum) => Self { mbox_sha1sum: Some(sum), ..none },
            Identifier::OpenId(openid) => Self { openid: Some(openid), ..none },
            Identifier::Account { home_page, name } => {
                Self { account: Some(AccountInput { home_page, name }), ..none }
            }
        }
    }
}

impl AgentInput {
    /// The identifier, if there is exactly one and it is of the right form.
    pub fn identifier(&self) -> Option<Identifier> {
        let agent = self.object_type.as_deref().is_none_or(|kind| kind == "Agent");
        let json = serde_json::to_string(self).ok().filter(|_| agent)?;
        xapi::parse::agent(&json).ok()
    }
}

/// Whether a text can be an IRI: a scheme, a colon, something after it, no white space.
pub(crate) fn is_iri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !rest.is_empty()
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
    })
}

/// Collects problems.
#[derive(Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem at a place, unless `holds`.
    pub(crate) fn check(&mut self, holds: bool, path: impl FnOnce() -> String, expected: &str) {
        if !holds && self.0.len() < Invalid::MOST {
            self.0.push(Problem { path: path(), expected: expected.to_owned() });
        }
    }

    /// The outcome.
    pub(crate) fn result(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid { problems: self.0 }) }
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

/// What serde_json expected, without the value that it found.
fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if !error.is_data() {
        return format!("JSON (line {}, column {})", error.line(), error.column());
    }
    if let Some((_, expected)) = text.rsplit_once(", expected ") {
        return expected.to_owned();
    }
    if let Some(expected) = text.strip_prefix("expected ") {
        return expected.to_owned();
    }
    for (start, what) in [("missing field ", "the field "), ("duplicate field ", "only one field ")] {
        if let Some(field) = text.strip_prefix(start) {
            return format!("{what}{field}");
        }
    }
    "another value".to_owned()
}

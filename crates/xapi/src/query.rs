//! The parameters of `GET /statements` (1.0.3 Communication 2.1.3, IEEE 4.1.6.1).

use uuid::Uuid;

use crate::{Identifier, Iris, lexical, parse, time};

/// What a client asks of the statement resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementQuery {
    /// `statementId`: this one, if it is not voided.
    pub statement_id: Option<Uuid>,
    /// `voidedStatementId`: this one, if it is voided.
    pub voided_statement_id: Option<Uuid>,
    /// `agent`: an agent or an identified group.
    pub agent: Option<Identifier>,
    /// `verb`: a verb's id.
    pub verb: Option<String>,
    /// `activity`: an activity's id.
    pub activity: Option<String>,
    /// `registration`
    pub registration: Option<Uuid>,
    /// `related_activities`
    pub related_activities: bool,
    /// `related_agents`
    pub related_agents: bool,
    /// `since`, exclusive, on `stored`: microseconds since 1970 in UTC.
    pub since: Option<i64>,
    /// `until`, inclusive, on `stored`: microseconds since 1970 in UTC.
    pub until: Option<i64>,
    /// `limit`; none (also for 0) is as many as the server gives.
    pub limit: Option<u64>,
    /// `format`
    pub format: Format,
    /// `attachments`
    pub attachments: bool,
    /// `ascending`: oldest first.
    pub ascending: bool,
}

/// `format`: how statements are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Only what identifies agents, activities and verbs.
    Ids,
    /// As they came.
    #[default]
    Exact,
    /// With canonical definitions, in one language.
    Canonical,
}

/// Why a query was refused. Names parameters of the standard, never what was in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A parameter that the standard does not define here (names are case-sensitive).
    #[error("a parameter that this resource does not define")]
    Unknown,
    /// A parameter that stands more than once.
    #[error("the parameter {0} stands more than once")]
    Repeated(&'static str),
    /// A parameter that has to be there.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter whose value has not the required form.
    #[error("the parameter {name} has to be {expected}")]
    Malformed {
        /// The parameter.
        name: &'static str,
        /// What was expected of its value.
        expected: String,
    },
    /// Two parameters that exclude each other.
    #[error("the parameter {0} cannot be combined with {1}")]
    Excluded(&'static str, &'static str),
}

impl StatementQuery {
    /// Reads decoded names and values. The rules are the same in both versions; `iris` are those of verbs and
    /// activities.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
        iris: Iris,
    ) -> Result<Self, QueryError> {
        let mut query = Self::default();
        let mut seen = Vec::new();
        for (name, value) in pairs {
            let name = *NAMES.iter().find(|n| **n == name.as_ref()).ok_or(QueryError::Unknown)?;
            if seen.contains(&name) {
                return Err(QueryError::Repeated(name));
            }
            seen.push(name);
            query.set(name, value.as_ref(), iris)?;
        }
        for single in ["statementId", "voidedStatementId"] {
            if seen.contains(&single)
                && let Some(other) = seen.iter().find(|n| ![single, "attachments", "format"].contains(*n))
            {
                return Err(QueryError::Excluded(other, single));
            }
        }
        Ok(query)
    }

    fn set(&mut self, name: &'static str, value: &str, iris: Iris) -> Result<(), QueryError> {
        let malformed = |expected: &str| QueryError::Malformed { name, expected: expected.to_owned() };
        let uuid = || lexical::uuid(value).ok_or_else(|| malformed("a UUID in its standard form"));
        let iri = || match iris.take(value) {
            true => Ok(value.to_owned()),
            false => Err(malformed("an absolute IRI")),
        };
        let boolean = || boolean(value).ok_or_else(|| malformed("true or false"));
        // `stored` has microseconds: what comes after an instant comes after it cut to them, too.
        let instant = || match time::parse_parameter(value) {
            Some(at) => Ok(at.micros),
            None => Err(malformed("a date and time of ISO 8601 whose zone, if any, is known")),
        };
        match name {
            "statementId" => self.statement_id = Some(uuid()?),
            "voidedStatementId" => self.voided_statement_id = Some(uuid()?),
            "registration" => self.registration = Some(uuid()?),
            "agent" => {
                let agent = parse::agent(value).map_err(|fault| QueryError::Malformed {
                    name,
                    expected: format!(
                        "an agent or an identified group as JSON; at \"{}\": {}",
                        fault.path, fault.expected
                    ),
                })?;
                self.agent = Some(agent);
            }
            "verb" => self.verb = Some(iri()?),
            "activity" => self.activity = Some(iri()?),
            "related_activities" => self.related_activities = boolean()?,
            "related_agents" => self.related_agents = boolean()?,
            "attachments" => self.attachments = boolean()?,
            "ascending" => self.ascending = boolean()?,
            "since" => self.since = Some(instant()?),
            "until" => self.until = Some(instant()?),
            "limit" => {
                let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                let limit = if digits {
                    value.parse().unwrap_or(u64::MAX)
                } else {
                    return Err(malformed("a whole number"));
                };
                self.limit = Some(limit).filter(|n| *n > 0);
            }
            _ => {
                self.format = Format::from_name(value).ok_or_else(|| malformed("ids, exact or canonical"))?
            }
        }
        Ok(())
    }
}

/// A boolean as clients write it: Python has `True`, PHP `1`.
fn boolean(value: &str) -> Option<bool> {
    match value {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ if value.eq_ignore_ascii_case("true") => Some(true),
        _ if value.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The parameters of `GET /statements`.
pub const NAMES: [&str; 14] = [
    "statementId",
    "voidedStatementId",
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "format",
    "attachments",
    "ascending",
];

impl Format {
    /// The format that the standard writes this way.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ids" => Some(Self::Ids),
            "exact" => Some(Self::Exact),
            "canonical" => Some(Self::Canonical),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "8f87ccde-bb56-4c2e-ab83-44982ef22df0";

    fn parse(pairs: &[(&str, &str)]) -> Result<StatementQuery, QueryError> {
        StatementQuery::parse(pairs.iter().copied(), Iris::Strict)
    }

    #[test]
    fn every_parameter_is_read() {
        let query = parse(&[
            ("agent", r#"{"objectType":"Group","account":{"homePage":"https://e.org","name":"7 a"}}"#),
            ("verb", "http://e.org/v"),
            ("activity", "http://e.org/å"),
            ("registration", &ID.to_uppercase()),
            ("related_activities", "true"),
            ("related_agents", "false"),
            ("since", "2026-03-01T09:30:00.1234569+01:00"),
            ("until", "2026-03-02T00:00:00Z"),
            ("limit", "25"),
            ("format", "ids"),
            ("attachments", "true"),
            ("ascending", "true"),
        ]);
        assert_eq!(
            query,
            Ok(StatementQuery {
                agent: Some(Identifier::Account { home_page: "https://e.org".into(), name: "7 a".into() }),
                verb: Some("http://e.org/v".into()),
                activity: Some("http://e.org/å".into()),
                registration: lexical::uuid(ID),
                related_activities: true,
                since: Some(1_772_353_800_123_456),
                until: Some(1_772_409_600_000_000),
                limit: Some(25),
                format: Format::Ids,
                attachments: true,
                ascending: true,
                ..StatementQuery::default()
            })
        );
        assert_eq!(parse(&[]), Ok(StatementQuery::default()));
        assert_eq!(parse(&[("limit", "0")]), Ok(StatementQuery::default()));
    }

    #[test]
    fn one_statement_is_asked_for_by_id_and_nothing_but_its_form() {
        assert!(parse(&[("statementId", ID), ("format", "canonical"), ("attachments", "false")]).is_ok());
        for other in [
            "agent",
            "verb",
            "activity",
            "registration",
            "since",
            "until",
            "limit",
            "ascending",
            "related_agents",
        ] {
            let value = match other {
                "agent" => r#"{"mbox":"mailto:a@b.se"}"#,
                "verb" | "activity" => "http://e.org/v",
                "registration" => ID,
                "since" | "until" => "2026-03-01T00:00:00Z",
                "limit" => "1",
                _ => "true",
            };
            for id in ["statementId", "voidedStatementId"] {
                assert!(
                    matches!(parse(&[(other, value), (id, ID)]), Err(QueryError::Excluded(..))),
                    "{other} {id}"
                );
            }
        }
        assert!(matches!(
            parse(&[("statementId", ID), ("voidedStatementId", ID)]),
            Err(QueryError::Excluded(..))
        ));
    }

    #[test]
    fn values_are_read_as_clients_write_them() {
        for (value, meant) in [
            ("true", true),
            ("True", true),
            ("TRUE", true),
            ("1", true),
            ("false", false),
            ("False", false),
            ("0", false),
        ] {
            let query = parse(&[("attachments", value), ("ascending", value), ("related_agents", value)]);
            let query = query.unwrap();
            assert_eq!([query.attachments, query.ascending, query.related_agents], [meant; 3], "{value}");
        }
        let plain = parse(&[("since", "2026-03-01T00:00:00Z"), ("until", "2026-03-01T00:00:00Z")]);
        for value in ["2026-03-01 00:00:00", "2026-03-01T02:00:00 02:00"] {
            assert_eq!(parse(&[("since", value), ("until", value)]), plain, "{value}");
        }
    }

    #[test]
    fn what_has_not_its_form_is_refused_without_repeating_it() {
        for (name, value) in [
            ("statementId", "kalle"),
            ("registration", "{8f87ccde-bb56-4c2e-ab83-44982ef22df0}"),
            ("agent", "kalle"),
            ("agent", r#"{"mbox":"mailto:kalle"}"#),
            ("agent", r#"{"objectType":"Group","member":[{"mbox":"mailto:kalle@b.se"}]}"#),
            ("agent", r#"{"mbox":"mailto:kalle@b.se","kalle":1}"#),
            ("verb", "kalle"),
            ("activity", ""),
            ("related_agents", "yes"),
            ("related_agents", ""),
            ("ascending", "2"),
            ("since", "2026-03-01"),
            ("until", "2026-03-01T00:00:00-00:00"),
            ("limit", "-1"),
            ("limit", "kalle"),
            ("limit", "1.0"),
            ("format", "Exact"),
        ] {
            let error = parse(&[(name, value)]).unwrap_err();
            assert!(matches!(&error, QueryError::Malformed { name: n, .. } if *n == name), "{name} {value}");
            assert!(!error.to_string().contains("kalle"), "{error}");
        }
        for unknown in ["StatementId", "statementid", "more", "", "method", "kalle"] {
            assert_eq!(parse(&[(unknown, "x")]), Err(QueryError::Unknown));
        }
        assert_eq!(parse(&[("limit", "1"), ("limit", "1")]), Err(QueryError::Repeated("limit")));
    }

    proptest! {
        #[test]
        fn reading_never_panics(pairs in prop::collection::vec((prop_oneof![".{0,8}", prop::sample::select(&NAMES[..]).prop_map(str::to_owned)], ".{0,30}"), 0..4)) {
            let _ = StatementQuery::parse(pairs, Iris::Lenient);
        }
    }
}

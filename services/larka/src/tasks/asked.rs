//! What a report is asked for with: by flags, and by a definition, which is a file of the same.

use std::path::Path;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use disclosure::{Lang, Strata};
use render::{Format, Part};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Value;

use crate::failure::Failure;

/// What is asked for; what is not said is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Asked {
    /// Which report
    #[arg(value_enum, required_unless_present = "definition")]
    pub(crate) report: Option<Kind>,
    /// Form of the file [default: html]
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<Format>,
    /// Language: sv or en [default: sv]
    #[arg(long, value_enum)]
    pub(crate) lang: Option<Language>,
    /// Part of the organisation, by its code
    #[arg(long, value_name = "CODE")]
    pub(crate) unit: Option<String>,
    /// Kinds of units that have rows of their own, below the one that it is about [default: all]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub(crate) kinds: Option<Vec<String>>,
    /// Sections, by their ids in JSON and CSV [default: all]
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) sections: Option<Vec<String>>,
    /// Log position that it is made from [default: the end of the log]
    #[arg(long, value_name = "POSITION")]
    pub(crate) at: Option<u64>,
    /// Date that it is about, YYYY-MM-DD [default: the day of the latest statement]
    #[arg(long, value_name = "DATE")]
    #[serde(deserialize_with = "date")]
    pub(crate) as_of: Option<String>,
    /// Framework of a competence report: digcomp-3.0, digcomp-2.2 or digcompedu [default: digcomp-3.0]
    #[arg(long, value_name = "ID")]
    pub(crate) framework: Option<String>,
    /// Earlier date that competence is compared with, YYYY-MM-DD: who stayed, and their levels then and now
    #[arg(long, value_name = "DATE")]
    #[serde(deserialize_with = "date")]
    pub(crate) since: Option<String>,
    /// Round of a survey, by its id [default: the newest whose answers are let out]
    #[arg(long, value_name = "ID")]
    pub(crate) round: Option<String>,
    /// Parts of groups by which a survey's answers are weighted against non-response: unit (the units right below) or role [default: none]
    #[arg(long, value_parser = strata())]
    pub(crate) weights: Option<Strata>,
    /// Rules of disclosure: gavle, gavle-held (no two releases differ by a few), skolenkaten or default [default: gavle]
    #[arg(long, value_name = "PRESET")]
    pub(crate) preset: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Digital competence: levels per competence, area and unit
    Competence,
    /// One round of a survey
    Survey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    Sv,
    En,
}

impl Kind {
    /// Its name in flags, definitions and addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Competence => "competence",
            Self::Survey => "survey",
        }
    }
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Sv => Lang::Sv,
            Language::En => Lang::En,
        }
    }
}

impl Asked {
    /// This, and where it says nothing what a definition says.
    ///
    /// # Errors
    /// The file cannot be read, or is no definition: where, and what was expected.
    pub(crate) fn or_as_defined(self, file: &Path) -> Result<Self, Failure> {
        let wrong =
            |error: &str| Failure::new(format!("the definition {}: {}", file.display(), error.trim_end()));
        let text = std::fs::read_to_string(file).map_err(|error| wrong(&error.to_string()))?;
        Ok(self.or(Self::read(&text).map_err(|error| wrong(&error))?))
    }

    /// What a definition's text says, which has to say which report.
    ///
    /// # Errors
    /// It is no definition: where, and what was expected.
    pub(crate) fn defined(text: &str) -> Result<Self, String> {
        let defined = Self::read(text)?;
        match defined.report {
            Some(_) => Ok(defined),
            None => Err("report = \"competence\" or \"survey\"".to_owned()),
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// What of the report is looked at.
    pub(crate) fn part(&self) -> Part {
        Part { unit: self.unit.clone(), kinds: self.kinds.clone(), sections: self.sections.clone() }
    }

    fn or(self, other: Self) -> Self {
        Self {
            report: self.report.or(other.report),
            format: self.format.or(other.format),
            lang: self.lang.or(other.lang),
            unit: self.unit.or(other.unit),
            kinds: self.kinds.or(other.kinds),
            sections: self.sections.or(other.sections),
            at: self.at.or(other.at),
            as_of: self.as_of.or(other.as_of),
            framework: self.framework.or(other.framework),
            since: self.since.or(other.since),
            round: self.round.or(other.round),
            weights: self.weights.or(other.weights),
            preset: self.preset.or(other.preset),
        }
    }
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .try_map(|name| Format::named(&name).ok_or("none of the forms of a report"))
}

fn strata() -> impl clap::builder::TypedValueParser<Value = Strata> {
    PossibleValuesParser::new(Strata::ALL.map(Strata::name))
        .try_map(|name| Strata::named(&name).ok_or("unit or role"))
}

/// A date as TOML has them, or as text.
fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::<Value>::deserialize(from)?
        .map(|value| match value {
            Value::String(text) => Ok(text),
            Value::Datetime(date) => Ok(date.to_string()),
            _ => Err(D::Error::custom("expected a date as YYYY-MM-DD")),
        })
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Asked, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        std::fs::write(&file, text).unwrap();
        let flags = Asked { format: Some(Format::Csv), ..Asked::default() };
        flags.or_as_defined(&file).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_definition_says_what_flags_do_not() {
        let text = "report = \"survey\"\nround = \"r1\"\nunit = \"0180\"\nformat = \"xlsx\"\nlang = \"en\"\n\
                    as-of = 2026-06-12\nsections = [\"response-rate\"]\nkinds = [\"skola\"]\npreset = \"gavle\"\nat = 7\n\
                    framework = \"digcomp-2.2\"\nsince = 2025-06-12\nweights = \"role\"\n";
        let of = |text: &str| Some(text.to_owned());
        let asked = Asked {
            report: Some(Kind::Survey),
            format: Some(Format::Csv),
            lang: Some(Language::En),
            unit: of("0180"),
            kinds: Some(vec!["skola".to_owned()]),
            sections: Some(vec!["response-rate".to_owned()]),
            at: Some(7),
            as_of: of("2026-06-12"),
            framework: of("digcomp-2.2"),
            since: of("2025-06-12"),
            round: of("r1"),
            weights: Some(Strata::Role),
            preset: of("gavle"),
        };
        assert_eq!(read(text), Ok(asked.clone()));
        assert_eq!(read(&text.replace("2026-06-12", "\"2026-06-12\"")), Ok(asked));
    }

    #[test]
    fn what_is_no_definition_is_refused_by_line_and_name() {
        let wrong = read("report = \"survey\"\nsection = []\n").unwrap_err();
        assert!(
            wrong.contains("line 2") && wrong.contains("section") && wrong.contains("sections"),
            "{wrong}"
        );
        let wrong = read("report = \"progress\"\n").unwrap_err();
        assert!(wrong.contains("line 1") && wrong.contains("competence"), "{wrong}");
        let missing = Asked::default().or_as_defined(Path::new("no-such.toml")).unwrap_err().to_string();
        assert!(missing.contains("no-such.toml"), "{missing}");
    }
}

//! The pages by name, and how a text is chosen by language.

use disclosure::Lang;

/// The Swedish or the English of two texts.
pub(crate) fn t<'a>(lang: Lang, sv: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Sv => sv,
        Lang::En => en,
    }
}

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Overview,
    Competence,
    Survey,
    Sources,
    System,
}

impl Page {
    /// In the order of the navigation.
    pub(crate) const ALL: [Self; 5] =
        [Self::Overview, Self::Competence, Self::Survey, Self::Sources, Self::System];

    /// Its path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Competence => "/reports/competence",
            Self::Survey => "/reports/survey",
            Self::Sources => "/sources",
            Self::System => "/system",
        }
    }

    /// Its address in a language.
    pub(crate) fn href(self, lang: Lang) -> String {
        match lang {
            Lang::Sv => self.path().to_owned(),
            Lang::En => format!("{}?lang=en", self.path()),
        }
    }

    /// The report that it shows, as the API names it.
    pub(crate) fn kind(self) -> &'static str {
        if self == Self::Survey { "survey" } else { "competence" }
    }

    /// Its title.
    pub(crate) fn title(self, lang: Lang) -> &'static str {
        match self {
            Self::Overview => t(lang, "Översikt", "Overview"),
            Self::Competence => t(lang, "Digital kompetens", "Digital competence"),
            Self::Survey => t(lang, "Enkäter", "Surveys"),
            Self::Sources => t(lang, "Datakällor", "Data sources"),
            Self::System => t(lang, "Drift", "System"),
        }
    }
}

/// What follows the log, in a reader's words; a name that is not known here as it is.
pub(crate) fn follower(name: &str, lang: Lang) -> &str {
    match name {
        "statement_index" => t(lang, "Sökregister över händelser", "Index of statements"),
        "progress" => t(lang, "Genomförda kurser", "Progress in courses"),
        "competence" => t(lang, "Underlag om kompetens", "Evidence of competence"),
        "lake" => t(lang, "Rapportunderlag", "Basis of reports"),
        other => other,
    }
}

/// A value in the query part of an address.
pub(crate) fn escape(value: &str) -> String {
    use std::fmt::Write;
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

//! Texts that come with the data (titles, names), in the languages they exist in.

use serde::{Deserialize, Serialize};

/// A language that readers can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Swedish, the first language of everything that users read.
    Sv,
    /// English.
    En,
}

impl Lang {
    /// The language's tag as in BCP 47: `sv` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Sv => "sv",
            Lang::En => "en",
        }
    }
}

/// A text in Swedish, and in English where somebody has written it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The Swedish text.
    pub sv: String,
    /// The English text, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl Text {
    /// A text in both languages.
    pub fn new(sv: impl Into<String>, en: impl Into<String>) -> Text {
        Text { sv: sv.into(), en: Some(en.into()) }
    }

    /// A text that exists in Swedish only, such as the name of a school.
    pub fn sv(sv: impl Into<String>) -> Text {
        Text { sv: sv.into(), en: None }
    }

    /// The text in `lang`, or in Swedish where `lang` is missing.
    pub fn get(&self, lang: Lang) -> &str {
        self.get_with_lang(lang).0
    }

    /// The text and the language that it really is in, for `lang` attributes.
    pub fn get_with_lang(&self, lang: Lang) -> (&str, Lang) {
        match (lang, &self.en) {
            (Lang::En, Some(en)) => (en, Lang::En),
            _ => (&self.sv, Lang::Sv),
        }
    }
}

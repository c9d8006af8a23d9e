//! How a text is chosen by language, and how addresses carry language and values.

use disclosure::Lang;
use serde::Deserialize;

/// The Swedish or the English of two texts.
pub(crate) fn t<'a>(lang: Lang, sv: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Sv => sv,
        Lang::En => en,
    }
}

/// The other language.
pub(crate) fn other(lang: Lang) -> Lang {
    match lang {
        Lang::Sv => Lang::En,
        Lang::En => Lang::Sv,
    }
}

/// The language that `lang=…` in an address asks for: Swedish unless English.
pub(crate) fn lang_named(name: Option<&str>) -> Lang {
    if name == Some("en") { Lang::En } else { Lang::Sv }
}

/// What may stand behind the address of a page that asks for nothing but a language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spoken {
    lang: Option<String>,
}

impl Spoken {
    /// The language; Swedish unless asked otherwise.
    pub(crate) fn lang(&self) -> Lang {
        lang_named(self.lang.as_deref())
    }
}

/// A path in a language.
pub(crate) fn in_language(path: &str, lang: Lang) -> String {
    match lang {
        Lang::Sv => path.to_owned(),
        Lang::En => format!("{path}?lang=en"),
    }
}

/// The address where everybody begins.
pub(crate) fn home(lang: Lang) -> String {
    in_language("/", lang)
}

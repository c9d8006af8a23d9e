//! In which language something is said: the respondent's for what the author wrote, Swedish or English for what Lärka says.

use forms::{Lang, Localised};
use maud::{Markup, html};

/// Languages written from right to left.
const RIGHT_TO_LEFT: [&str; 11] = ["ar", "arc", "ckb", "dv", "fa", "he", "prs", "ps", "sd", "ur", "yi"];

/// The language of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tongue<'a> {
    /// Its tag.
    pub(crate) tag: &'a str,
    /// The language of the author's texts that name none.
    own: &'a str,
}

impl<'a> Tongue<'a> {
    pub(crate) fn new(tag: &'a str, own: &'a str) -> Self {
        Self { tag, own }
    }

    /// Which way it is written.
    pub(crate) fn dir(&self) -> &'static str {
        direction(self.tag)
    }

    /// The language of what Lärka says.
    pub(crate) fn lang(&self) -> Lang {
        if base(self.tag) == "sv" { Lang::Sv } else { Lang::En }
    }

    /// What Lärka says, as a bare text.
    pub(crate) fn bare<T>(&self, sv: T, en: T) -> T {
        match self.lang() {
            Lang::Sv => sv,
            Lang::En => en,
        }
    }

    /// What Lärka says; marked where the page is in another language.
    pub(crate) fn words(&self, sv: &str, en: &str) -> Markup {
        self.marked("en", self.bare(sv, en), matches!(base(self.tag), "sv" | "en"))
    }

    /// What the author wrote; marked where it is not in the page's language.
    pub(crate) fn said(&self, text: &Localised) -> Markup {
        let own = base(self.own) == base(self.tag);
        if own || text.by_language.contains_key(self.tag) || text.by_language.contains_key(base(self.tag)) {
            return html! { (text.get(self.tag)) };
        }
        let first = text.by_language.keys().next().map_or(self.own, String::as_str);
        let language = if text.default.is_empty() { first } else { self.own };
        self.marked(language, text.get(self.tag), false)
    }

    /// What the author wrote, or Lärka's own label in his place, which is English where it is in no language of the page.
    pub(crate) fn label(&self, text: &Localised) -> Markup {
        let known = |tag: &str| text.by_language.contains_key(tag);
        if known("en") && known("sv") && !known(self.tag) && !known(base(self.tag)) {
            return self.marked("en", text.get("en"), false);
        }
        self.said(text)
    }

    /// The language of [`Tongue::words`] as an attribute, where the page is in another.
    pub(crate) fn marked(&self, language: &str, text: &str, same: bool) -> Markup {
        html! {
            @if same || text.is_empty() { (text) }
            @else { span lang=(language) dir=(direction(language)) { (text) } }
        }
    }
}

/// Which way a language is written.
pub(crate) fn direction(tag: &str) -> &'static str {
    if RIGHT_TO_LEFT.contains(&base(tag)) { "rtl" } else { "ltr" }
}

/// A language's own name where it is known here, or its tag.
pub(crate) fn name(tag: &str) -> &str {
    const NAMES: [(&str, &str); 24] = [
        ("sv", "Svenska"),
        ("en", "English"),
        ("ar", "العربية"),
        ("bs", "Bosanski"),
        ("ckb", "کوردیی ناوەندی"),
        ("da", "Dansk"),
        ("de", "Deutsch"),
        ("es", "Español"),
        ("fa", "فارسی"),
        ("fi", "Suomi"),
        ("fr", "Français"),
        ("fit", "Meänkieli"),
        ("hr", "Hrvatski"),
        ("ku", "Kurdî"),
        ("nb", "Norsk"),
        ("pl", "Polski"),
        ("prs", "دری"),
        ("ru", "Русский"),
        ("se", "Davvisámegiella"),
        ("so", "Soomaali"),
        ("sr", "Srpski"),
        ("ti", "ትግርኛ"),
        ("tr", "Türkçe"),
        ("uk", "Українська"),
    ];
    NAMES.iter().find(|(known, _)| *known == tag).map_or(tag, |(_, name)| name)
}

/// A tag without its region.
pub(crate) fn base(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

/// The first of some languages that a browser wants (`Accept-Language`), or the first of them.
pub(crate) fn wanted<'a>(languages: &'a [String], accepts: &str) -> &'a str {
    let mut asked: Vec<(&str, f32)> = accepts
        .split(',')
        .take(20)
        .map(|part| match part.split_once(";q=") {
            Some((tag, weight)) => (tag.trim(), weight.trim().parse().unwrap_or(0.0)),
            None => (part.trim(), 1.0),
        })
        .collect();
    asked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let alike = |tag: &str, known: &str| known.eq_ignore_ascii_case(tag) || base(known) == base(tag);
    let found = asked.iter().find_map(|(tag, _)| languages.iter().find(|known| alike(tag, known)));
    found.or(languages.first()).map_or("sv", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(default: &str, others: &[(&str, &str)]) -> Localised {
        let by_language = others.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect();
        Localised { default: default.to_owned(), by_language }
    }

    #[test]
    fn what_is_not_in_the_pages_language_says_which_it_is_in() {
        let arabic = Tongue::new("ar", "sv");
        assert_eq!(arabic.dir(), "rtl");
        let asked = text("Hej", &[("ar", "مرحبا")]);
        assert_eq!(arabic.said(&asked).into_string(), "مرحبا");
        assert_eq!(arabic.said(&text("Hej", &[])).into_string(), r#"<span lang="sv" dir="ltr">Hej</span>"#);
        assert_eq!(
            arabic.label(&text("Ja", &[("sv", "Ja"), ("en", "Yes")])).into_string(),
            r#"<span lang="en" dir="ltr">Yes</span>"#
        );
        assert_eq!(arabic.words("Nästa", "Next").into_string(), r#"<span lang="en" dir="ltr">Next</span>"#);
        assert_eq!(Tongue::new("sv-FI", "sv").words("Nästa", "Next").into_string(), "Nästa");
    }

    #[test]
    fn the_browsers_languages_choose_among_the_surveys() {
        let languages: Vec<String> = ["sv", "en", "ar"].map(str::to_owned).into();
        for (accepts, wanted_is) in [
            ("en-GB,en;q=0.9", "en"),
            ("de, ar;q=0.4, en;q=0.5", "en"),
            ("so", "sv"),
            ("", "sv"),
            ("AR-sy", "sv"),
            ("ar-SY", "ar"),
        ] {
            assert_eq!(wanted(&languages, accepts), wanted_is, "{accepts}");
        }
    }
}

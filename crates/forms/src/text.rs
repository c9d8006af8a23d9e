//! Texts of an author in several languages.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

/// A text with each letter in one piece: `e` and an accent are `é`.
pub(crate) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// What names are told apart by: not by case, nor by how their letters are composed but for those that were `registered`.
pub(crate) fn alike(name: &str, registered: bool) -> String {
    if registered { name.to_lowercase() } else { composed(name).to_lowercase() }
}

/// How many letters two short names differ by; more than 2 is any greater number.
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 2 {
        return 3;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = corner + usize::from(a != b);
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row.last().copied().unwrap_or(3)
}

/// What stands in braces in a text: `{name}`, and `${name}` as sheets write it.
pub(crate) fn in_braces(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.match_indices('{').filter_map(|(at, _)| {
        let (before, inside) = (&text[..at], &text[at + 1..]);
        let name = inside[..inside.find('}')?].trim();
        (!name.is_empty() && !name.contains('{')).then(|| (before.ends_with('$'), name))
    })
}

/// A text with its languages: what SurveyJS writes as `"text"` or `{"default": "text", "sv": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Localised {
    /// In the definition's own language.
    pub default: String,
    /// In others, by language tag.
    pub by_language: BTreeMap<String, String>,
}

impl Localised {
    /// A text without translations.
    pub fn plain(text: impl Into<String>) -> Localised {
        Localised { default: text.into(), by_language: BTreeMap::new() }
    }

    /// The text in a language: that language's, that of the language without its region (`sv` for `sv-FI`), the
    /// definition's own, or else the first there is.
    pub fn get(&self, language: &str) -> &str {
        let base = language.split('-').next().unwrap_or(language);
        let found = [language, base].iter().find_map(|tag| self.by_language.get(*tag));
        match found {
            Some(text) => text,
            None if self.default.is_empty() => self.by_language.values().next().map_or("", String::as_str),
            None => &self.default,
        }
    }

    /// Whether there is no text in any language.
    pub fn is_empty(&self) -> bool {
        self.default.is_empty() && self.by_language.values().all(String::is_empty)
    }

    /// All texts with their languages; the definition's own has none.
    pub fn all(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let own = (!self.default.is_empty()).then_some((None, self.default.as_str()));
        own.into_iter().chain(self.by_language.iter().map(|(tag, text)| (Some(tag.as_str()), text.as_str())))
    }
}

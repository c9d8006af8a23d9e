//! The order of letters: as Swedish has it, by CLDR's collation (`icu_collator`).

use std::sync::LazyLock;

use icu_collator::{CollatorBorrowed, CollatorPreferences, options::CollatorOptions};
use icu_locale_core::locale;

/// Swedish: å, ä and ö after z, é beside e, ü beside y, capitals beside small letters.
static SWEDISH: LazyLock<Option<CollatorBorrowed<'static>>> = LazyLock::new(|| {
    let swedish = CollatorPreferences::from(locale!("sv"));
    CollatorBorrowed::try_new(swedish, CollatorOptions::default()).ok()
});

/// A key by whose bytes names sort the Swedish way. Without the collation's data, which comes with the
/// program, it is the name's own bytes.
pub(super) fn swedish(name: &str) -> Vec<u8> {
    let mut key = Vec::new();
    match SWEDISH.as_ref().map(|order| order.write_sort_key_to(name, &mut key)) {
        Some(Ok(())) => key,
        _ => name.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_swedish_order() {
        let right = [
            "andersberg",
            "Andersberg",
            "Bomhus",
            "Éden",
            "Edsken",
            "Hemlingby",
            "Valbo",
            "Vallbacken",
            "Wij",
            "Yrsa",
            "Üsing",
            "Zinka",
            "Åbyggeby",
            "Älvkarleby",
            "Ängen",
            "Öster",
            "Österbågen",
        ];
        let mut names = right;
        names.reverse();
        names.sort_by_cached_key(|name| swedish(name));
        assert_eq!(names, right);
    }
}

//! Numbers and dates as readers see them. Values are rounded in one place, `disclosure::Ratio::round`.

use disclosure::{Lang, Ratio, Rounded};

/// Groups of three digits stand apart by a no-break space, in both languages.
const NO_BREAK: char = '\u{a0}';

/// The character before decimals.
pub(crate) fn decimal_mark(lang: Lang) -> char {
    match lang {
        Lang::Sv => ',',
        Lang::En => '.',
    }
}

/// A whole number with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(NO_BREAK);
        }
        text.push(digit);
    }
    text
}

/// `part` of `of` in whole percent, half up; an en dash where it is of nobody.
pub fn percent(part: u64, of: u64, lang: Lang) -> String {
    match whole_percent(part, of) {
        Some(number) => percent_sign(&number.to_string(), lang),
        None => "\u{2013}".into(),
    }
}

/// The same without its sign, for labels on marks.
pub(crate) fn whole_percent(part: u64, of: u64) -> Option<i128> {
    Ratio::new(part.into(), of.into()).map(|ratio| ratio.round_percent(0).scaled)
}

/// A number with the language's per cent sign.
pub(crate) fn percent_sign(number: &str, lang: Lang) -> String {
    match lang {
        Lang::Sv => format!("{number}{NO_BREAK}%"),
        Lang::En => format!("{number}%"),
    }
}

/// A mean of `n` people: no decimals under 100 people, one from there on, so that it says no more than it knows.
pub fn mean(value: Ratio, n: u64, lang: Lang) -> String {
    value.round(if n < 100 { 0 } else { 1 }).to_text(decimal_mark(lang))
}

/// A difference, with its sign before it also where it is positive.
pub(crate) fn signed(number: Rounded, lang: Lang) -> String {
    let text = number.to_text(decimal_mark(lang));
    if number.scaled > 0 { format!("+{text}") } else { text }
}

/// From one number to another; where one has a sign a dash between them would be read as another.
pub(crate) fn range(low: &str, high: &str, lang: Lang) -> String {
    let is_signed = [low, high].iter().any(|text| text.starts_with(['+', '\u{2212}']));
    match (is_signed, lang) {
        (false, _) => format!("{low}\u{2013}{high}"),
        (true, Lang::Sv) => format!("{low} till {high}"),
        (true, Lang::En) => format!("{low} to {high}"),
    }
}

/// A date `YYYY-MM-DD` in words; anything else as it is.
pub fn date(iso: &str, lang: Lang) -> String {
    const SV: [&str; 12] = [
        "januari",
        "februari",
        "mars",
        "april",
        "maj",
        "juni",
        "juli",
        "augusti",
        "september",
        "oktober",
        "november",
        "december",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let parts: Vec<&str> = iso.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return iso.to_owned() };
    let (Ok(month), Ok(day)) = (month.parse::<usize>(), day.parse::<u8>()) else { return iso.to_owned() };
    let names = match lang {
        Lang::Sv => SV,
        Lang::En => EN,
    };
    match names.get(month.wrapping_sub(1)) {
        Some(name) => format!("{day}{NO_BREAK}{name}{NO_BREAK}{year}"),
        None => iso.to_owned(),
    }
}

/// A text with every date `YYYY-MM-DD` in it written out.
pub(crate) fn dates_in(text: &str, lang: Lang) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(['(', ')', '.', ',', ':', ';']);
        if bare.len() == "YYYY-MM-DD".len() {
            word.replacen(bare, &date(bare, lang), 1)
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart_and_percentages_round_half_up() {
        assert_eq!(count(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(count(123), "123");
        assert_eq!(percent(1, 8, Lang::Sv), "13\u{a0}%");
        assert_eq!(percent(1, 8, Lang::En), "13%");
        assert_eq!(percent(0, 0, Lang::Sv), "\u{2013}");
    }

    #[test]
    fn decimals_begin_at_a_hundred_people() {
        let value = Ratio::new(31, 8).unwrap();
        assert_eq!(mean(value, 99, Lang::Sv), "4");
        assert_eq!(mean(value, 100, Lang::Sv), "3,9");
        assert_eq!(mean(value, 100, Lang::En), "3.9");
    }

    #[test]
    fn a_difference_has_its_sign_and_is_not_taken_for_a_range() {
        let number = |value: i64| signed(Ratio::whole(value).round(0), Lang::Sv);
        assert_eq!([number(3), number(0), number(-2)], ["+3", "0", "\u{2212}2"]);
        assert_eq!(range(&number(-2), &number(3), Lang::Sv), "\u{2212}2 till +3");
        assert_eq!(range("62", "79", Lang::Sv), "62\u{2013}79");
    }

    #[test]
    fn a_date_is_written_out_and_anything_else_left_alone() {
        assert_eq!(date("2026-06-02", Lang::Sv), "2\u{a0}juni\u{a0}2026");
        assert_eq!(date("2026-13-02", Lang::Sv), "2026-13-02");
        assert_eq!(date("i går", Lang::Sv), "i går");
        assert_eq!(dates_in("läget 2026-06-02", Lang::En), "läget 2\u{a0}June\u{a0}2026");
    }
}

//! What the made-up municipality teaches and asks: texts and structure, no chance.

pub(crate) mod courses;
pub(crate) mod paths;
pub(crate) mod surveys;

/// A text in Swedish and English.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    pub(crate) sv: &'static str,
    pub(crate) en: &'static str,
}

/// Short for a text.
pub(crate) const fn t(sv: &'static str, en: &'static str) -> Text {
    Text { sv, en }
}

/// What a course's part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Video,
    Text,
    Quiz,
}

/// A course as it was made centrally.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) slug: &'static str,
    pub(crate) title: Text,
    pub(crate) about: Text,
    /// How many take it, against others.
    pub(crate) pull: f64,
    pub(crate) audience: Audience,
    pub(crate) parts: &'static [Part],
    /// Claims that its quizzes ask about, and whether each is true.
    pub(crate) claims: &'static [(Text, bool)],
}

/// Who a course is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Everybody has to take it on arrival.
    Newcomers,
    /// Every employee has to take it during the year.
    EveryEmployee,
    /// Whoever meets pupils or their data has to take it.
    Educators,
    /// Those who want to.
    Staff,
    /// Principals and those who lead development; others rarely.
    Leaders,
    Pupils,
}

/// A part of a course.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) slug: &'static str,
    pub(crate) kind: Kind,
    pub(crate) title: Text,
    pub(crate) minutes: u32,
    /// What passing it shows.
    pub(crate) shows: &'static [Shows],
}

/// What passing a quiz shows: a competence at a level or an interval of levels (1 to 8).
#[derive(Debug)]
pub(crate) struct Shows {
    pub(crate) competence: &'static str,
    pub(crate) low: u8,
    pub(crate) high: u8,
    /// Thousandths.
    pub(crate) weight: u32,
    /// Months; 0 stands for "for good".
    pub(crate) months: u32,
}

pub(crate) const fn video(slug: &'static str, title: Text, minutes: u32) -> Part {
    Part { slug, kind: Kind::Video, title, minutes, shows: &[] }
}

pub(crate) const fn text(slug: &'static str, title: Text, minutes: u32) -> Part {
    Part { slug, kind: Kind::Text, title, minutes, shows: &[] }
}

pub(crate) const fn quiz(slug: &'static str, title: Text, minutes: u32, shows: &'static [Shows]) -> Part {
    Part { slug, kind: Kind::Quiz, title, minutes, shows }
}

pub(crate) const fn shows(competence: &'static str, low: u8, high: u8) -> Shows {
    Shows { competence, low, high, weight: 1000, months: 24 }
}

/// The 21 competences of DigComp 3.0, in order.
pub(crate) const COMPETENCES: [&str; 21] = [
    "1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "3.1", "3.2", "3.3", "3.4", "4.1", "4.2",
    "4.3", "4.4", "5.1", "5.2", "5.3", "5.4",
];

/// How far people lie above the middle in each competence (deviations): most write messages, few write programs.
pub(crate) const EASE: [f64; 21] = [
    0.35, 0.05, 0.15, 0.6, 0.4, -0.2, 0.3, 0.1, -0.25, 0.25, -0.1, -0.4, -1.1, 0.1, -0.15, 0.2, -0.45, -0.05,
    -0.1, -0.35, 0.0,
];

/// The place of a competence among the 21; 0 for an unknown one.
pub(crate) fn competence_index(id: &str) -> usize {
    COMPETENCES.iter().position(|known| *known == id).unwrap_or(0)
}

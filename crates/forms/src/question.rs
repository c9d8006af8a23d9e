//! Questions of a definition: what is asked, and under which conditions.

use regex::Regex;
use serde_json::Value as Json;

use crate::expression::Parsed;
use crate::text::Localised;

/// A question, or a text between questions.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its name, the key of its answer.
    pub name: String,
    /// Where it stands in the definition (a JSON pointer).
    pub place: String,
    /// What is asked; the name where the author wrote none.
    pub title: Localised,
    /// What helps to answer it.
    pub description: Localised,
    /// Of which type it is.
    pub kind: Kind,
    /// When it is shown, may be answered, must be.
    pub conditions: Conditions,
    /// What an answer must satisfy.
    pub validators: Vec<Validator>,
    /// The text field beside the choices, where there is one whatever is chosen.
    pub comment: Option<Localised>,
    /// The page it stands on, by its place among the pages.
    pub page: usize,
    /// The panels it stands in, by their places among the panels, the outermost first.
    pub panels: Vec<usize>,
}

impl Question {
    /// Whether it asks for something: texts and calculations do not.
    pub fn is_asked(&self) -> bool {
        !matches!(self.kind, Kind::Html(_) | Kind::Expression(_))
    }

    /// Whether its answers are values of choices, which are compared exactly.
    pub fn has_codes(&self) -> bool {
        match &self.kind {
            Kind::Choice(_) | Kind::Matrix(_) | Kind::Ranking(_) => true,
            Kind::Rating(rating) => rating.values.iter().any(|choice| choice.value.is_string()),
            _ => false,
        }
    }

    /// The choices, columns or values that an answer is made of, special ones included.
    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::Choice(choice) => &choice.choices,
            Kind::Ranking(ranking) => &ranking.choices,
            Kind::Rating(rating) => &rating.values,
            Kind::Matrix(matrix) => &matrix.columns,
            _ => &[],
        }
    }

    /// The rows of a matrix.
    pub fn rows(&self) -> &[Choice] {
        if let Kind::Matrix(matrix) = &self.kind { &matrix.rows } else { &[] }
    }

    /// The key of the text beside the choices.
    pub fn comment_key(&self) -> String {
        format!("{}-Comment", self.name)
    }

    /// Whether a text may stand beside the answer.
    pub fn takes_comment(&self) -> bool {
        self.comment.is_some() || self.choices().iter().any(|choice| choice.special == Some(Special::Other))
    }
}

/// An expression in its definition.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The expression.
    pub parsed: Parsed,
    /// What each of its names is, in their order.
    pub refs: Vec<Ref>,
    /// Where it stands in the definition (a JSON pointer).
    pub place: String,
}

impl Condition {
    /// Whether it says that the answer to a question is a whole number.
    pub(crate) fn asks_for_whole(&self, question: usize) -> bool {
        let name = self.parsed.node.whole().and_then(|name| self.refs.get(name));
        name == Some(&Ref::Answer(question))
    }
}

/// The name by which conditions tell groups of respondents apart. Whoever asks puts the respondent's group beside the answers
/// under it; nobody answers it.
pub const RESPONDENT_GROUP: &str = "respondent_group";

/// What a name in an expression stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Ref {
    /// The answer to a question.
    Answer(usize),
    /// The text beside it.
    Comment(usize),
    /// The answer in a row, by the row's value.
    Row(usize, String),
    /// One of several values, by place; from the end if negative.
    Item(usize, i64),
    /// How many values or characters.
    Length(Box<Ref>),
    /// A calculated value.
    Calculated(usize),
    /// The respondent's group, [`RESPONDENT_GROUP`].
    Group,
    /// Nothing that there is.
    Unknown,
}

impl Ref {
    /// The question that it is about.
    pub fn question(&self) -> Option<usize> {
        match self {
            Ref::Answer(question)
            | Ref::Comment(question)
            | Ref::Row(question, _)
            | Ref::Item(question, _) => Some(*question),
            Ref::Length(inner) => inner.question(),
            Ref::Calculated(_) | Ref::Group | Ref::Unknown => None,
        }
    }
}

/// When something is shown, may be answered, must be.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    /// Never shown (`visible: false`).
    pub hidden: bool,
    /// Shown but never to be answered (`readOnly`).
    pub read_only: bool,
    /// Must always be answered.
    pub required: bool,
    /// Shown if.
    pub visible_if: Option<Condition>,
    /// May be answered if.
    pub enable_if: Option<Condition>,
    /// Must be answered if.
    pub required_if: Option<Condition>,
    /// What the author says to who leaves a required answer out.
    pub required_text: Option<Localised>,
}

/// The types.
#[derive(Debug, Clone)]
pub enum Kind {
    /// `radiogroup`, `dropdown`, `checkbox`, `tagbox`.
    Choice(ChoiceKind),
    /// `rating`.
    Rating(Rating),
    /// `boolean`.
    Boolean(Boolean),
    /// `text`.
    Text(TextField),
    /// `comment`.
    Comment(CommentField),
    /// `matrix`.
    Matrix(Matrix),
    /// `ranking`.
    Ranking(Ranking),
    /// `html`: cleaned of everything that is not text, headings, lists, emphasis and links.
    Html(Localised),
    /// `expression`: shows what it computes.
    Expression(Option<Condition>),
}

impl Kind {
    /// The type's name in SurveyJS.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Choice(ChoiceKind { several: false, menu: false, .. }) => "radiogroup",
            Kind::Choice(ChoiceKind { several: false, menu: true, .. }) => "dropdown",
            Kind::Choice(ChoiceKind { several: true, menu: false, .. }) => "checkbox",
            Kind::Choice(ChoiceKind { several: true, menu: true, .. }) => "tagbox",
            Kind::Rating(_) => "rating",
            Kind::Boolean(_) => "boolean",
            Kind::Text(_) => "text",
            Kind::Comment(_) => "comment",
            Kind::Matrix(_) => "matrix",
            Kind::Ranking(_) => "ranking",
            Kind::Html(_) => "html",
            Kind::Expression(_) => "expression",
        }
    }
}

/// One or several of some choices.
#[derive(Debug, Clone)]
pub struct ChoiceKind {
    /// Whether several may be chosen.
    pub several: bool,
    /// Whether it is shown as a menu.
    pub menu: bool,
    /// The choices, special ones last.
    pub choices: Vec<Choice>,
    /// At least so many; only where several may be chosen.
    pub at_least: Option<usize>,
    /// At most so many.
    pub at_most: Option<usize>,
}

/// A choice, a row or a column.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its value: a text or a number.
    pub value: Json,
    /// What is read; its value where the author wrote nothing.
    pub label: Localised,
    /// What it stands for beside others.
    pub special: Option<Special>,
    /// Offered if.
    pub visible_if: Option<Condition>,
    /// May be chosen if.
    pub enable_if: Option<Condition>,
}

impl Choice {
    /// Its value as text, which is what answers are compared by.
    pub fn code(&self) -> String {
        code(&self.value)
    }
}

/// A value as the text that it is compared by.
pub fn code(value: &Json) -> String {
    crate::values::Value::of(value, true).text()
}

/// Choices that every list may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// "Other", with a text.
    Other,
    /// "None", alone.
    NoneOfThem,
    /// "Do not know", alone.
    DontKnow,
    /// "Do not want to answer", alone.
    Refused,
}

impl Special {
    /// All of them, in the order in which they stand after the other choices.
    pub(crate) const ALL: [Special; 4] =
        [Special::NoneOfThem, Special::Refused, Special::DontKnow, Special::Other];

    /// Its value in answers.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Special::NoneOfThem => "none",
            Special::Refused => "refused",
            Special::DontKnow => "dontknow",
            Special::Other => "other",
        }
    }

    /// The properties of a question that offer it and that have its text.
    pub(crate) fn properties(self) -> (&'static str, &'static str) {
        match self {
            Special::NoneOfThem => ("showNoneItem", "noneText"),
            Special::Refused => ("showRefuseItem", "refuseText"),
            Special::DontKnow => ("showDontKnowItem", "dontKnowText"),
            Special::Other => ("showOtherItem", "otherText"),
        }
    }
}

/// A scale.
#[derive(Debug, Clone)]
pub struct Rating {
    /// Its values from left to right, each with its label.
    pub values: Vec<Choice>,
    /// What stands at its beginning.
    pub lowest: Localised,
    /// What stands at its end.
    pub highest: Localised,
}

/// Yes or no.
#[derive(Debug, Clone)]
pub struct Boolean {
    /// What is kept for yes.
    pub yes: Json,
    /// What is kept for no.
    pub no: Json,
    /// What yes is called.
    pub yes_label: Localised,
    /// What no is called.
    pub no_label: Localised,
}

/// A line to write in.
#[derive(Debug, Clone)]
pub struct TextField {
    /// What is written.
    pub input: Input,
    /// The smallest number, the first day or month.
    pub least: Option<Json>,
    /// The greatest number, the last day or month.
    pub most: Option<Json>,
    /// At most so many characters.
    pub max_length: Option<usize>,
    /// Shown while it is empty.
    pub placeholder: Localised,
}

/// What a line takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Input {
    Text,
    Number,
    Date,
    Month,
    Email,
    Tel,
    Url,
}

/// A field for several lines.
#[derive(Debug, Clone)]
pub struct CommentField {
    /// At most so many characters.
    pub max_length: Option<usize>,
    /// How many lines it shows.
    pub lines: usize,
    /// Shown while it is empty.
    pub placeholder: Localised,
}

/// One choice for each row.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// Rows.
    pub rows: Vec<Choice>,
    /// Columns.
    pub columns: Vec<Choice>,
    /// Whether every row must be answered.
    pub every_row: bool,
}

/// Choices to put in order.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// Choices.
    pub choices: Vec<Choice>,
    /// Whether some may be left out.
    pub selected: bool,
    /// At least so many.
    pub at_least: Option<usize>,
    /// At most so many.
    pub at_most: Option<usize>,
}

/// What an answer must satisfy.
#[derive(Debug, Clone)]
pub struct Validator {
    /// What.
    pub rule: Rule,
    /// What the author says where it does not.
    pub text: Option<Localised>,
}

/// Rules for answers.
#[derive(Debug, Clone)]
pub enum Rule {
    /// A number between.
    Numeric {
        /// At least.
        least: Option<f64>,
        /// At most.
        most: Option<f64>,
    },
    /// A text of so many characters.
    Text {
        /// At least.
        least: Option<usize>,
        /// At most.
        most: Option<usize>,
        /// Whether digits may stand in it.
        digits: bool,
    },
    /// An e-mail address.
    Email,
    /// A pattern that is found in it.
    Regex(Regex),
    /// So many choices.
    AnswerCount {
        /// At least.
        least: Option<usize>,
        /// At most.
        most: Option<usize>,
    },
    /// A condition that holds; `None` is one that could not be read.
    Expression(Option<Condition>),
}

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its name.
    pub name: String,
    /// Its heading.
    pub title: Localised,
    /// What stands below it.
    pub description: Localised,
    /// When it is shown; required: at least one answer on it.
    pub conditions: Conditions,
    /// What stands on it, in order.
    pub elements: Vec<Element>,
}

/// A group of questions.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Its name.
    pub name: String,
    /// Where it stands in the definition (a JSON pointer).
    pub place: String,
    /// Its heading.
    pub title: Localised,
    /// What stands below it.
    pub description: Localised,
    /// When it is shown; required: at least one answer in it.
    pub conditions: Conditions,
    /// What stands in it, in order.
    pub elements: Vec<Element>,
    /// The page it stands on.
    pub page: usize,
    /// The panels it stands in, the outermost first.
    pub panels: Vec<usize>,
}

/// What stands on a page, by its place among the questions or the panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// A question.
    Question(usize),
    /// A panel.
    Panel(usize),
}

/// A value computed from answers.
#[derive(Debug, Clone)]
pub struct Calculated {
    /// Its name.
    pub name: String,
    /// What it computes; `None` where it could not be read.
    pub expression: Option<Condition>,
    /// Whether it is kept with the answers.
    pub kept: bool,
}

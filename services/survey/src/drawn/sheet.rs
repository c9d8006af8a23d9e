//! What questions are drawn from and upon.

use forms::answers::{Fault, View};
use forms::values::{Value, number_text};
use serde_json::Value as Json;

use crate::live::{Live, Part, is_there};
use crate::tongue::Tongue;

/// What a page is drawn from.
pub(crate) struct Drawn<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) tongue: Tongue<'a>,
    pub(crate) live: &'a Live,
    pub(crate) faults: &'a [Fault],
}

/// What belongs to a question's controls: by which ids they are described, and whether they may be used.
pub(super) struct Control {
    pub(super) at: usize,
    pub(super) described: Option<String>,
    pub(super) wrong: bool,
    pub(super) off: bool,
    pub(super) required: bool,
    /// Whether something is to be answered here: all of it, or all rows.
    pub(super) must: bool,
}

impl Drawn<'_> {
    /// Whether a part is there, or may be at once.
    pub(super) fn may_show(&self, part: Part) -> bool {
        self.live.table(part).is_some() || is_there(self.view, part)
    }

    /// An answer as a text that is written.
    pub(super) fn text(&self, key: &str) -> String {
        match self.view.answers.get(key) {
            Some(Json::Number(number)) => {
                self.number(number.as_f64().map_or(number.to_string(), number_text))
            }
            Some(Json::String(text)) => text.clone(),
            _ => String::new(),
        }
    }

    pub(super) fn number(&self, text: String) -> String {
        self.tongue.bare(text.replace('.', ","), text)
    }

    pub(super) fn shown_value(&self, at: usize) -> String {
        match self.view.display(at, self.tongue.tag) {
            Value::Number(number) => self.number(number_text(number)),
            value => value.text(),
        }
    }
}

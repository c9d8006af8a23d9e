//! What expressions ask of what is around them.

use chrono::NaiveDateTime;

use crate::values::Value;

/// What an expression is computed in.
pub trait Scope {
    /// The value of a name, by its place in [`names`](super::Parsed::names).
    fn value(&self, place: usize) -> Value;
    /// What a question shows of its answer, by the question's name.
    fn display(&self, question: &str) -> Value;
    /// Whether everything in a page or panel is answered as it has to be, by its name.
    fn ready(&self, container: &str) -> bool;
    /// Now, in Sweden.
    fn now(&self) -> NaiveDateTime;
}

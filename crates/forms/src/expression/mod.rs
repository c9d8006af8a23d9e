//! Expressions: what conditions, checks and calculations are written in, as survey-core 3.1.1 reads and computes them.

mod eval;
mod functions;
mod operators;
mod parse;
mod scope;
mod tree;

pub use eval::evaluate;
pub use functions::FUNCTIONS;
pub use parse::{MAX_DEPTH, MAX_LENGTH, parse};
pub use scope::Scope;
pub use tree::{Binary, Node, Parsed};

//! The pages: the code and the start, a page of questions, the thanks, and what stands in the way.

mod about;
mod questions;
mod start;
mod told;

pub(crate) use questions::Questions;
pub(crate) use start::{TokenFault, code, own_language, start};
pub(crate) use told::{Barred, barred, plainly, refused, thanks, unreadable};

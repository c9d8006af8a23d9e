//! The answer pages under `/s/`, which strangers reach: a page of the survey a request, complete without a script, until
//! the answers are handed in. They know definitions and a [`Desk`], and neither SQL nor administration; they set no
//! cookie, keep nothing before it is handed in, and nothing of answers or codes gets into logs or metrics.
//!
//! Answers so far travel in the form, sealed (`seal`); a step is pure (`step`); what comes and goes within a page is a
//! table that the server made (`live`); questions as HTML are in `drawn`, whole pages in `pages`, HTTP in `http`.

mod assets;
mod desk;
mod drawn;
mod frame;
mod guesses;
mod http;
mod limits;
mod live;
mod packed;
mod pages;
mod refusing;
mod seal;
mod step;
mod tongue;

pub use desk::{
    Admitted, Asked, Desk, DeskFailure, Entry, HandedIn, Mode, Outcome, Rules, Stage, typed_code,
};
pub use http::{Options, router};
pub use limits::Limits;

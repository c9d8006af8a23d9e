//! The answer pages under `/s/`, which strangers reach: they know the survey's definition and a [`Desk`], and neither
//! SQL nor administration.

mod desk;

pub use desk::{
    Admitted, Asked, Desk, DeskFailure, Entry, HandedIn, Mode, Outcome, Rules, Stage, typed_code,
};

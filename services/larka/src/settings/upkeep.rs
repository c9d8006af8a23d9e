//! What is kept for how long, and what becomes of what cannot be followed.

use std::collections::HashMap;
use std::time::Duration;

use eventlog::projection::OnUnfoldable;

use super::given::given;
use crate::failure::Failure;

given! {
    /// What is kept for how long, and what becomes of what cannot be followed.
    pub(crate) struct Given {
        /// What a projection does about an event that it cannot fold: NAME=stop or NAME=set-aside, for progress and
        /// competence [default: stop]
        #[arg(
            long,
            env = "LARKA_ON_UNFOLDABLE",
            global = true,
            value_delimiter = ',',
            value_name = "NAME=CHOICE"
        )]
        on_unfoldable: Option<Vec<String>>,
        /// Days for which what was replaced or deleted in tools' documents is kept [default: 90]
        #[arg(long, env = "LARKA_KEEP_SUPERSEDED_DAYS", global = true, value_name = "DAYS")]
        keep_superseded_days: Option<u32>,
    }
}

/// What is kept for how long, and what becomes of what cannot be followed.
#[derive(Debug, Clone)]
pub(crate) struct Upkeep {
    /// By name of the projection.
    pub(crate) on_unfoldable: HashMap<String, OnUnfoldable>,
    pub(crate) keep_superseded: Duration,
}

impl Given {
    pub(super) fn read(self) -> Result<Upkeep, Failure> {
        let days = self.keep_superseded_days.unwrap_or(90);
        if days == 0 {
            // Who is reading a document just now has to find it.
            return Err(Failure::setting("keep-superseded-days", "at least 1 day"));
        }
        Ok(Upkeep {
            on_unfoldable: on_unfoldable(self.on_unfoldable.as_deref().unwrap_or_default())?,
            keep_superseded: Duration::from_secs(u64::from(days) * 86_400),
        })
    }
}

/// What each projection does about an event that it cannot fold.
fn on_unfoldable(given: &[String]) -> Result<HashMap<String, OnUnfoldable>, Failure> {
    let wrong = || {
        let names = worker::PROJECTIONS.join(" or ");
        let expected = format!("NAME=stop or NAME=set-aside, with a name of {names}; the lake always stops");
        Failure::setting("on-unfoldable", &expected)
    };
    let choice = |one: &String| {
        let (name, choice) = one.split_once('=').ok_or_else(wrong)?;
        let choice = match choice.trim() {
            "stop" => OnUnfoldable::Stop,
            "set-aside" => OnUnfoldable::SetAside,
            _ => return Err(wrong()),
        };
        let name = name.trim();
        if worker::PROJECTIONS.contains(&name) { Ok((name.to_owned(), choice)) } else { Err(wrong()) }
    };
    given.iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_an_unfoldable_event_is_chosen_by_projection() {
        let chosen = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|one| (*one).to_owned()).collect();
            on_unfoldable(&given).map_err(|failure| failure.to_string())
        };
        let both = chosen(&["progress=set-aside", "competence=stop"]).unwrap();
        assert_eq!((both["progress"], both["competence"]), (OnUnfoldable::SetAside, OnUnfoldable::Stop));
        for wrong in ["progress", "progress=skip", "lake=set-aside", "statements=stop"] {
            let failure = chosen(&[wrong]).unwrap_err();
            assert!(failure.contains("progress or competence") && failure.contains("the lake"), "{failure}");
        }
        let mut file = "[on_unfoldable]\nprogress = \"set-aside\"\n".parse().unwrap();
        let chosen = Given::default().over(&mut file).unwrap().read().unwrap().on_unfoldable;
        assert_eq!(chosen["progress"], OnUnfoldable::SetAside);
    }
}

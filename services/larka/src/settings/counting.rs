//! What counts in figures.

use domain::untracked::{BadPattern, Untracked};

use super::given::given;
use crate::failure::Failure;

given! {
    /// What counts in figures.
    pub(crate) struct Given {
        /// Actors that are nobody, so that no figure counts anybody for them: patterns with * and ? of an account's
        /// name, a mail address or an OpenID; empty for none [default: not-trackable-*]
        #[arg(
            long,
            env = "LARKA_UNTRACKED_ACTORS",
            global = true,
            value_delimiter = ',',
            value_name = "PATTERNS"
        )]
        untracked_actors: Option<Vec<String>>,
    }
}

/// What counts in figures.
#[derive(Debug, Clone)]
pub(crate) struct Counting {
    pub(crate) untracked: Untracked,
}

impl Given {
    pub(super) fn read(self) -> Result<Counting, Failure> {
        let given = self.untracked_actors.unwrap_or_else(|| vec![Untracked::DEFAULT.to_owned()]);
        let untracked = Untracked::new(given.iter().filter(|pattern| !pattern.is_empty()))
            .map_err(|BadPattern| Failure::setting("untracked-actors", BadPattern::EXPECTED))?;
        Ok(Counting { untracked })
    }
}

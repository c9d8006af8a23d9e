//! Agents that are nobody: identifiers that a tool makes up anew where it may not remember anybody.

use glob::Pattern;
use xapi::Identifier;

/// Patterns of identifiers that stand for nobody. Statements with such an actor are stored and given back like others,
/// and no figure counts a person for them: H5P in a browser that keeps nothing for it calls itself `not-trackable-UUID`,
/// with another UUID in every statement.
#[derive(Debug, Clone)]
pub struct Untracked(Vec<Pattern>);

/// A pattern that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", BadPattern::EXPECTED)]
pub struct BadPattern;

impl BadPattern {
    /// What was expected.
    pub const EXPECTED: &'static str =
        "patterns in which * stands for anything, ? for one character and [ab] for one of those";
}

impl Untracked {
    /// What holds where nothing else is said.
    pub const DEFAULT: &'static str = "not-trackable-*";

    /// Agents whose account's name, mail address or OpenID matches one of these; none are nobody where there is none.
    ///
    /// # Errors
    /// [`BadPattern`]
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, BadPattern> {
        let patterns = patterns.into_iter().map(|pattern| Pattern::new(pattern.as_ref()));
        patterns.collect::<Result<_, _>>().map(Self).map_err(|_| BadPattern)
    }

    /// Whether an identifier is nobody's. The sum of a mail address is somebody's: what it was made of is not known.
    pub fn is_nobody(&self, identifier: &Identifier) -> bool {
        let name = match identifier {
            Identifier::Account { name, .. } => name,
            Identifier::Mbox(mbox) => mbox.strip_prefix("mailto:").unwrap_or(mbox),
            Identifier::OpenId(id) => id,
            Identifier::MboxSha1sum(_) => return false,
        };
        self.0.iter().any(|pattern| pattern.matches(name))
    }
}

impl Default for Untracked {
    fn default() -> Self {
        Self(Pattern::new(Self::DEFAULT).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Identifier {
        Identifier::Account { home_page: "https://skola.example".into(), name: name.into() }
    }

    #[test]
    fn what_h5p_makes_up_is_nobody_and_everybody_else_is_somebody() {
        let nobody = Untracked::default();
        assert!(nobody.is_nobody(&account("not-trackable-0b5d4c2e-9b8a-4f5e-8d0f-3f2a1c9e7b61")));
        for somebody in ["anna", "0b5d4c2e-9b8a-4f5e-8d0f-3f2a1c9e7b61", "x-not-trackable-1", "not-trackable"]
        {
            assert!(!nobody.is_nobody(&account(somebody)), "{somebody}");
        }
    }

    #[test]
    fn patterns_are_of_names_addresses_and_openids() {
        let some = Untracked::new(["guest-??", "*@inkognito.example", "https://nobody.example/*"]).unwrap();
        assert!(some.is_nobody(&account("guest-07")) && !some.is_nobody(&account("guest-123")));
        assert!(!some.is_nobody(&account("not-trackable-1")), "the default is replaced");
        assert!(some.is_nobody(&Identifier::Mbox("mailto:a.b@inkognito.example".into())));
        assert!(!some.is_nobody(&Identifier::Mbox("mailto:inkognito@skola.example".into())));
        assert!(some.is_nobody(&Identifier::OpenId("https://nobody.example/a/b".into())));
        assert!(!Untracked::new(["*"]).unwrap().is_nobody(&Identifier::MboxSha1sum("0".repeat(40))));
        assert!(!Untracked::new::<&str>([]).unwrap().is_nobody(&account("not-trackable-1")));
        assert!(Untracked::new(["a["]).is_err());
    }
}

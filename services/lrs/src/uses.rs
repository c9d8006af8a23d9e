//! What credentials are used for: counted in memory, written to the vault now and then.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eventlog::clock::Micros;
use vault::{
    Conflicts, OTHER_TOOLS, REFUSALS_KEPT, RefusalNote, TOOLS_KEPT, ToolUse, Use, Vault, VaultError,
};

/// The longest path that is kept, in bytes.
const LONGEST_PATH: usize = 200;

/// What is not written down yet, by key.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pending: Mutex<BTreeMap<String, Use>>,
}

impl Uses {
    /// A tool came with a credential and its secret, at a time.
    pub(crate) fn seen(&self, key: &str, tool: &str, at: Micros) {
        let mut pending = self.locked();
        if !pending.contains_key(key) {
            pending.insert(key.to_owned(), Use::default());
        }
        if let Some(used) = pending.get_mut(key) {
            used.seen = used.seen.max(at);
            tool_of(used, tool).seen = at;
        }
    }

    /// Statements of a credential that was seen were stored.
    pub(crate) fn stored(&self, key: &str, tool: &str, count: usize, at: Micros) {
        if count > 0 {
            let mut pending = self.locked();
            let used = pending.entry(key.to_owned()).or_default();
            used.stored.count(count, at);
            let tool = tool_of(used, tool);
            tool.seen = tool.seen.max(at);
            tool.stored.count(count, at);
        }
    }

    /// Statements of a credential were stored that it had sent earlier.
    pub(crate) fn replayed(&self, key: &str, count: usize, at: Micros) {
        if count > 0 {
            self.locked().entry(key.to_owned()).or_default().stored.count(count, at);
        }
    }

    /// Statements of a credential that should have been kept were not, because there was no room.
    pub(crate) fn unkept(&self, key: &str, count: usize) {
        if count > 0 {
            self.locked().entry(key.to_owned()).or_default().unkept += count as u64;
        }
    }

    /// A request of a credential held a conflict among so many statements.
    pub(crate) fn conflicted(&self, key: &str, statements: usize) {
        let conflicts = Conflicts { requests: 1, statements: statements as u64 };
        self.locked().entry(key.to_owned()).or_default().conflicts.add(conflicts);
    }

    /// A request of a credential that was seen was refused for what it said.
    pub(crate) fn refused(&self, key: &str, tool: &str, at: Micros, reason: &str, path: &str) {
        let mut pending = self.locked();
        let used = pending.entry(key.to_owned()).or_default();
        used.refused += 1;
        let tool = tool.to_owned();
        let done = tool_of(used, &tool);
        done.seen = done.seen.max(at);
        done.refused += 1;
        used.refusals.insert(0, RefusalNote { at, tool, reason: reason.to_owned(), path: public(path) });
        used.refusals.truncate(REFUSALS_KEPT);
    }

    /// Writes it down. What the vault does not take is left for the next time.
    pub(crate) async fn write_to(&self, vault: &Vault) -> Result<(), VaultError> {
        let uses = std::mem::take(&mut *self.locked());
        if uses.is_empty() {
            return Ok(());
        }
        let written = vault.add_uses(&uses).await;
        if written.is_err() {
            self.put_back(uses);
        }
        written
    }

    /// Puts back what could not be written down.
    fn put_back(&self, uses: BTreeMap<String, Use>) {
        let mut pending = self.locked();
        for (key, mut used) in uses {
            if let Some(newer) = pending.remove(&key) {
                used.seen = used.seen.max(newer.seen);
                used.stored.add(&newer.stored);
                used.refused += newer.refused;
                used.unkept += newer.unkept;
                used.conflicts.add(newer.conflicts);
                used.refusals.splice(0..0, newer.refusals);
                used.refusals.truncate(REFUSALS_KEPT);
                for (tool, done) in &newer.tools {
                    tool_of(&mut used, tool).add(done);
                }
            }
            pending.insert(key, used);
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Use>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a tool did; where too many are told apart already, what the others did.
fn tool_of<'a>(used: &'a mut Use, tool: &str) -> &'a mut ToolUse {
    let full = used.tools.len() >= TOOLS_KEPT && !used.tools.contains_key(tool);
    used.tools.entry(if full { OTHER_TOOLS } else { tool }.to_owned()).or_default()
}

/// A path without the names that senders choose: those of extensions and of languages.
fn public(path: &str) -> String {
    let ends = ["/extensions", "/display", "/name", "/description"].iter().filter_map(|word| {
        let at = path.find(word)? + word.len();
        path[at..].starts_with('/').then_some(at)
    });
    let end = ends.min().unwrap_or(path.len());
    path[..end].chars().take(LONGEST_PATH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_senders_choose_are_cut_off_a_path() {
        assert_eq!(public("/context/extensions/https:~1~1e.org~1anna/x"), "/context/extensions");
        assert_eq!(public("/object/definition/name/anna"), "/object/definition/name");
        assert_eq!(public("/actor/name"), "/actor/name");
        assert_eq!(public("/verb/id"), "/verb/id");
        assert_eq!(public(&"ö".repeat(1_000)).chars().count(), LONGEST_PATH);
    }

    #[test]
    fn what_could_not_be_written_is_added_to_what_came_since() {
        const HOUR: i64 = 3_600_000_000;
        let uses = Uses::default();
        uses.seen("k", "a/1", Micros(1));
        uses.stored("k", "a/1", 2, Micros(1));
        uses.refused("k", "a/1", Micros(1), "old", "");
        uses.conflicted("k", 100);
        let taken = std::mem::take(&mut *uses.locked());
        uses.seen("k", "a/1", Micros(HOUR));
        uses.stored("k", "a/1", 3, Micros(HOUR));
        uses.replayed("k", 1, Micros(HOUR));
        uses.unkept("k", 7);
        uses.conflicted("k", 5);
        uses.refused("k", "b", Micros(HOUR), "new", "");
        uses.put_back(taken);
        let used = uses.locked()["k"].clone();
        assert_eq!((used.seen, used.refused, used.unkept), (Micros(HOUR), 2, 7));
        let stored = |statements, hour, next| vault::Stored {
            statements,
            hours: [(0, hour), (1, next)].into(),
            days: [(0, statements)].into(),
        };
        assert_eq!(used.stored, stored(6, 2, 4));
        assert_eq!(used.conflicts, Conflicts { requests: 2, statements: 105 });
        let refusals: Vec<_> =
            used.refusals.iter().map(|note| (note.reason.as_str(), note.tool.as_str())).collect();
        assert_eq!(refusals, [("new", "b"), ("old", "a/1")]);
        assert_eq!(used.tools["a/1"], ToolUse { seen: Micros(HOUR), stored: stored(5, 2, 3), refused: 1 });
        assert_eq!(used.tools["b"], ToolUse { seen: Micros(HOUR), refused: 1, ..ToolUse::default() });
    }

    #[test]
    fn however_many_tools_there_are_memory_holds_a_few() {
        let uses = Uses::default();
        (0..1_000).for_each(|number| uses.seen("k", &format!("tool/{number}"), Micros(1)));
        assert_eq!(uses.locked()["k"].tools.len(), TOOLS_KEPT + 1);
    }
}

//! What credentials were used for: when they were last seen and by which tools, what was stored, how fast, and what was
//! refused.

use std::collections::BTreeMap;

use eventlog::clock::Micros;
use sqlx::Row;

use crate::store::on_either;
use crate::{Vault, VaultError};

/// Refusals that are kept of each credential: the newest.
pub const REFUSALS_KEPT: usize = 50;
/// Tools that are told apart of each credential; the rest is [`OTHER_TOOLS`].
pub const TOOLS_KEPT: usize = 20;
/// Under which name tools stand that are not told apart.
pub const OTHER_TOOLS: &str = "other";
/// Hours of which is kept how many statements were stored in each; days, [`DAYS_KEPT`].
pub const HOURS_KEPT: i64 = 24;
/// Days of which is kept how many statements were stored in each.
pub const DAYS_KEPT: i64 = 30;

/// What one credential was used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// When it last came with its secret.
    pub seen: Micros,
    /// Statements stored.
    pub stored: Stored,
    /// Requests refused for what they said.
    pub refused: u64,
    /// The newest of them, newest first, at most [`REFUSALS_KEPT`].
    pub refusals: Vec<RefusalNote>,
    /// Statements that were refused and should have been kept, but for which there was no room.
    pub unkept: u64,
    /// Requests with a statement under whose id another one is stored.
    pub conflicts: Conflicts,
    /// By tool, at most [`TOOLS_KEPT`] and [`OTHER_TOOLS`].
    pub tools: BTreeMap<String, ToolUse>,
}

/// Requests that held a conflict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conflicts {
    /// How many there were.
    pub requests: u64,
    /// How many statements they had, with and without a conflict.
    pub statements: u64,
}

/// What one tool did with a credential.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolUse {
    /// When it last came.
    pub seen: Micros,
    /// Statements stored.
    pub stored: Stored,
    /// Requests refused for what they said.
    pub refused: u64,
}

/// Statements stored. Hours and days go by their number since 1970 (UTC); those with none are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// All of them.
    pub statements: u64,
    /// Those of each hour.
    pub hours: BTreeMap<i64, u64>,
    /// Those of each day.
    pub days: BTreeMap<i64, u64>,
}

/// A request that was refused for what it said. Holds nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalNote {
    /// When.
    pub at: Micros,
    /// The tool that sent it.
    pub tool: String,
    /// Why, in one line.
    pub reason: String,
    /// Where in the statement, as a JSON pointer; empty where it was the request as a whole.
    pub path: String,
}

/// Kinds of lengths of time, as the table has them.
const HOUR: i64 = 1;
const DAY: i64 = 2;

impl Vault {
    /// Adds to what is known of the use of credentials, by their keys. Hours and days before those that are kept, from
    /// the newest of each credential on, are forgotten.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; then nothing was added.
    pub async fn add_uses(&self, uses: &BTreeMap<String, Use>) -> Result<(), VaultError> {
        let mut transaction = self.inner.store.begin_secrets().await?;
        // By key: two nodes that write at once never wait for each other in a circle. The first row of a key is a lock
        // on all the others.
        for (key, used) in uses {
            add(&mut transaction, key, used).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What credentials were used for, by their keys, as far as it was added.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn uses(&self) -> Result<BTreeMap<String, Use>, VaultError> {
        let counts = "SELECT key, seen, stored, refused FROM credential_use";
        let notes = "SELECT key, at, tool, reason, path FROM credential_refused ORDER BY at DESC";
        let tools = "SELECT key, tool, seen, stored, refused FROM credential_tool";
        let rates = "SELECT key, span, at, stored FROM credential_rate";
        let tools_rates = "SELECT key, tool, span, at, stored FROM credential_tool_rate";
        let unkept = "SELECT key, statements FROM credential_unkept";
        let conflicts = "SELECT key, requests, statements FROM credential_conflict";
        let number = |column: i64| u64::try_from(column).unwrap_or(0);
        let all = |column: i64| Stored { statements: number(column), ..Stored::default() };
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let mut uses: BTreeMap<String, Use> = BTreeMap::new();
            for row in sqlx::query(counts).fetch_all(&mut *connection).await? {
                let (seen, stored, refused) = (Micros(row.try_get(1)?), all(row.try_get(2)?), number(row.try_get(3)?));
                uses.insert(row.try_get(0)?, Use { seen, stored, refused, ..Use::default() });
            }
            for row in sqlx::query(notes).fetch_all(&mut *connection).await? {
                let known = uses.get_mut(row.try_get::<&str, _>(0)?);
                if let Some(known) = known.filter(|known| known.refusals.len() < REFUSALS_KEPT) {
                    let (at, tool) = (Micros(row.try_get(1)?), row.try_get(2)?);
                    known.refusals.push(RefusalNote { at, tool, reason: row.try_get(3)?, path: row.try_get(4)? });
                }
            }
            for row in sqlx::query(tools).fetch_all(&mut *connection).await? {
                if let Some(known) = uses.get_mut(row.try_get::<&str, _>(0)?) {
                    let (seen, stored, refused) = (Micros(row.try_get(2)?), all(row.try_get(3)?), number(row.try_get(4)?));
                    known.tools.insert(row.try_get(1)?, ToolUse { seen, stored, refused });
                }
            }
            for row in sqlx::query(rates).fetch_all(&mut *connection).await? {
                if let Some(known) = uses.get_mut(row.try_get::<&str, _>(0)?) {
                    known.stored.of(row.try_get(1)?).insert(row.try_get(2)?, number(row.try_get(3)?));
                }
            }
            for row in sqlx::query(tools_rates).fetch_all(&mut *connection).await? {
                let known = uses.get_mut(row.try_get::<&str, _>(0)?);
                if let Some(tool) = known.and_then(|known| known.tools.get_mut(row.try_get::<&str, _>(1).ok()?)) {
                    tool.stored.of(row.try_get(2)?).insert(row.try_get(3)?, number(row.try_get(4)?));
                }
            }
            for row in sqlx::query(unkept).fetch_all(&mut *connection).await? {
                if let Some(known) = uses.get_mut(row.try_get::<&str, _>(0)?) {
                    known.unkept = number(row.try_get(1)?);
                }
            }
            for row in sqlx::query(conflicts).fetch_all(&mut *connection).await? {
                if let Some(known) = uses.get_mut(row.try_get::<&str, _>(0)?) {
                    known.conflicts = Conflicts { requests: number(row.try_get(1)?), statements: number(row.try_get(2)?) };
                }
            }
            Ok(uses)
        })
    }
}

async fn add(transaction: &mut eventlog::Transaction, key: &str, used: &Use) -> Result<(), VaultError> {
    let count = "INSERT INTO credential_use (key, seen, stored, refused) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (key) DO UPDATE SET stored = credential_use.stored + excluded.stored, \
        refused = credential_use.refused + excluded.refused, \
        seen = CASE WHEN excluded.seen > credential_use.seen THEN excluded.seen ELSE credential_use.seen END";
    let note = "INSERT INTO credential_refused (key, at, tool, reason, path) VALUES ($1, $2, $3, $4, $5)";
    let trim = "DELETE FROM credential_refused WHERE key = $1 AND at < \
        (SELECT at FROM credential_refused WHERE key = $1 ORDER BY at DESC LIMIT 1 OFFSET $2)";
    let known_tools = "SELECT tool FROM credential_tool WHERE key = $1";
    let tool = "INSERT INTO credential_tool (key, tool, seen, stored, refused) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (key, tool) DO UPDATE SET stored = credential_tool.stored + excluded.stored, \
        refused = credential_tool.refused + excluded.refused, \
        seen = CASE WHEN excluded.seen > credential_tool.seen THEN excluded.seen ELSE credential_tool.seen END";
    let rate = "INSERT INTO credential_rate (key, span, at, stored) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (key, span, at) DO UPDATE SET stored = credential_rate.stored + excluded.stored";
    let forget = "DELETE FROM credential_rate WHERE key = $1 AND span = $2 AND at <= \
        (SELECT MAX(at) FROM credential_rate WHERE key = $1 AND span = $2) - $3";
    let tool_rate = "INSERT INTO credential_tool_rate (key, tool, span, at, stored) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (key, tool, span, at) DO UPDATE SET stored = credential_tool_rate.stored + excluded.stored";
    let forget_tools = "DELETE FROM credential_tool_rate WHERE key = $1 AND span = $2 AND at <= \
        (SELECT MAX(at) FROM credential_tool_rate WHERE key = $1 AND span = $2) - $3";
    let unkept = "INSERT INTO credential_unkept (key, statements) VALUES ($1, $2) \
        ON CONFLICT (key) DO UPDATE SET statements = credential_unkept.statements + excluded.statements";
    let conflicts = "INSERT INTO credential_conflict (key, requests, statements) VALUES ($1, $2, $3) \
        ON CONFLICT (key) DO UPDATE SET requests = credential_conflict.requests + excluded.requests, \
        statements = credential_conflict.statements + excluded.statements";
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    on_either!(transaction.tx(), connection => {
        let query = sqlx::query(count).bind(key).bind(used.seen.0);
        query.bind(number(used.stored.statements)).bind(number(used.refused)).execute(&mut *connection).await.map(drop)?;
        for refusal in &used.refusals {
            let query = sqlx::query(note).bind(key).bind(refusal.at.0).bind(&refusal.tool);
            query.bind(&refusal.reason).bind(&refusal.path).execute(&mut *connection).await.map(drop)?;
        }
        if !used.refusals.is_empty() {
            let last = number(REFUSALS_KEPT as u64 - 1);
            sqlx::query(trim).bind(key).bind(last).execute(&mut *connection).await.map(drop)?;
        }
        if !used.tools.is_empty() {
            let known: Vec<String> = sqlx::query_scalar(known_tools).bind(key).fetch_all(&mut *connection).await?;
            for (name, done) in told_apart(&known, &used.tools) {
                let query = sqlx::query(tool).bind(key).bind(name).bind(done.seen.0);
                query.bind(number(done.stored.statements)).bind(number(done.refused)).execute(&mut *connection).await.map(drop)?;
                for (span, stored) in [(HOUR, &done.stored.hours), (DAY, &done.stored.days)] {
                    for (at, stored) in stored {
                        let query = sqlx::query(tool_rate).bind(key).bind(name).bind(span).bind(*at);
                        query.bind(number(*stored)).execute(&mut *connection).await.map(drop)?;
                    }
                }
            }
        }
        for (span, stored, kept) in [(HOUR, &used.stored.hours, HOURS_KEPT), (DAY, &used.stored.days, DAYS_KEPT)] {
            for (at, stored) in stored {
                let query = sqlx::query(rate).bind(key).bind(span).bind(*at).bind(number(*stored));
                query.execute(&mut *connection).await.map(drop)?;
            }
            if !stored.is_empty() {
                for forget in [forget, forget_tools] {
                    sqlx::query(forget).bind(key).bind(span).bind(kept).execute(&mut *connection).await.map(drop)?;
                }
            }
        }
        if used.unkept > 0 {
            sqlx::query(unkept).bind(key).bind(number(used.unkept)).execute(&mut *connection).await.map(drop)?;
        }
        if used.conflicts.requests > 0 {
            let query = sqlx::query(conflicts).bind(key).bind(number(used.conflicts.requests));
            query.bind(number(used.conflicts.statements)).execute(&mut *connection).await.map(drop)?;
        }
        Ok(())
    })
}

/// Tools under the names that they have room for.
fn told_apart<'a>(known: &[String], tools: &'a BTreeMap<String, ToolUse>) -> BTreeMap<&'a str, ToolUse> {
    let mut room = TOOLS_KEPT.saturating_sub(known.iter().filter(|name| *name != OTHER_TOOLS).count());
    let mut told: BTreeMap<&str, ToolUse> = BTreeMap::new();
    for (name, done) in tools {
        let name = if name == OTHER_TOOLS || known.contains(name) {
            name.as_str()
        } else if room > 0 {
            room -= 1;
            name.as_str()
        } else {
            OTHER_TOOLS
        };
        told.entry(name).or_default().add(done);
    }
    told
}

impl Conflicts {
    /// Adds others.
    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.statements += other.statements;
    }
}

impl ToolUse {
    /// Adds what the same tool did elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.seen = self.seen.max(other.seen);
        self.stored.add(&other.stored);
        self.refused += other.refused;
    }
}

impl Stored {
    /// Adds statements that were stored at a time.
    pub fn count(&mut self, statements: usize, at: Micros) {
        const MICROS_AN_HOUR: i64 = 3_600_000_000;
        let (hour, day) = (at.0.div_euclid(MICROS_AN_HOUR), at.0.div_euclid(24 * MICROS_AN_HOUR));
        let statements = statements as u64;
        self.add(&Self { statements, hours: [(hour, statements)].into(), days: [(day, statements)].into() });
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.statements += other.statements;
        for (stored, other) in [(&mut self.hours, &other.hours), (&mut self.days, &other.days)] {
            other.iter().for_each(|(at, count)| *stored.entry(*at).or_default() += count);
        }
    }

    /// Those of each hour or of each day.
    fn of(&mut self, span: i64) -> &mut BTreeMap<i64, u64> {
        if span == HOUR { &mut self.hours } else { &mut self.days }
    }
}

//! Reading the index: pages of positions by keyset, with bounded work.

use std::collections::{HashMap, HashSet};

use eventlog::EventLog;
use eventlog::database::{Database, Tx};
use eventlog::event::{Key, Position};

use super::order::{Bounds, Order, Row};
use super::read;
use super::term::{self, Filter, Term};
use crate::ViewError;

/// Positions that match, in the order asked for, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most as many as were asked for. May be fewer, even none, with more to come.
    pub positions: Vec<Position>,
    /// What of the stretch is still to be looked at; none where all of it was.
    pub rest: Option<Bounds>,
    /// How many rows of the index, and places in it, were looked at: never many more than [`MOST_LOOKED_AT`].
    pub looked_at: usize,
}

/// How many rows of the index a page looks at, and places where a row may be, before it ends early with a rest to go
/// on from: two conditions that hardly meet must not hold the server.
const WORK_LIMIT: usize = 10_000;
/// The most that one page looks at: the first stretch of every list, of which there are eight at most (and two more for
/// each further pseudonym of whoever is asked for), then
/// [`WORK_LIMIT`], and what goes beyond it with the last stretch, which two lists and eight look-ups may be. On top
/// comes what one statement has borrowed, where it has more rows by itself than a stretch has.
pub const MOST_LOOKED_AT: usize = 8 * CHUNK_LIMIT + WORK_LIMIT + 16 * CHUNK_LIMIT;
/// Rows that are fetched at a time, at most.
const CHUNK_LIMIT: usize = 1_000;

/// Which statements match all of a filter's conditions on one and the same statement, voided ones left out.
///
/// # Errors
/// The database fails.
pub async fn find(
    log: &EventLog,
    filter: &Filter,
    order: Order,
    bounds: Bounds,
    limit: usize,
) -> Result<Page, ViewError> {
    let mut reader = log.reader().await?;
    let page = find_with(reader.tx(), filter, order, bounds, limit).await?;
    log.keep(reader);
    Ok(page)
}

async fn find_with(
    tx: Tx<'_>,
    filter: &Filter,
    order: Order,
    bounds: Bounds,
    limit: usize,
) -> Result<Page, sqlx::Error> {
    let conditions = filter.conditions();
    let mut page = Page { positions: Vec::new(), rest: None, looked_at: 0 };
    if conditions.iter().any(Vec::is_empty) || bounds.through <= bounds.after {
        return Ok(page);
    }
    let size = if conditions.len() > 1 { CHUNK_LIMIT } else { (limit + 16).clamp(32, CHUNK_LIMIT) };
    // Of one list as much is read as a page needs, and what is voided is told with it; of several most falls away.
    let voided = (conditions.len() == 1).then(HashSet::new);
    let mut scan = Scan { tx, order, size, voided };
    let (driver, mut chunk) = match filter.own {
        // Its own list comes first, whatever is sparser: what others sent neither costs anything nor ends a page.
        Some(_) => (Some(0), scan.chunk(&conditions[0], bounds).await?),
        None => scan.sparsest(&conditions, bounds).await?,
    };
    // The first stretches are looked at whatever comes of them; what follows is bounded.
    let limit_of_work = chunk.looked_at + WORK_LIMIT;
    loop {
        page.looked_at += chunk.looked_at;
        let mut rows = std::mem::take(&mut chunk.rows);
        if filter.own.is_some() {
            keep_own(&mut rows);
        }
        for (index, terms) in conditions.iter().enumerate() {
            if Some(index) != driver && !rows.is_empty() {
                page.looked_at += rows.len() * terms.len();
                rows = scan.keep_matching(terms, rows).await?;
            }
        }
        let mut matching: Vec<u64> = rows.into_iter().map(|(position, _)| position).collect();
        matching.dedup();
        scan.drop_voided(&mut matching).await?;
        for found in matching {
            if page.positions.len() == limit {
                page.rest = Some(order.beyond(bounds, page.positions.last().copied().unwrap_or_default()));
                return Ok(page);
            }
            page.positions.push(Position(found));
        }
        let Some(rest) = chunk.rest else { return Ok(page) };
        if page.positions.len() >= limit || page.looked_at >= limit_of_work {
            page.rest = Some(rest);
            return Ok(page);
        }
        // It was not enough: larger steps.
        scan.size = CHUNK_LIMIT;
        chunk = match driver {
            Some(index) => scan.chunk(&conditions[index], rest).await?,
            None => scan.all(rest).await?,
        };
    }
}

/// Where the statement with an id stands, and whether it is voided. One query.
///
/// # Errors
/// The database fails.
pub async fn locate(log: &EventLog, id: &Key) -> Result<Option<(Position, bool)>, ViewError> {
    let mut reader = log.reader().await?;
    let found = read::locate(reader.tx(), id).await?;
    log.keep(reader);
    Ok(found)
}

/// Those of the statements at some positions that are voided, each with the position of the one that voids it.
///
/// # Errors
/// The database fails.
pub async fn voided_by(
    database: &Database,
    among: &[Position],
) -> Result<HashMap<Position, Position>, ViewError> {
    if among.is_empty() {
        return Ok(HashMap::new());
    }
    let among: Vec<u64> = among.iter().map(|position| position.0).collect();
    let mut reader = database.reader().await?;
    let found = read::voided_by(reader.tx(), &among).await?;
    Ok(found.into_iter().map(|(position, by)| (Position(position), Position(by))).collect())
}

/// Where statements stand, up to a position, in which this agent is actor or object (or a member) and this
/// activity the object: candidates for folding the pair again.
pub(crate) async fn own_positions(
    database: &Database,
    agent: &Key,
    activity: &str,
    through: Position,
) -> Result<Vec<Position>, sqlx::Error> {
    let (agent, activity) = term::pair(agent, activity);
    let mut reader = database.reader().await?;
    let found = read::pair(reader.tx(), &agent, &activity, through.0).await?;
    Ok(found.into_iter().map(Position).collect())
}

/// Rows that follow each other in a list, and what of the stretch lies beyond them. All rows of a position are in
/// the same chunk.
struct Chunk {
    rows: Vec<Row>,
    rest: Option<Bounds>,
    /// Rows that were read for it.
    looked_at: usize,
}

impl Chunk {
    /// How far it reaches: further is sparser.
    fn reach(&self, order: Order) -> u64 {
        match (self.rest, order) {
            (None, Order::NewestFirst) => 0,
            (None, Order::OldestFirst) => u64::MAX,
            (Some(rest), Order::NewestFirst) => rest.through.0,
            (Some(rest), Order::OldestFirst) => rest.after.0,
        }
    }
}

struct Scan<'a> {
    tx: Tx<'a>,
    order: Order,
    size: usize,
    /// What is voided of the rows that were read, where lists tell it.
    voided: Option<HashSet<u64>>,
}

impl Scan<'_> {
    /// The condition whose first chunk reaches furthest, and that chunk: the others are looked up against it.
    async fn sparsest(
        &mut self,
        conditions: &[Vec<Term>],
        bounds: Bounds,
    ) -> Result<(Option<usize>, Chunk), sqlx::Error> {
        let mut best: Option<(usize, Chunk)> = None;
        let mut looked_at = 0;
        for (index, terms) in conditions.iter().enumerate() {
            let chunk = self.chunk(terms, bounds).await?;
            looked_at += chunk.looked_at;
            let better = best.as_ref().is_none_or(|(_, other)| {
                let (reach, known) = (chunk.reach(self.order), other.reach(self.order));
                self.order.before(known, reach) || (known == reach && chunk.rows.len() < other.rows.len())
            });
            if better {
                best = Some((index, chunk));
            }
        }
        match best {
            Some((index, chunk)) => Ok((Some(index), Chunk { looked_at, ..chunk })),
            None => Ok((None, self.all(bounds).await?)),
        }
    }

    /// The next rows that match any of the terms.
    async fn chunk(&mut self, terms: &[Term], bounds: Bounds) -> Result<Chunk, sqlx::Error> {
        let mut rows: Vec<Row> = Vec::new();
        // Up to where every list was read.
        let mut edge: Option<u64> = None;
        let mut looked_at = 0;
        for term in terms {
            let mut list = self.list(term, bounds, self.size).await?;
            looked_at += list.len().max(1);
            if list.len() == self.size
                && let Some(&(last, _)) = list.last()
            {
                // The last position may have further rows: it is left to the next chunk, unless it is alone.
                list.retain(|(position, _)| *position != last);
                let mut covered = list.last().map(|(position, _)| *position);
                if covered.is_none() {
                    let only = Bounds { after: Position(last - 1), through: Position(last) };
                    list = self.list(term, only, usize::MAX).await?;
                    looked_at += list.len();
                    covered = Some(last);
                }
                edge = match (edge, covered) {
                    (Some(edge), Some(covered)) if self.order.before(edge, covered) => Some(edge),
                    (_, covered) => covered,
                };
            }
            rows.append(&mut list);
        }
        self.order.sort(&mut rows);
        rows.dedup();
        let rest = edge.map(|edge| {
            rows.retain(|(position, _)| !self.order.before(edge, *position));
            self.order.beyond(bounds, Position(edge))
        });
        Ok(Chunk { rows, rest: rest.filter(|rest| rest.after < rest.through), looked_at })
    }

    async fn list(&mut self, term: &Term, bounds: Bounds, size: usize) -> Result<Vec<Row>, sqlx::Error> {
        read::list(self.tx.reborrow(), self.order, term, bounds, size, self.voided.as_mut()).await
    }

    /// The next statements, whatever they say. Positions have no gaps, so a stretch of them bounds the work.
    async fn all(&mut self, bounds: Bounds) -> Result<Chunk, sqlx::Error> {
        let size = self.size as u64;
        let (after, through) = match self.order {
            Order::NewestFirst => {
                (bounds.after.0.max(bounds.through.0.saturating_sub(size)), bounds.through.0)
            }
            Order::OldestFirst => (bounds.after.0, bounds.through.0.min(bounds.after.0.saturating_add(size))),
        };
        let found = read::all(self.tx.reborrow(), after, through).await?;
        let mut rows: Vec<Row> = found.into_iter().map(|found| (found, 0)).collect();
        self.order.sort(&mut rows);
        let edge = if self.order == Order::NewestFirst { after + 1 } else { through };
        let rest = self.order.beyond(bounds, Position(edge));
        // Events of other kinds are looked at too.
        let looked_at = usize::try_from(through.saturating_sub(after)).unwrap_or(usize::MAX);
        Ok(Chunk { rows, rest: (rest.after < rest.through).then_some(rest), looked_at })
    }

    /// Those of the rows that match one of the terms as well.
    async fn keep_matching(&mut self, terms: &[Term], mut rows: Vec<Row>) -> Result<Vec<Row>, sqlx::Error> {
        let mut matching: Vec<Row> = Vec::new();
        let positions: Vec<u64> = rows.iter().map(|(position, _)| *position).collect();
        for term in terms {
            matching.append(&mut read::matching(self.tx.reborrow(), term, &positions).await?);
        }
        matching.sort_unstable();
        rows.retain(|row| matching.binary_search(row).is_ok());
        Ok(rows)
    }

    async fn drop_voided(&mut self, positions: &mut Vec<u64>) -> Result<(), sqlx::Error> {
        if let Some(voided) = &self.voided {
            positions.retain(|position| !voided.contains(position));
        } else if !positions.is_empty() {
            let voided = read::voided_by(self.tx.reborrow(), positions).await?;
            positions.retain(|position| voided.iter().all(|(voided, _)| voided != position));
        }
        Ok(())
    }
}

/// Leaves out what statements have by way of another alone. A chunk has all rows of a position.
fn keep_own(rows: &mut Vec<Row>) {
    let own: HashSet<u64> = rows.iter().filter(|(_, via)| *via == 0).map(|(position, _)| *position).collect();
    rows.retain(|(position, _)| own.contains(position));
}

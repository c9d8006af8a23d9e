//! How the databases answer lists: off an index, in its order, within a bound; on tables with rows in them, whose
//! statistics are known.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use domain::statement::{ObjectFacts, StatementFacts};
use eventlog::{Database, NewEvent, Position};
use rig::*;
use sqlx::{AssertSqlSafe, Row as _};
use views::statements::{Asked, Bounds, Filter, MOST_LOOKED_AT, Order, Subject, asked, find};

const VERBS: [&str; 3] = ["http://e.org/a", "http://e.org/b", "http://e.org/seldom"];
const STATEMENTS: usize = 12_000;

/// A log in which most conditions hold on many statements, and some of them hardly ever together.
async fn filled(rig: &Rig) {
    let mut batch = Vec::new();
    for number in 0..STATEMENTS {
        let mut facts = facts(number, number % 40, VERBS[number % 2], number % 7);
        facts.registration = Some(key(3, number / 10));
        facts.activities.push((domain::statement::ContextRole::Parent, activity(50 + number % 3)));
        facts.agents.push((domain::statement::AgentRole::Instructor, key(2, 100 + number % 2)));
        if number % 3_000 == 1 {
            facts.verb = VERBS[2].into();
        }
        batch.push(event(&facts));
        if number % 500 == 7 {
            batch.push(event(&voiding(STATEMENTS + number, number)));
        }
        if batch.len() >= 1_000 {
            rig.append(std::mem::take(&mut batch)).await;
        }
    }
    rig.append(batch).await;
    // As if there were much more, far away: a table of a few pages is rightly read as a whole.
    let sqlite = "WITH RECURSIVE far (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM far WHERE n < 50000) \
                  INSERT INTO statement_voided SELECT 1000000 + n, 1 FROM far; \
                  WITH RECURSIVE far (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM far WHERE n < 300000) \
                  INSERT INTO statement_term SELECT randomblob(16), 1000000 + n, 0 FROM far; ANALYZE";
    let postgres = "INSERT INTO statement_voided SELECT 1000000 + n, 1 FROM generate_series(1, 50000) AS n; \
                    INSERT INTO statement_term \
                    SELECT decode(md5(n::text), 'hex'), 1000000 + n, 0 FROM generate_series(1, 300000) AS n; ANALYZE";
    match rig.log.database() {
        Database::Sqlite(db) => sqlx::raw_sql(sqlite).execute(&db.writer).await.map(drop).unwrap(),
        Database::Postgres(pool) => {
            sqlx::raw_sql(postgres).execute(pool).await.map(drop).unwrap();
        }
    }
}

fn subject(number: usize) -> Option<Subject> {
    Some(Subject { agents: vec![key(2, number)], credential: None })
}

/// The combinations that docs/queries.md promises, each of one list or two.
fn indexed() -> Vec<(&'static str, Filter)> {
    let agent = |number| Filter { agent: subject(number), ..Filter::default() };
    let registration = Some(uuid::Uuid::from_bytes(key(3, 500)));
    vec![
        ("nothing", Filter::default()),
        ("agent", agent(3)),
        ("agent, related", Filter { related_agents: true, ..agent(101) }),
        ("verb", Filter { verb: Some(VERBS[0].into()), ..Filter::default() }),
        ("seldom verb", Filter { verb: Some(VERBS[2].into()), ..Filter::default() }),
        ("agent and verb", Filter { verb: Some(VERBS[0].into()), ..agent(4) }),
        ("activity", Filter { activity: Some(activity(3)), ..Filter::default() }),
        (
            "activity, related",
            Filter { activity: Some(activity(51)), related_activities: true, ..Filter::default() },
        ),
        ("registration", Filter { registration, ..Filter::default() }),
    ]
}

/// Every way to ask, in both orders and by halves of the log.
fn asked_in_every_way() -> Vec<(Order, Bounds)> {
    let bounds = [(0, 12_024), (6_000, 12_024), (0, 6_000), (5_000, 7_000)];
    let bounds = bounds.map(|(after, through)| Bounds { after: Position(after), through: Position(through) });
    let orders = [Order::NewestFirst, Order::OldestFirst];
    orders.into_iter().flat_map(|order| bounds.map(|bounds| (order, bounds))).collect()
}

/// The steps of a plan; on PostgreSQL of the plan for these values, and of the one that it may keep for all.
async fn plans(database: &Database, asked: &Asked) -> Vec<Vec<String>> {
    match database {
        Database::Sqlite(db) => {
            let mut text = asked.text.0.to_owned();
            for (number, (value, _)) in (1..).zip(&asked.values) {
                text = text.replace(&format!("${number}"), value);
            }
            let steps = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")))
                .try_map(|row: sqlx::sqlite::SqliteRow| row.try_get::<String, _>("detail"))
                .fetch_all(&db.readers)
                .await
                .unwrap();
            vec![steps]
        }
        Database::Postgres(pool) => {
            let mut connection = pool.acquire().await.unwrap();
            let values: Vec<&str> = asked.values.iter().map(|(_, value)| value.as_str()).collect();
            let prepare = format!("PREPARE asked ({}) AS {}", asked.types, asked.text.1);
            sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
            let mut plans = Vec::new();
            for mode in ["force_custom_plan", "force_generic_plan"] {
                let text = format!("SET plan_cache_mode = {mode}");
                sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *connection).await.unwrap();
                let text = format!("EXPLAIN EXECUTE asked ({})", values.join(", "));
                let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut *connection).await.unwrap();
                plans.push(rows.iter().map(|row| row.try_get(0).unwrap()).collect());
            }
            sqlx::raw_sql("DEALLOCATE asked; RESET plan_cache_mode").execute(&mut *connection).await.unwrap();
            plans
        }
    }
}

/// Whether a step reads a whole table, goes through a whole list for some places of it, or sorts.
fn is_bad(step: &str) -> bool {
    // What a list is put together from is gone through once, as it is read.
    let whole = !step.contains("json_each") && !step.contains("(subquery");
    let sqlite = step.contains("SCAN") && whole || step.contains("TEMP B-TREE");
    let checked = step.contains("Filter:") && step.contains("ANY");
    sqlite || step.contains("Seq Scan") || step.contains("Sort") || checked
}

async fn every_indexed_combination_is_read_off_an_index(rig: Rig) {
    filled(&rig).await;
    // What finds one statement, and where `since` and `until` lie.
    let id = ("x'00'".to_owned(), "'{\"\\\\x00\"}'::bytea[]".to_owned());
    let single = [
        Asked {
            text: (
                "SELECT dedupe, position FROM event WHERE dedupe IN ($1)",
                "SELECT dedupe, position FROM event WHERE dedupe = ANY ($1) AND dedupe IS NOT NULL",
            ),
            values: vec![id],
            types: "bytea[]",
        },
        Asked {
            text: (
                "SELECT stored FROM event WHERE position = $1",
                "SELECT stored FROM event WHERE position = $1",
            ),
            values: vec![("7".into(), "7".into())],
            types: "bigint",
        },
    ];
    let mut queries: Vec<(String, Asked)> = single.into_iter().map(|one| ("one".to_owned(), one)).collect();
    for (name, filter) in indexed() {
        for (order, bounds) in asked_in_every_way() {
            let all = asked(&filter, order, bounds);
            queries.extend(all.into_iter().map(|one| (format!("{name} {order:?} {bounds:?}"), one)));
        }
    }
    for (name, query) in queries {
        for text in [query.text.0, query.text.1] {
            assert!(!text.contains("OFFSET"), "{text}");
        }
        for plan in plans(rig.log.database(), &query).await {
            assert!(!plan.is_empty());
            assert_eq!(plan.iter().find(|step| is_bad(step)), None, "{name}: {}: {plan:#?}", query.text.1);
        }
    }
}

async fn an_indexed_page_looks_at_little_more_than_it_gives(rig: Rig) {
    filled(&rig).await;
    for (name, filter) in indexed() {
        for (order, bounds) in asked_in_every_way() {
            let page = find(&rig.log, &filter, order, bounds, 100).await.unwrap();
            let full = page.positions.len() == 100;
            assert!(full || page.rest.is_none(), "{name} {order:?} {bounds:?}: {page:?}");
            // Two lists, and the few rows that are read beyond a page in case some are voided.
            let most = if full { 2 * (100 + 20) } else { 2 * (bounds.through.0 - bounds.after.0) as usize };
            assert!(page.looked_at <= most, "{name} {order:?} {bounds:?}: {}", page.looked_at);
        }
    }
}

async fn any_other_combination_ends_within_the_bound_and_goes_on(rig: Rig) {
    filled(&rig).await;
    let everywhere = Bounds { after: Position(0), through: rig.log.head().await.unwrap().position };
    let mut early = 0;
    for bits in 0..64u8 {
        let flag = |bit: u8| bits & bit != 0;
        // Each holds on thousands of statements; an agent with an even number never used the second verb.
        let filter = Filter {
            agent: flag(1).then_some(Subject { agents: vec![key(2, 100)], credential: None }),
            related_agents: true,
            verb: flag(2).then(|| VERBS[1].to_owned()),
            activity: flag(4).then(|| activity(51)),
            related_activities: true,
            registration: flag(8).then(|| uuid::Uuid::from_bytes(key(3, 7))),
            ..Filter::default()
        };
        let order = if flag(16) { Order::OldestFirst } else { Order::NewestFirst };
        let limit = if flag(32) { 1 } else { 100 };
        let mut bounds = everywhere;
        loop {
            let page = find(&rig.log, &filter, order, bounds, limit).await.unwrap();
            assert!(page.looked_at <= MOST_LOOKED_AT, "{filter:?}: {}", page.looked_at);
            let Some(rest) = page.rest else { break };
            assert!(
                rest.after >= bounds.after && rest.through <= bounds.through && rest != bounds,
                "it goes on"
            );
            early += usize::from(page.positions.is_empty());
            // Of what is found page by page the first page is enough to see.
            if !page.positions.is_empty() {
                break;
            }
            bounds = rest;
        }
    }
    assert!(early > 0, "one at least is so sparse that a page ends before it finds anything");
}

async fn what_others_sent_makes_no_difference_to_a_page_of_ones_own(rig: Rig) {
    let (others, own) = ([8; 16], [7; 16]);
    let sent = |facts: &StatementFacts, by: [u8; 16]| NewEvent { credential: Some(by), ..event(facts) };
    rig.append(vec![sent(&facts(1, 1, VERBS[0], 1), others)]).await;
    // Its own are about the second agent, but for a few; they refer to what others say of the first. Others say as much of
    // the fourth, between them.
    for batch in 0..18 {
        let both = (0..500).flat_map(|number| {
            let number = 10 + batch * 1_000 + number * 2;
            let who = if number % 4_000 == 10 { 5 } else { 2 };
            let object = ObjectFacts::StatementRef(key(1, 1));
            let refers = StatementFacts { object, ..facts(number, who, VERBS[0], 1) };
            [sent(&refers, own), sent(&facts(number + 1, 4, VERBS[0], 1), others)]
        });
        rig.append(both.collect()).await;
    }
    let everywhere = Bounds { after: Position(0), through: rig.log.head().await.unwrap().position };
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let pages = async |who| {
            let agent = Some(Subject { agents: vec![key(2, who)], credential: None });
            let filter = Filter { agent, own: Some(own), ..Filter::default() };
            let (mut pages, mut rest) = (Vec::new(), Some(everywhere));
            while let Some(bounds) = rest {
                let page = find(&rig.log, &filter, order, bounds, 100).await.unwrap();
                assert!(page.looked_at <= MOST_LOOKED_AT, "{}", page.looked_at);
                rest = page.rest;
                pages.push((page.positions.len(), page.rest, page.looked_at));
            }
            pages
        };
        let nobody = pages(3).await;
        assert!(nobody.len() > 1 && nobody.iter().all(|(found, ..)| *found == 0), "{nobody:?}");
        assert_eq!(pages(1).await, nobody, "whom others' statements are about that one's own refer to");
        assert_eq!(pages(4).await, nobody, "whom others' statements are about");
        let found =
            |pages: Vec<(usize, Option<Bounds>, usize)>| pages.iter().map(|(found, ..)| found).sum::<usize>();
        assert_eq!((found(pages(2).await), found(pages(5).await)), (9_000 - 5, 5));
    }
}

async fn what_lies_between_statements_counts_too(rig: Rig) {
    // A page may not look through any number of events that are no statements.
    rig.append(vec![event(&facts(1, 1, VERBS[0], 1))]).await;
    for _ in 0..25 {
        let events = (0..1_000).map(|number| {
            let facts = domain::events::AgentErasedFacts { agents: Vec::new() };
            other(number, &facts)
        });
        rig.append(events.collect()).await;
    }
    let bounds = Bounds { after: Position(0), through: rig.log.head().await.unwrap().position };
    let (mut bounds, mut pages) = (bounds, 0);
    loop {
        let page = find(&rig.log, &Filter::default(), Order::NewestFirst, bounds, 100).await.unwrap();
        assert!(page.looked_at <= MOST_LOOKED_AT, "{}", page.looked_at);
        pages += 1;
        let Some(rest) = page.rest else {
            assert_eq!(page.positions, [Position(1)]);
            break;
        };
        assert_eq!(page.positions, []);
        bounds = rest;
    }
    assert!(pages > 1);
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(super::Rig::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name(super::Rig::postgres().await).await;
            }
        }
    )*};
}

on_both![
    every_indexed_combination_is_read_off_an_index,
    an_indexed_page_looks_at_little_more_than_it_gives,
    any_other_combination_ends_within_the_bound_and_goes_on,
    what_others_sent_makes_no_difference_to_a_page_of_ones_own,
    what_lies_between_statements_counts_too,
];

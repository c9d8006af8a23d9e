//! What is written in the append's own transaction.

use eventlog::{AppendError, Position};
use futures_util::future::join_all;

use crate::on_both;
use crate::world::*;

on_both![
    who_has_the_answer_finds_the_index_row,
    an_event_that_a_hook_refuses_takes_no_neighbour_with_it,
    a_hook_is_brought_up_to_what_was_appended_without_it,
    a_hook_of_a_new_version_starts_anew,
    two_writers_of_which_one_has_no_hook_leave_no_hole,
    nodes_that_open_a_fresh_database_at_once_all_find_their_tables,
    a_full_disk_is_said_and_passes,
];

async fn who_has_the_answer_finds_the_index_row(world: World) {
    let log = world.open_with(vec![Notes::open()]).await;
    for expected in 1..=5 {
        fill(&log, vec![event()]).await;
        assert_eq!(Notes::rows(&log).await, (1..=expected).collect::<Vec<i64>>());
    }
}

async fn an_event_that_a_hook_refuses_takes_no_neighbour_with_it(world: World) {
    let notes = Notes::gated();
    let log = world.open_with(vec![notes.clone()]).await;
    let held = tokio::spawn({
        let log = log.clone();
        async move { log.append(request(vec![event()])).await }
    });
    notes.until_reached(1).await;
    // These wait together while the writer is held, and so become one batch.
    let batch = (0..20).map(|n| {
        let log = log.clone();
        let spoiled = n == 7 || n == 13;
        tokio::spawn(async move {
            (spoiled, log.append(request(vec![with_facts(if spoiled { b"bad" } else { b"good" })])).await)
        })
    });
    let batch: Vec<_> = batch.collect();
    notes.let_through();
    held.await.unwrap().unwrap();
    for outcome in join_all(batch).await {
        let (spoiled, outcome) = outcome.unwrap();
        match (spoiled, outcome) {
            (false, outcome) => assert!(outcome.is_ok(), "{outcome:?}"),
            (true, outcome) => assert!(matches!(outcome, Err(AppendError::Refused(_))), "{outcome:?}"),
        }
    }
    assert_eq!(log.head().await.unwrap().position, Position(19));
    assert_eq!(Notes::rows(&log).await, (1..=19).collect::<Vec<i64>>());
    assert_eq!(whole(&log).await.events, 19);
}

async fn a_hook_is_brought_up_to_what_was_appended_without_it(world: World) {
    let log = world.open().await;
    fill(&log, vec![event(), event(), event()]).await;
    log.close().await;
    let log = world.open_with(vec![Notes::open()]).await;
    assert_eq!(Notes::rows(&log).await, [1, 2, 3]);
}

async fn a_hook_of_a_new_version_starts_anew(world: World) {
    let log = world.open_with(vec![Notes::open()]).await;
    fill(&log, vec![event(), event()]).await;
    world.attack("DELETE FROM note", "DELETE FROM note").await.unwrap();
    log.rebuild_hooks().await.unwrap();
    assert_eq!(Notes::rows(&log).await, [1, 2], "rebuilt on request");
    log.close().await;
    world.attack("DELETE FROM note", "DELETE FROM note").await.unwrap();
    let same = world.open_with(vec![Notes::open()]).await;
    assert_eq!(Notes::rows(&same).await, [0_i64; 0], "the same version is taken as it is");
    same.close().await;
    let raised = world.open_with(vec![Notes::of_version(2)]).await;
    assert_eq!(Notes::rows(&raised).await, [1, 2]);
}

async fn two_writers_of_which_one_has_no_hook_leave_no_hole(world: World) {
    let with = world.open_with(vec![Notes::open()]).await;
    let without = world.open().await;
    fill(&with, vec![event()]).await;
    fill(&without, vec![event(), event()]).await;
    fill(&with, vec![event()]).await;
    assert_eq!(Notes::rows(&with).await, [1, 2, 3, 4]);
}

async fn nodes_that_open_a_fresh_database_at_once_all_find_their_tables(world: World) {
    let logs = join_all((0..4).map(|_| world.open_with(vec![Notes::open()]))).await;
    for log in &logs {
        fill(log, vec![event()]).await;
    }
    assert_eq!(Notes::rows(&logs[0]).await, [1, 2, 3, 4]);
}

async fn a_full_disk_is_said_and_passes(world: World) {
    let log = world.open_with(vec![Notes::open()]).await;
    fill(&log, vec![event()]).await;
    let big = eventlog::NewEvent {
        facts: if world.is_sqlite() { b"large".to_vec() } else { b"full".to_vec() },
        ..with_slots(&[&vec![1; 1 << 20]])
    };
    limit_pages(&log, true).await;
    let refused = log.append(request(vec![big])).await;
    assert!(matches!(&refused, Err(AppendError::Unavailable(why)) if why.contains("full")), "{refused:?}");
    assert_eq!(log.head().await.unwrap().position, Position(1));
    limit_pages(&log, false).await;
    fill(&log, vec![event()]).await;
    assert_eq!(whole(&log).await.events, 2);
}

/// Lets SQLite's file grow no further, as a full disk would.
async fn limit_pages(log: &eventlog::EventLog, limited: bool) {
    if let eventlog::Database::Sqlite(db) = log.database() {
        let sql = if limited { "PRAGMA max_page_count = 1" } else { "PRAGMA max_page_count = 1000000" };
        sqlx::raw_sql(sql).execute(&db.writer).await.unwrap();
    }
}

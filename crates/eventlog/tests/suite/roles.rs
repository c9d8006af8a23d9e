//! On PostgreSQL the role that serves appends, and cannot take away what keeps the log append-only.

use eventlog::{EventLog, Location, Naming, Options, Position};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::world::*;

async fn run(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql("SET search_path = log").execute(&mut connection).await?;
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
    connection.close().await?;
    done.map(drop)
}

#[tokio::test]
async fn the_role_that_serves_appends_and_can_change_nothing() {
    let mut database = testkit::postgres::database().await.unwrap();
    let (admin, service) = (database.url(), database.role("_service").await.unwrap());
    let (own, others) = (Location::postgres(&admin, "log"), Location::postgres(&service, "log"));
    let open = async |location: &Location, hooks| {
        let clock = eventlog::clock::ManualClock::at(NOON);
        EventLog::open(Options { hooks, ..Options::new(location.clone(), clock) }).await
    };
    // A role of its own cannot even make the tables.
    assert!(open(&others, Vec::new()).await.is_err());
    for _ in 0..2 {
        EventLog::separate_roles(&own, &others, &[]).await.unwrap();
    }
    assert!(EventLog::separate_roles(&own, &own, &[]).await.is_err());

    let log = open(&others, vec![Notes::open()]).await.unwrap();
    assert!(!log.could_rewrite().await.unwrap());
    fill(&log, vec![keyed([1; 16]), with_slots(&[b"one", b"two"])]).await;
    log.delete_slots(&[(Position(2), 0)], of_kind("slots_deleted")).await.unwrap();
    let (set, unwanted) = (fresh(), fresh());
    let hashes = log.stage(set, 0, b"chunk").await.unwrap().to_vec();
    let named = vec![Naming { event: 0, slot: 0, set, hashes }];
    log.append_naming(request(vec![with_slots(&[b"key"])]), named).await.unwrap();
    log.stage(unwanted, 0, b"chunk").await.unwrap();
    log.discard(unwanted).await.unwrap();
    log.consistent_through().await.unwrap();
    log.rebuild_hooks().await.unwrap();
    let before = whole(&log).await;
    for sql in [
        "UPDATE event SET facts = facts",
        "DELETE FROM event",
        "TRUNCATE event",
        "DROP TABLE event",
        "ALTER TABLE event DISABLE TRIGGER ALL",
        "DROP TRIGGER event_only_appended ON event",
        "ALTER TABLE sealed DISABLE TRIGGER ALL",
        "UPDATE sealed SET body = ''",
        "DELETE FROM sealed",
        "DELETE FROM chunk",
        "UPDATE chunk SET body = ''",
        "ALTER TABLE chunk DISABLE TRIGGER ALL",
        "UPDATE chunk_set SET hashes = ''",
        "DROP SCHEMA log CASCADE",
        "DROP FUNCTION log_refuse CASCADE",
        "CREATE OR REPLACE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DELETE FROM log_head",
        "DELETE FROM sealed_deleted",
        "UPDATE log_format SET version = 9",
        "SET session_replication_role = replica; DELETE FROM event",
        "CREATE TRIGGER own BEFORE INSERT ON event EXECUTE FUNCTION log_refuse()",
    ] {
        assert!(run(&service, sql).await.is_err(), "{sql}");
    }
    assert_eq!(whole(&log).await, before);
    log.close().await;
}

#[tokio::test]
async fn tables_that_the_role_that_serves_made_itself_are_taken_over() {
    let mut database = testkit::postgres::database().await.unwrap();
    let (admin, service) = (database.url(), database.role("_service").await.unwrap());
    let name = database.name();
    let grant = format!("GRANT CREATE ON DATABASE {name} TO {name}_service");
    run(&admin, &grant).await.unwrap();
    let location = Location::postgres(&service, "log");
    let log = EventLog::open(Options::new(location.clone(), eventlog::clock::ManualClock::at(NOON))).await;
    let log = log.unwrap();
    assert!(log.could_rewrite().await.unwrap());
    fill(&log, vec![event()]).await;
    EventLog::separate_roles(&Location::postgres(&admin, "log"), &location, &[]).await.unwrap();
    // While it runs: it goes on, and may no longer.
    assert!(!log.could_rewrite().await.unwrap());
    fill(&log, vec![event()]).await;
    assert!(run(&service, "ALTER TABLE event DISABLE TRIGGER ALL").await.is_err());
    log.close().await;
}

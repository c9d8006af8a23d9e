//! The statement index against a model that looks at every statement for every question.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::collections::BTreeSet;

use domain::StatementFacts;
use domain::statement::{AgentRole, ContextRole, ObjectFacts};
use eventlog::Position;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use rig::*;
use views::statements::{Bounds, Filter, Order, Subject, find, locate};

const VERBS: [&str; 2] = ["http://e.org/a", "http://e.org/b"];

/// What a generated statement says. Numbers are small, so that things meet.
#[derive(Debug, Clone)]
struct Said {
    who: usize,
    verb: usize,
    object: About,
    instructor: Option<usize>,
    parent: Option<usize>,
    registration: Option<usize>,
}

#[derive(Debug, Clone)]
enum About {
    Activity(usize),
    Refers(usize),
    Voids(usize),
}

fn said(count: usize) -> impl Strategy<Value = Said> {
    let about = prop_oneof![
        4 => (0..3usize).prop_map(About::Activity),
        3 => (0..count).prop_map(About::Refers),
        1 => (0..count).prop_map(About::Voids),
    ];
    let maybe = || proptest::option::weighted(0.3, 0..3usize);
    (0..3usize, 0..2usize, about, maybe(), maybe(), maybe()).prop_map(
        |(who, verb, object, instructor, parent, registration)| Said {
            who,
            verb,
            object,
            instructor,
            parent,
            registration,
        },
    )
}

fn facts_of(number: usize, said: &Said) -> StatementFacts {
    let mut facts = facts(number, said.who, VERBS[said.verb], 0);
    match said.object {
        About::Activity(about) => facts.object = ObjectFacts::Activity(activity(about)),
        About::Refers(target) => facts.object = ObjectFacts::StatementRef(key(1, target)),
        About::Voids(target) => {
            facts.object = ObjectFacts::StatementRef(key(1, target));
            facts.verb = domain::verbs::VOIDED.into();
        }
    }
    facts.agents.extend(said.instructor.map(|agent| (AgentRole::Instructor, key(2, agent))));
    facts.activities.extend(said.parent.map(|about| (ContextRole::Parent, activity(about))));
    facts.registration = said.registration.map(|number| key(3, number));
    facts
}

/// Whether a statement says all that a filter asks for.
fn says(facts: &StatementFacts, filter: &Filter) -> bool {
    let agent = filter.agent.as_ref().is_none_or(|subject| {
        facts.agents.iter().any(|(role, agent)| {
            subject.agents.contains(agent) && (filter.related_agents || role.is_direct())
        })
    });
    let activity = filter.activity.as_ref().is_none_or(|wanted| {
        facts.activity() == Some(wanted)
            || filter.related_activities && facts.activities.iter().any(|(_, activity)| activity == wanted)
    });
    let verb = filter.verb.as_ref().is_none_or(|verb| *verb == facts.verb);
    let registration =
        filter.registration.is_none_or(|wanted| facts.registration == Some(*wanted.as_bytes()));
    let own = filter.own.is_none_or(|own| own == sender(facts));
    agent && activity && verb && registration && own
}

/// The credential that sent a statement: there are two.
fn sender(facts: &StatementFacts) -> eventlog::Key {
    key(4, usize::from(facts.id[15] % 2))
}

/// The statement and all that it refers to, over however many others.
fn chain(log: &[StatementFacts], from: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut next = Some(from);
    while let Some(at) = next.filter(|at| seen.insert(*at)) {
        next = log[at].refers_to().and_then(|target| log.iter().position(|other| other.id == target));
    }
    seen
}

fn voided(log: &[StatementFacts], at: usize) -> bool {
    log[at].voids().is_none() && log.iter().any(|other| other.voids() == Some(log[at].id))
}

fn expected(log: &[StatementFacts], filter: &Filter, order: Order) -> Vec<Position> {
    let matching = (0..log.len())
        .filter(|at| filter.own.is_none_or(|own| own == sender(&log[*at])))
        .filter(|at| !voided(log, *at) && chain(log, *at).iter().any(|other| says(&log[*other], filter)));
    let mut positions: Vec<_> = matching.map(|at| Position(at as u64 + 1)).collect();
    if order == Order::NewestFirst {
        positions.reverse();
    }
    positions
}

fn filters() -> Vec<Filter> {
    let mut filters = Vec::new();
    for bits in 0..128u8 {
        let flag = |bit: u8| bits & bit != 0;
        filters.push(Filter {
            agent: flag(1).then(|| Subject { agents: vec![key(2, 1)], credential: None }),
            related_agents: flag(2),
            verb: flag(4).then(|| VERBS[0].to_owned()),
            activity: flag(8).then(|| activity(1)),
            related_activities: flag(16),
            registration: flag(32).then(|| domain_uuid(key(3, 1))),
            own: flag(64).then(|| key(4, 1)),
        });
    }
    filters
}

fn domain_uuid(key: eventlog::Key) -> uuid::Uuid {
    uuid::Uuid::from_bytes(key)
}

/// All pages of a list.
async fn all(rig: &Rig, filter: &Filter, order: Order, limit: usize) -> Vec<Position> {
    let mut bounds = Bounds { after: Position(0), through: rig.log.head().await.unwrap().position };
    let mut found = Vec::new();
    loop {
        let page = find(&rig.log, filter, order, bounds, limit).await.unwrap();
        assert!(page.positions.len() <= limit);
        found.extend(page.positions);
        match page.rest {
            Some(rest) => bounds = rest,
            None => return found,
        }
    }
}

async fn agrees_with_the_model(rig: &Rig, statements: &[Said], cuts: &[usize]) {
    // The numbers are shuffled, so that targets come before and after those that refer to them.
    let count = statements.len();
    let log: Vec<StatementFacts> =
        statements.iter().enumerate().map(|(at, said)| facts_of((at * 7 + 3) % count, said)).collect();
    let mut rest = log.as_slice();
    for cut in cuts.iter().cycle() {
        let (now, later) = rest.split_at((*cut).min(rest.len()));
        let sent = |facts| eventlog::NewEvent { credential: Some(sender(facts)), ..event(facts) };
        rig.append(now.iter().map(sent).collect()).await;
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    rig.settled().await;
    compare(rig, &log).await;
    rig.log.rebuild_hooks().await.unwrap();
    compare(rig, &log).await;
}

async fn compare(rig: &Rig, log: &[StatementFacts]) {
    for filter in filters() {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let found = all(rig, &filter, order, 3).await;
            assert_eq!(found, expected(log, &filter, order), "{filter:?} {order:?}");
        }
    }
    for at in 0..log.len() {
        let position = Position(at as u64 + 1);
        let located = locate(&rig.log, &log[at].id).await.unwrap();
        assert_eq!(located, Some((position, voided(log, at))));
    }
}

/// A log whose length 7 does not divide, and how it is cut into appends.
fn logs() -> impl Strategy<Value = (Vec<Said>, Vec<usize>)> {
    prop::sample::select(vec![2usize, 5, 9, 13, 20]).prop_flat_map(|count| {
        (prop::collection::vec(said(count), count), prop::collection::vec(1..6usize, 1..4))
    })
}

#[tokio::test]
async fn every_filter_in_both_orders_finds_what_looking_at_every_statement_finds_on_sqlite() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        let (statements, cuts) = logs().new_tree(&mut runner).unwrap().current();
        agrees_with_the_model(&Rig::sqlite().await, &statements, &cuts).await;
    }
}

#[tokio::test]
async fn every_filter_in_both_orders_finds_what_looking_at_every_statement_finds_on_postgres() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let (statements, cuts) = logs().new_tree(&mut runner).unwrap().current();
        agrees_with_the_model(&Rig::postgres().await, &statements, &cuts).await;
    }
}

async fn a_page_ends_early_rather_than_look_at_everything(rig: Rig) {
    // Two conditions that each hold on thousands of statements and together on two, far back.
    let mut batch = Vec::new();
    for number in 0..12_000 {
        let mut facts = facts(number, 1 + number % 2, VERBS[0], number % 2);
        if number == 5 || number == 7 {
            facts.object = ObjectFacts::Activity(activity(0));
        }
        batch.push(event(&facts));
        if batch.len() == 1_000 {
            rig.append(std::mem::take(&mut batch)).await;
        }
    }
    let filter = Filter {
        agent: Some(Subject { agents: vec![key(2, 2)], credential: None }),
        related_agents: true,
        activity: Some(activity(0)),
        verb: Some(VERBS[0].into()),
        ..Filter::default()
    };
    let bounds = Bounds { after: Position(0), through: rig.log.head().await.unwrap().position };
    let first = find(&rig.log, &filter, Order::NewestFirst, bounds, 100).await.unwrap();
    assert_eq!(first.positions, []);
    assert!(first.rest.is_some_and(|rest| rest.through < bounds.through));
    assert_eq!(all(&rig, &filter, Order::NewestFirst, 100).await, [Position(8), Position(6)]);
}

#[tokio::test]
async fn a_page_ends_early_rather_than_look_at_everything_on_sqlite() {
    a_page_ends_early_rather_than_look_at_everything(Rig::sqlite().await).await;
}

#[tokio::test]
async fn a_page_ends_early_rather_than_look_at_everything_on_postgres() {
    a_page_ends_early_rather_than_look_at_everything(Rig::postgres().await).await;
}

#[tokio::test]
async fn what_is_put_off_comes_to_the_same_on_sqlite() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..8 {
        let (statements, cuts) = logs().new_tree(&mut runner).unwrap().current();
        agrees_with_the_model(&Rig::sqlite().await.reopened(1).await, &statements, &cuts).await;
    }
}

#[tokio::test]
async fn what_is_put_off_comes_to_the_same_on_postgres() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..4 {
        let (statements, cuts) = logs().new_tree(&mut runner).unwrap().current();
        agrees_with_the_model(&Rig::postgres().await.reopened(1).await, &statements, &cuts).await;
    }
}

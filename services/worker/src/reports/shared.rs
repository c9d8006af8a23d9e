//! What takes long is made once for all who ask meanwhile, and what was made last is kept.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

/// What becomes of a question: one answer or one error for all who asked it.
pub(crate) type Outcome<V, E> = Result<Arc<V>, Arc<E>>;

/// Tells all who wait for an answer, once it is there.
type Tell<V, E> = Arc<watch::Sender<Option<Outcome<V, E>>>>;

/// Answers by question. Errors are told and not kept.
pub(crate) struct Shared<K, V, E> {
    state: Mutex<State<K, V, E>>,
    /// How many different questions are worked on at once; the others wait.
    places: Semaphore,
    /// How much of the answers' weight is kept, and what an answer weighs.
    room: usize,
    weigh: fn(&V) -> usize,
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has asked lately.
    NotAsked,
    /// Others are worked on first.
    Waiting,
    /// It is worked on.
    Making,
    /// It is there.
    Made,
}

struct State<K, V, E> {
    /// What is being made, and how those who wait are told.
    running: HashMap<K, Tell<V, E>>,
    /// What of that is worked on.
    begun: HashSet<K>,
    /// What was made, each with its weight; what was asked for last is at the end.
    kept: VecDeque<(K, Arc<V>, usize)>,
}

impl<K, V, E> Shared<K, V, E>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Works on `at_once` questions at a time, and keeps answers that weigh `room` together, or a single one.
    pub(crate) fn new(at_once: usize, room: usize, weigh: fn(&V) -> usize) -> Arc<Self> {
        let state = State { running: HashMap::new(), begun: HashSet::new(), kept: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state), places: Semaphore::new(at_once), room, weigh })
    }

    /// The answer to a question: the one that is kept, the one that is being made, or else what `make` gives. `None`
    /// where making it ended early. Who stops waiting stops nobody else; where nobody is left before it is begun, it
    /// is left.
    pub(crate) async fn get<F>(self: &Arc<Self>, key: K, make: F) -> Option<Outcome<V, E>>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let mut told = {
            let mut state = self.state();
            if let Some(kept) = state.kept(&key) {
                return Some(Ok(kept));
            }
            match state.running.get(&key) {
                Some(running) => running.subscribe(),
                None => {
                    let (tell, told) = watch::channel(None);
                    let tell = Arc::new(tell);
                    state.running.insert(key.clone(), Arc::clone(&tell));
                    tokio::spawn(Running { of: Arc::clone(self), key }.make(tell, make));
                    told
                }
            }
        };
        told.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// How far the answer to a question has come.
    pub(crate) fn stage(&self, key: &K) -> Stage {
        let state = self.state();
        match (state.kept.iter().any(|(kept, ..)| kept == key), state.running.contains_key(key)) {
            (true, _) => Stage::Made,
            (_, false) => Stage::NotAsked,
            (_, true) if state.begun.contains(key) => Stage::Making,
            (_, true) => Stage::Waiting,
        }
    }

    fn state(&self) -> MutexGuard<'_, State<K, V, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V, E> State<K, V, E> {
    fn kept(&mut self, key: &K) -> Option<Arc<V>> {
        let place = self.kept.iter().position(|(kept, ..)| kept == key)?;
        let found = self.kept.remove(place)?;
        let made = Arc::clone(&found.1);
        self.kept.push_back(found);
        Some(made)
    }

    fn keep(&mut self, key: K, made: &Arc<V>, weight: usize, room: usize) {
        self.kept.push_back((key, Arc::clone(made), weight));
        while self.kept.len() > 1 && self.kept.iter().map(|(.., weight)| weight).sum::<usize>() > room {
            self.kept.pop_front();
        }
    }
}

/// A question that is worked on, until this is dropped: also by a panic.
struct Running<K: Eq + Hash, V, E> {
    of: Arc<Shared<K, V, E>>,
    key: K,
}

impl<K, V, E> Running<K, V, E>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    async fn make<F>(self, tell: Tell<V, E>, make: F)
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let _place = self.of.places.acquire().await;
        {
            // Who asks looks here first, so that nobody begins to wait meanwhile.
            let mut state = self.of.state();
            if tell.receiver_count() == 0 {
                state.running.remove(&self.key);
                return;
            }
            state.begun.insert(self.key.clone());
        }
        let outcome = make.await.map(Arc::new).map_err(Arc::new);
        {
            let mut state = self.of.state();
            state.running.remove(&self.key);
            state.begun.remove(&self.key);
            if let Ok(made) = &outcome {
                state.keep(self.key.clone(), made, (self.of.weigh)(made), self.of.room);
            }
        }
        tell.send_replace(Some(outcome));
    }
}

impl<K: Eq + Hash, V, E> Drop for Running<K, V, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut state = self.of.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.running.remove(&self.key);
            state.begun.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use tokio::sync::Notify;

    type Answers = Arc<Shared<u32, String, String>>;

    fn answers(at_once: usize) -> Answers {
        Shared::new(at_once, 10, String::len)
    }

    /// Counts computations, of which each waits to be let go on.
    #[derive(Default)]
    struct Work {
        begun: AtomicUsize,
        at_once: AtomicUsize,
        most: AtomicUsize,
        began: Notify,
        go_on: Notify,
    }

    impl Work {
        async fn done(self: Arc<Self>, outcome: Result<String, String>) -> Result<String, String> {
            self.begun.fetch_add(1, SeqCst);
            self.most.fetch_max(self.at_once.fetch_add(1, SeqCst) + 1, SeqCst);
            self.began.notify_one();
            self.go_on.notified().await;
            self.at_once.fetch_sub(1, SeqCst);
            outcome
        }

        fn begun(&self) -> usize {
            self.begun.load(SeqCst)
        }
    }

    /// Eight who ask the same, all of them waiting.
    async fn eight(
        answers: &Answers,
        work: &Arc<Work>,
        outcome: Result<String, String>,
    ) -> Vec<tokio::task::JoinHandle<Option<Outcome<String, String>>>> {
        let ask = || {
            let (answers, work, outcome) = (Arc::clone(answers), Arc::clone(work), outcome.clone());
            tokio::spawn(async move { answers.get(1, work.done(outcome)).await })
        };
        let asked = (0..8).map(|_| ask()).collect();
        work.began.notified().await;
        while answers.state().running.get(&1).is_none_or(|tell| tell.receiver_count() < 8) {
            tokio::task::yield_now().await;
        }
        asked
    }

    #[tokio::test]
    async fn eight_who_ask_the_same_make_one_computation() {
        let (answers, work) = (answers(2), Arc::<Work>::default());
        assert_eq!(answers.stage(&1), Stage::NotAsked);
        let asked = eight(&answers, &work, Ok("made".into())).await;
        assert_eq!(answers.stage(&1), Stage::Making);
        work.go_on.notify_one();
        for one in asked {
            assert_eq!(**one.await.unwrap().unwrap().as_ref().unwrap(), "made");
        }
        assert_eq!(answers.stage(&1), Stage::Made);
        // Nor does who asks afterwards.
        assert!(answers.get(1, Arc::clone(&work).done(Ok("again".into()))).await.unwrap().is_ok());
        assert_eq!(work.begun(), 1);
    }

    #[tokio::test]
    async fn an_error_reaches_all_and_is_not_kept() {
        let (answers, work) = (answers(2), Arc::<Work>::default());
        let asked = eight(&answers, &work, Err("failed".into())).await;
        work.go_on.notify_one();
        for one in asked {
            assert_eq!(**one.await.unwrap().unwrap().as_ref().unwrap_err(), "failed");
        }
        work.go_on.notify_one();
        assert!(answers.get(1, Arc::clone(&work).done(Ok("made".into()))).await.unwrap().is_ok());
        assert_eq!(work.begun(), 2);
    }

    #[tokio::test]
    async fn who_leaves_takes_nothing_from_the_others() {
        let (answers, work) = (answers(2), Arc::<Work>::default());
        let mut asked = eight(&answers, &work, Ok("made".into())).await;
        // The one for whom it was begun is among those who leave.
        for leaving in asked.drain(..7) {
            leaving.abort();
            assert!(leaving.await.unwrap_err().is_cancelled());
        }
        work.go_on.notify_one();
        assert!(asked.remove(0).await.unwrap().unwrap().is_ok());
        assert_eq!(work.begun(), 1);
    }

    #[tokio::test]
    async fn a_computation_that_panics_ends_for_all_and_is_made_again() {
        let answers = answers(2);
        assert!(answers.get(1, async { panic!("in the middle") }).await.is_none());
        assert!(answers.get(1, async { Ok("made".into()) }).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn so_many_different_questions_are_worked_on_at_once_and_what_nobody_waits_for_is_not_begun() {
        let (answers, work) = (answers(2), Arc::<Work>::default());
        let asked: Vec<_> = (0..5)
            .map(|question| {
                let (answers, work) = (Arc::clone(&answers), Arc::clone(&work));
                tokio::spawn(async move { answers.get(question, work.done(Ok("made".into()))).await })
            })
            .collect();
        while answers.state().running.len() < 5 || work.begun() < 2 {
            tokio::task::yield_now().await;
        }
        // Those that were begun first have the places.
        assert_eq!(answers.stage(&4), Stage::Waiting);
        asked[4].abort();
        while answers.state().running.get(&4).is_some_and(|tell| tell.receiver_count() > 0) {
            tokio::task::yield_now().await;
        }
        for one in asked {
            work.go_on.notify_one();
            if let Ok(told) = one.await {
                assert!(told.unwrap().is_ok());
            }
        }
        while !answers.state().running.is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!((work.begun(), work.most.load(SeqCst)), (4, 2));
    }

    #[tokio::test]
    async fn what_is_kept_has_a_bound_and_what_was_asked_for_last_stays() {
        let answers = answers(1);
        let asked = |question, answer: &str| {
            let (answers, answer) = (Arc::clone(&answers), answer.to_owned());
            async move { answers.get(question, async { Ok(answer) }).await.unwrap().unwrap().to_string() }
        };
        for (question, given) in [(1, "aaaa"), (2, "bbbb"), (1, "new"), (3, "cccc"), (2, "bb")] {
            let expected = if (question, given) == (1, "new") { "aaaa" } else { given };
            assert_eq!(asked(question, given).await, expected);
        }
        let kept: Vec<u32> = answers.state().kept.iter().map(|(question, ..)| *question).collect();
        assert_eq!(kept, [1, 3, 2]);
        // One that is heavier than all that may be kept is kept alone.
        asked(4, "far too heavy for the room").await;
        assert_eq!(answers.state().kept.len(), 1);
    }
}

//! The way out: from positions to statements as they are given back.

use std::collections::HashMap;
use std::sync::Arc;

use domain::statement::{AgentRole, ObjectFacts};
use domain::{Facts as _, StatementFacts};
use eventlog::clock::Micros;
use eventlog::{Arrivals, Event, EventLog, Key, Position, Slot, WithSlots};
use prometheus::IntCounter;
use uuid::Uuid;
use vault::{AgentId, Envelope, Text, Vault, VaultError};
use views::ViewError;
use xapi::output::{self, Account, Additions, Anonymous, AnonymousObject, Canonical, Languages};
use xapi::{Duration, Format, ResultFacts, Version};

use crate::failure::ReadError;
use crate::prepare::{STATEMENT, TAG_GROUP};

/// A statement as stored: its event, its facts, and its text as far as there are keys.
pub(crate) struct Stored {
    pub(crate) event: Event,
    pub(crate) facts: StatementFacts,
    pub(crate) text: Text,
}

/// How statements are to look.
pub(crate) struct Look {
    pub(crate) version: Version,
    pub(crate) format: Format,
    pub(crate) languages: Languages,
    /// Whether the content of attachments is asked for as well.
    pub(crate) attachments: bool,
    /// Counts the statements that are left out because they are damaged; without it the first of them fails.
    pub(crate) left_out: Option<IntCounter>,
}

/// A statement as JSON.
pub(crate) struct Shown {
    pub(crate) position: Position,
    pub(crate) stored: Micros,
    pub(crate) credential: Option<Key>,
    pub(crate) json: String,
    /// As stored, where its attachments are asked for. Else it is gone before the others are there.
    pub(crate) whole: Option<Stored>,
}

/// Reads statements, in the order of the positions. Erased people are replaced by accounts below `base_url`.
pub(crate) async fn read(
    log: &EventLog,
    vault: &Vault,
    base_url: &str,
    positions: &[Position],
) -> Result<Vec<Stored>, ReadError> {
    // A key that another node destroyed must not be used from this one's memory.
    vault.at_fence(log.fence());
    let whole = |share: Vec<Position>| {
        let (log, vault, base_url) = (log.clone(), vault.clone(), base_url.to_owned());
        async move { read_share(&log, &vault, &base_url, &share, None, |stored| stored).await }
    };
    in_shares(positions.to_vec(), log.share(), whole).await
}

/// Statements as [`read`] has them, and as JSON.
pub(crate) async fn shown(
    log: &EventLog,
    vault: &Vault,
    base_url: &str,
    positions: &[Position],
    look: Look,
) -> Result<Vec<Shown>, ReadError> {
    vault.at_fence(log.fence());
    let look = Arc::new(look);
    let whole = |share: Vec<Position>| {
        let (log, vault, base_url, look) = (log.clone(), vault.clone(), base_url.to_owned(), look.clone());
        async move {
            // Most of a page came by one credential.
            let mut authorities: HashMap<Key, String> = HashMap::new();
            let mut show = |stored: Stored, definitions: &HashMap<String, String>| {
                let authority = stored.event.credential.map(|credential| {
                    &*authorities.entry(credential).or_insert_with(|| authority(&base_url, &credential))
                });
                let json = stored.looking(authority.map(String::as_str), &base_url, &look, definitions);
                let Event { position, stored: at, credential, .. } = stored.event;
                Shown { position, stored: at, credential, json, whole: look.attachments.then_some(stored) }
            };
            if let Format::Canonical = look.format {
                let left_out = look.left_out.as_ref();
                let stored = read_share(&log, &vault, &base_url, &share, left_out, |stored| stored).await?;
                let definitions = definitions(&log, &stored).await?;
                return Ok(stored.into_iter().map(|stored| show(stored, &definitions)).collect());
            }
            let none = HashMap::new();
            let left_out = look.left_out.as_ref();
            read_share(&log, &vault, &base_url, &share, left_out, |stored| show(stored, &none)).await
        }
    };
    in_shares(positions.to_vec(), log.share(), whole).await
}

/// Works on the first share of some items, and on the others beside it where there is a core for them. Opening a share
/// takes less than a millisecond, after which others get a turn.
async fn in_shares<T, R, F>(
    mut items: Vec<T>,
    share: usize,
    whole: impl Fn(Vec<T>) -> F,
) -> Result<Vec<R>, ReadError>
where
    R: Send + 'static,
    F: Future<Output = Result<Vec<R>, ReadError>> + Send + 'static,
{
    let mut rest = items.split_off(items.len().min(share)).into_iter().peekable();
    let mut others = Vec::new();
    while rest.peek().is_some() {
        others.push(tokio::spawn(whole(rest.by_ref().take(share).collect())));
    }
    let mut all = whole(items).await?;
    for other in others {
        all.extend(other.await.map_err(|error| VaultError::Stopped(error.to_string()))??);
    }
    Ok(all)
}

/// Reads statements and has each looked at as soon as it is open, while the next are on their way. In the order of the
/// positions.
async fn read_share<R: Send>(
    log: &EventLog,
    vault: &Vault,
    base_url: &str,
    positions: &[Position],
    left_out: Option<&IntCounter>,
    look: impl FnMut(Stored) -> R + Send,
) -> Result<Vec<R>, ReadError> {
    let seen = HashMap::with_capacity(positions.len());
    let mut opening = Opening { vault, base_url, look, seen, further: Vec::new(), left_out };
    log.each_with_slots(positions, &mut opening).await?;
    let mut further = std::mem::take(&mut opening.further);
    if !further.is_empty() {
        // The content of attachments stays where it is.
        let wanted: Vec<_> =
            further.iter().map(|sealed| (sealed.event.position, 0..=sealed.had - 1)).collect();
        let mut slots: HashMap<Position, Vec<Slot>> = HashMap::new();
        for (position, slot) in log.read_slots(&wanted).await? {
            slots.entry(position).or_default().push(slot);
        }
        for sealed in &mut further {
            sealed.slots = slots.remove(&sealed.event.position).unwrap_or_default();
        }
        opening.open(further).await?;
    }
    Ok(positions.iter().filter_map(|position| opening.seen.remove(position)).collect())
}

/// A statement whose text is still sealed.
struct Sealed {
    event: Event,
    facts: StatementFacts,
    /// How many slots the text had.
    had: u16,
    /// Those of them that were read.
    slots: Vec<Slot>,
}

impl Sealed {
    /// None where the event is no statement.
    fn of(WithSlots { event, mut slots, had }: WithSlots) -> Result<Option<Self>, ReadError> {
        if event.kind != STATEMENT {
            return Ok(None);
        }
        let facts = StatementFacts::decode(event.schema, &event.facts)
            .map_err(|error| ReadError::Facts(event.position.0, error.to_string()))?;
        let had = facts.attachments_from.unwrap_or(had);
        slots.retain(|slot| slot.number < had);
        Ok(Some(Self { event, facts, had, slots }))
    }

    fn lacks_some(&self) -> bool {
        self.slots.len() < usize::from(self.had)
    }

    /// None where a slot was deleted on purpose, which leaves a gap; what it belonged to is then answered from the facts.
    fn envelope(&self) -> Option<Envelope<'_>> {
        let Self { event, slots, .. } = self;
        let all = self.had > 0
            && !self.lacks_some()
            && (0..).zip(slots).all(|(number, slot)| slot.number == number);
        all.then_some(Envelope { event: event.id, kind: STATEMENT, slots })
    }
}

/// Opens statements as they arrive.
struct Opening<'a, R, L> {
    vault: &'a Vault,
    base_url: &'a str,
    look: L,
    /// What they look like.
    seen: HashMap<Position, R>,
    /// Those of which more slots are to be read, which asks for another connection.
    further: Vec<Sealed>,
    /// See [`Look::left_out`].
    left_out: Option<&'a IntCounter>,
}

impl<R: Send, L: FnMut(Stored) -> R + Send> Arrivals for Opening<'_, R, L> {
    type Error = ReadError;

    async fn take(&mut self, some: Vec<WithSlots>) -> Result<(), ReadError> {
        let mut whole = Vec::with_capacity(some.len());
        for with in some {
            let position = with.event.position;
            match Sealed::of(with) {
                Ok(Some(sealed)) if sealed.lacks_some() => self.further.push(sealed),
                Ok(sealed) => whole.extend(sealed),
                Err(error) => self.leave_out(position, error)?,
            }
        }
        self.open(whole).await
    }
}

impl<R, L: FnMut(Stored) -> R> Opening<'_, R, L> {
    async fn open(&mut self, some: Vec<Sealed>) -> Result<(), ReadError> {
        match texts(self.vault, self.base_url, &some).await {
            Ok(texts) => self.see(some, texts),
            // One of them is damaged: each by itself, so that the others are not lost with it.
            Err(error) if error.is_damage() && self.left_out.is_some() => {
                for sealed in some {
                    match texts(self.vault, self.base_url, std::slice::from_ref(&sealed)).await {
                        Ok(texts) => self.see(vec![sealed], texts),
                        Err(error) => self.leave_out(sealed.event.position, error)?,
                    }
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn see(&mut self, some: Vec<Sealed>, texts: Vec<Text>) {
        let mut texts = texts.into_iter();
        for sealed in some {
            let text = sealed.envelope().and_then(|_| texts.next()).unwrap_or(Text::Erased);
            let Sealed { event, facts, .. } = sealed;
            self.seen.insert(event.position, (self.look)(Stored { event, facts, text }));
        }
    }

    /// Leaves out what is damaged, where it may be.
    fn leave_out(&self, position: Position, error: ReadError) -> Result<(), ReadError> {
        let Some(counter) = self.left_out.filter(|_| error.is_damage()) else { return Err(error) };
        counter.inc();
        let position = position.0;
        tracing::error!(position, %error, "a statement is damaged and left out of a list: run `larka verify`");
        Ok(())
    }
}

/// The texts of those that have all their slots, in their order.
async fn texts(vault: &Vault, base_url: &str, some: &[Sealed]) -> Result<Vec<Text>, ReadError> {
    let envelopes: Vec<Envelope<'_>> = some.iter().filter_map(Sealed::envelope).collect();
    Ok(vault.open_texts(&envelopes, |agent, tag| replacement(base_url, agent, tag)).await?)
}

/// What is held to be true of the activities in some statements, by activity. One query.
async fn definitions(log: &EventLog, statements: &[Stored]) -> Result<HashMap<String, String>, ViewError> {
    let mut activities: Vec<&str> = statements.iter().flat_map(Stored::activities).collect();
    activities.sort_unstable();
    activities.dedup();
    let found = views::activities::definitions(log, &activities).await?;
    let known = activities.into_iter().zip(found);
    Ok(known.filter_map(|(activity, found)| Some((activity.to_owned(), found?.json))).collect())
}

impl Stored {
    /// Every activity in it, as object or context activity, a SubStatement's too.
    fn activities(&self) -> impl Iterator<Item = &str> {
        let context = self.facts.activities.iter().map(|(_, activity)| activity.as_str());
        self.facts.activity().into_iter().chain(self.facts.sub_activity()).chain(context)
    }

    /// When it was stored.
    pub(crate) fn stored(&self) -> Micros {
        self.event.stored
    }

    /// The statement as JSON, as it came.
    pub(crate) fn exact(&self, base_url: &str, version: Version) -> String {
        let authority = self.event.credential.map(|credential| authority(base_url, &credential));
        self.by(authority.as_deref(), base_url, version)
    }

    /// The statement as JSON, with the authority that is its credential's, and its activities defined like this where
    /// the look is canonical.
    fn looking(
        &self,
        authority: Option<&str>,
        base_url: &str,
        look: &Look,
        definitions: &HashMap<String, String>,
    ) -> String {
        let exact = self.by(authority, base_url, look.version);
        match look.format {
            Format::Exact => exact,
            Format::Ids => output::ids(&exact),
            // Displays of verbs are the statement's own, in one language.
            Format::Canonical => output::canonical(
                &exact,
                &Canonical {
                    definition: &|activity| definitions.get(activity).cloned(),
                    display: &|_| None,
                    languages: &look.languages,
                },
            ),
        }
    }

    fn by(&self, authority: Option<&str>, base_url: &str, version: Version) -> String {
        match &self.text {
            Text::Plain { text, .. } => output::exact(
                text,
                &Additions {
                    id: Uuid::from_bytes(self.facts.id),
                    stored: self.event.stored.0,
                    authority,
                    received: self.facts.xapi_version,
                    answer: version,
                },
            ),
            Text::Erased => self.anonymous(base_url, authority),
        }
    }

    /// A minimal statement from the facts.
    fn anonymous(&self, base_url: &str, authority: Option<&str>) -> String {
        let facts = &self.facts;
        let home_page = erased_home(base_url);
        let name = |roles: [AgentRole; 2]| {
            let found = facts.agents.iter().find(|(role, _)| roles.contains(role));
            AgentId(found.map(|(_, agent)| *agent).unwrap_or_default()).to_string()
        };
        let actor = name([AgentRole::Actor, AgentRole::ActorMember]);
        let object = name([AgentRole::Object, AgentRole::ObjectMember]);
        let account = |name| Account { home_page: &home_page, name };
        let result = ResultFacts {
            success: facts.success,
            completion: facts.completion,
            score: facts.score,
            duration: None::<Duration>,
            response: None,
        };
        output::anonymous(&Anonymous {
            id: Uuid::from_bytes(facts.id),
            actor: account(&actor),
            verb: &facts.verb,
            object: match &facts.object {
                ObjectFacts::Activity(id) => AnonymousObject::Activity(id),
                ObjectFacts::StatementRef(id) => AnonymousObject::StatementRef(Uuid::from_bytes(*id)),
                ObjectFacts::Agent => AnonymousObject::Agent(account(&object)),
                ObjectFacts::Group => AnonymousObject::Group(account(&object)),
                ObjectFacts::SubStatement(_) => {
                    AnonymousObject::Activity(facts.sub_activity().unwrap_or(&home_page))
                }
            },
            result: Some(&result),
            duration_centiseconds: facts.duration_cs,
            registration: facts.registration.map(Uuid::from_bytes),
            context_activities: &facts.activities,
            timestamp: facts.happened(self.event.stored),
            stored: self.event.stored.0,
            authority,
            received: facts.xapi_version,
        })
    }
}

/// The home page of the accounts that stand for erased people.
pub(crate) fn erased_home(base_url: &str) -> String {
    format!("{base_url}/erased")
}

/// Who vouches for a statement: the credential that sent it, as an account of this instance.
fn authority(base_url: &str, credential: &Key) -> String {
    agent("Agent", base_url, &AgentId(*credential).to_string())
}

fn replacement(base_url: &str, erased: AgentId, tag: u8) -> String {
    let shape = if tag == TAG_GROUP { "Group" } else { "Agent" };
    agent(shape, &erased_home(base_url), &erased.to_string())
}

fn agent(object_type: &str, home_page: &str, name: &str) -> String {
    let account = serde_json::json!({ "homePage": home_page, "name": name });
    serde_json::json!({ "objectType": object_type, "account": account }).to_string()
}

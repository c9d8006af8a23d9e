//! The bytes of a statement's facts. Hand-written: this is read and written once for every statement, in the
//! path of ingestion and of every projection. Key numbers: `docs/formats/facts.md`.

use eventlog::event::Key;
use minicbor::data::Type;
use minicbor::decode::Error;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decoder, Encoder};

use super::{
    AgentRole, ContextRole, ObjectFacts, Origin, Score, StatementFacts, StatementFactsOf, SubFacts, Version,
};
use crate::cbor::{at_end, check_schema, format_error};
use crate::{BadFacts, Facts};

const KIND: &str = crate::events::kind::STATEMENT;
const SCHEMA: u16 = 1;

mod key {
    pub(super) const ID: u32 = 0;
    pub(super) const AGENTS: u32 = 1;
    pub(super) const ACTOR_IS_GROUP: u32 = 2;
    pub(super) const VERB: u32 = 3;
    pub(super) const OBJECT_KIND: u32 = 4;
    pub(super) const OBJECT: u32 = 5;
    pub(super) const REGISTRATION: u32 = 6;
    pub(super) const TIMESTAMP: u32 = 7;
    pub(super) const SUCCESS: u32 = 8;
    pub(super) const COMPLETION: u32 = 9;
    pub(super) const SCALED: u32 = 10;
    pub(super) const RAW: u32 = 11;
    pub(super) const MIN: u32 = 12;
    pub(super) const MAX: u32 = 13;
    pub(super) const DURATION: u32 = 14;
    pub(super) const RESPONSE: u32 = 15;
    pub(super) const ACTIVITIES: u32 = 16;
    pub(super) const XAPI_VERSION: u32 = 17;
    pub(super) const ATTACHMENTS_FROM: u32 = 18;
    pub(super) const IMPORT_RUN: u32 = 19;
    pub(super) const ORIGINAL_STORED: u32 = 20;
    pub(super) const UNTRACKED: u32 = 21;
    pub(super) const VOIDS_OWN: u32 = 22;
}

mod object {
    pub(super) const ACTIVITY: u32 = 1;
    pub(super) const AGENT: u32 = 2;
    pub(super) const GROUP: u32 = 3;
    pub(super) const STATEMENT_REF: u32 = 4;
    pub(super) const SUB_STATEMENT: u32 = 5;
}

mod sub {
    pub(super) const VERB: u32 = 0;
    pub(super) const OBJECT_KIND: u32 = 1;
    pub(super) const OBJECT: u32 = 2;
}

impl<S: AsRef<str>> StatementFactsOf<S> {
    /// The bytes to log.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        let written = self.write(&mut Encoder::new(&mut bytes));
        debug_assert!(written.is_ok(), "writing to memory does not fail");
        bytes
    }

    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        let numbers = [
            (key::TIMESTAMP, self.timestamp),
            (key::SCALED, self.score.scaled),
            (key::RAW, self.score.raw),
            (key::MIN, self.score.min),
            (key::MAX, self.score.max),
            (key::DURATION, self.duration_cs),
        ];
        let fields = 4
            + usize::from(!self.agents.is_empty())
            + usize::from(self.actor_is_group)
            + usize::from(self.object.has_value())
            + usize::from(self.registration.is_some())
            + usize::from(self.success.is_some())
            + usize::from(self.completion.is_some())
            + numbers.iter().filter(|(_, number)| number.is_some()).count()
            + usize::from(!self.response.is_empty())
            + usize::from(!self.activities.is_empty())
            + usize::from(self.attachments_from.is_some())
            + self.origin.map_or(0, |origin| 1 + usize::from(origin.stored.is_some()))
            + usize::from(self.untracked)
            + usize::from(self.voids_own);
        e.map(fields as u64)?;
        e.u32(key::ID)?.bytes(&self.id)?;
        if !self.agents.is_empty() {
            e.u32(key::AGENTS)?.array(self.agents.len() as u64 * 2)?;
            for (role, agent) in &self.agents {
                e.u8(role.code())?.bytes(agent)?;
            }
        }
        if self.actor_is_group {
            e.u32(key::ACTOR_IS_GROUP)?.bool(true)?;
        }
        e.u32(key::VERB)?.str(self.verb.as_ref())?;
        e.u32(key::OBJECT_KIND)?.u32(self.object.kind())?;
        if self.object.has_value() {
            e.u32(key::OBJECT)?;
            self.object.write(e)?;
        }
        if let Some(registration) = &self.registration {
            e.u32(key::REGISTRATION)?.bytes(registration)?;
        }
        let [timestamp, results @ ..] = numbers;
        write_number(e, timestamp)?;
        if let Some(success) = self.success {
            e.u32(key::SUCCESS)?.bool(success)?;
        }
        if let Some(completion) = self.completion {
            e.u32(key::COMPLETION)?.bool(completion)?;
        }
        for number in results {
            write_number(e, number)?;
        }
        if !self.response.is_empty() {
            e.u32(key::RESPONSE)?.array(self.response.len() as u64)?;
            for code in &self.response {
                e.str(code.as_ref())?;
            }
        }
        if !self.activities.is_empty() {
            e.u32(key::ACTIVITIES)?.array(self.activities.len() as u64 * 2)?;
            for (role, id) in &self.activities {
                e.u8(role.code())?.str(id.as_ref())?;
            }
        }
        e.u32(key::XAPI_VERSION)?.u8(self.xapi_version.code())?;
        if let Some(first) = self.attachments_from {
            e.u32(key::ATTACHMENTS_FROM)?.u16(first)?;
        }
        if let Some(origin) = self.origin {
            e.u32(key::IMPORT_RUN)?.bytes(&origin.run)?;
            write_number(e, (key::ORIGINAL_STORED, origin.stored))?;
        }
        if self.untracked {
            e.u32(key::UNTRACKED)?.bool(true)?;
        }
        if self.voids_own {
            e.u32(key::VOIDS_OWN)?.bool(true)?;
        }
        Ok(())
    }
}

fn write_number<W: Write>(
    e: &mut Encoder<W>,
    (key, number): (u32, Option<i64>),
) -> Result<(), EncodeError<W::Error>> {
    if let Some(number) = number {
        e.u32(key)?.i64(number)?;
    }
    Ok(())
}

impl<S: AsRef<str>> ObjectFacts<S> {
    fn kind(&self) -> u32 {
        match self {
            Self::Activity(_) => object::ACTIVITY,
            Self::Agent => object::AGENT,
            Self::Group => object::GROUP,
            Self::StatementRef(_) => object::STATEMENT_REF,
            Self::SubStatement(_) => object::SUB_STATEMENT,
        }
    }

    fn has_value(&self) -> bool {
        !matches!(self, Self::Agent | Self::Group)
    }

    fn write<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
        match self {
            Self::Activity(id) => e.str(id.as_ref())?,
            Self::Agent | Self::Group => e,
            Self::StatementRef(id) => e.bytes(id)?,
            Self::SubStatement(inner) => {
                e.map(2 + u64::from(inner.object.has_value()))?;
                e.u32(sub::VERB)?.str(inner.verb.as_ref())?;
                e.u32(sub::OBJECT_KIND)?.u32(inner.object.kind())?;
                if inner.object.has_value() {
                    e.u32(sub::OBJECT)?;
                    inner.object.write(e)?;
                }
                e
            }
        };
        Ok(())
    }
}

impl<'b> StatementFactsOf<&'b str> {
    /// Reads what [`encode`](Self::encode) wrote, without copying its texts.
    ///
    /// # Errors
    /// [`BadFacts`] where the schema is later than this version knows or the bytes are not such facts.
    pub fn decode(schema: u16, bytes: &'b [u8]) -> Result<Self, BadFacts> {
        check_schema(KIND, schema, SCHEMA)?;
        let mut decoder = Decoder::new(bytes);
        let facts = read(&mut decoder).map_err(|error| format_error(KIND, &error))?;
        at_end(KIND, &decoder)?;
        Ok(facts)
    }
}

impl Facts for StatementFacts {
    const KIND: &'static str = KIND;
    const SCHEMA: u16 = SCHEMA;

    fn encode(&self) -> Vec<u8> {
        StatementFactsOf::encode(self)
    }

    fn decode(schema: u16, bytes: &[u8]) -> Result<Self, BadFacts> {
        StatementFactsOf::<&str>::decode(schema, bytes).map(|facts| facts.to_owned_facts())
    }
}

fn read<'b>(d: &mut Decoder<'b>) -> Result<StatementFactsOf<&'b str>, Error> {
    let (mut id, mut verb, mut xapi_version, mut kind, mut value) = (None, None, None, None, Value::None);
    let (mut import_run, mut original_stored) = (None, None);
    let mut facts = StatementFactsOf {
        id: Key::default(),
        agents: Vec::new(),
        actor_is_group: false,
        verb: "",
        object: ObjectFacts::Agent,
        registration: None,
        timestamp: None,
        success: None,
        completion: None,
        score: Score::default(),
        duration_cs: None,
        response: Vec::new(),
        activities: Vec::new(),
        xapi_version: Version::V1_0_3,
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    };
    for _ in 0..entries(d)? {
        match d.u32()? {
            key::ID => id = Some(read_key(d)?),
            key::AGENTS => facts.agents = read_agents(d)?,
            key::ACTOR_IS_GROUP => facts.actor_is_group = d.bool()?,
            key::VERB => verb = Some(d.str()?),
            key::OBJECT_KIND => kind = Some(d.u32()?),
            key::OBJECT => value = read_value(d)?,
            key::REGISTRATION => facts.registration = Some(read_key(d)?),
            key::TIMESTAMP => facts.timestamp = Some(d.i64()?),
            key::SUCCESS => facts.success = Some(d.bool()?),
            key::COMPLETION => facts.completion = Some(d.bool()?),
            key::SCALED => facts.score.scaled = Some(d.i64()?),
            key::RAW => facts.score.raw = Some(d.i64()?),
            key::MIN => facts.score.min = Some(d.i64()?),
            key::MAX => facts.score.max = Some(d.i64()?),
            key::DURATION => facts.duration_cs = Some(d.i64()?),
            key::RESPONSE => {
                let count = d.array()?.ok_or_else(|| Error::message("definite length"))?;
                facts.response = (0..count).map(|_| d.str()).collect::<Result<_, _>>()?;
            }
            key::ACTIVITIES => facts.activities = read_activities(d)?,
            key::XAPI_VERSION => xapi_version = Version::from_code(d.u8()?),
            key::ATTACHMENTS_FROM => facts.attachments_from = Some(d.u16()?),
            key::IMPORT_RUN => import_run = Some(read_key(d)?),
            key::ORIGINAL_STORED => original_stored = Some(d.i64()?),
            key::UNTRACKED => facts.untracked = d.bool()?,
            key::VOIDS_OWN => facts.voids_own = d.bool()?,
            _ => d.skip()?,
        }
    }
    facts.id = id.ok_or_else(|| Error::message("id"))?;
    facts.verb = verb.ok_or_else(|| Error::message("verb"))?;
    facts.object = read_object(kind, value)?;
    facts.xapi_version = xapi_version.ok_or_else(|| Error::message("xAPI version"))?;
    facts.origin = import_run.map(|run| Origin { run, stored: original_stored });
    Ok(facts)
}

/// What stands under the key of an object before its kind is known.
enum Value<'b> {
    None,
    Text(&'b str),
    Key(Key),
    Sub { verb: Option<&'b str>, kind: Option<u32>, value: Box<Value<'b>> },
}

fn read_value<'b>(d: &mut Decoder<'b>) -> Result<Value<'b>, Error> {
    match d.datatype()? {
        Type::String => Ok(Value::Text(d.str()?)),
        Type::Bytes => Ok(Value::Key(read_key(d)?)),
        _ => {
            let (mut verb, mut kind, mut value) = (None, None, Value::None);
            for _ in 0..entries(d)? {
                match d.u32()? {
                    sub::VERB => verb = Some(d.str()?),
                    sub::OBJECT_KIND => kind = Some(d.u32()?),
                    sub::OBJECT => {
                        value = match d.datatype()? {
                            Type::String => Value::Text(d.str()?),
                            _ => Value::Key(read_key(d)?),
                        }
                    }
                    _ => d.skip()?,
                }
            }
            Ok(Value::Sub { verb, kind, value: Box::new(value) })
        }
    }
}

fn read_object<'b>(kind: Option<u32>, value: Value<'b>) -> Result<ObjectFacts<&'b str>, Error> {
    match (kind, value) {
        (Some(object::ACTIVITY), Value::Text(id)) => Ok(ObjectFacts::Activity(id)),
        (Some(object::AGENT), Value::None) => Ok(ObjectFacts::Agent),
        (Some(object::GROUP), Value::None) => Ok(ObjectFacts::Group),
        (Some(object::STATEMENT_REF), Value::Key(id)) => Ok(ObjectFacts::StatementRef(id)),
        (Some(object::SUB_STATEMENT), Value::Sub { verb, kind, value }) => {
            let verb = verb.ok_or_else(|| Error::message("verb"))?;
            Ok(ObjectFacts::SubStatement(Box::new(SubFacts { verb, object: read_object(kind, *value)? })))
        }
        _ => Err(Error::message("object")),
    }
}

fn entries(d: &mut Decoder<'_>) -> Result<u64, Error> {
    d.map()?.ok_or_else(|| Error::message("definite length"))
}

fn read_key(d: &mut Decoder<'_>) -> Result<Key, Error> {
    Key::try_from(d.bytes()?).map_err(|_| Error::message("sixteen bytes"))
}

/// Half the length of an array of pairs, bounded by what the input can hold.
fn pairs(d: &mut Decoder<'_>) -> Result<usize, Error> {
    let length = d.array()?.ok_or_else(|| Error::message("definite length"))?;
    let left = d.input().len() - d.position();
    match usize::try_from(length) {
        Ok(length) if length % 2 == 0 && length <= left => Ok(length / 2),
        _ => Err(Error::message("pairs")),
    }
}

/// Roles that a later version may have added are skipped with their agents.
fn read_agents(d: &mut Decoder<'_>) -> Result<Vec<(AgentRole, Key)>, Error> {
    let count = pairs(d)?;
    let mut agents = Vec::with_capacity(count);
    for _ in 0..count {
        let role = AgentRole::from_code(d.u8()?);
        let agent = read_key(d)?;
        agents.extend(role.map(|role| (role, agent)));
    }
    Ok(agents)
}

fn read_activities<'b>(d: &mut Decoder<'b>) -> Result<Vec<(ContextRole, &'b str)>, Error> {
    let count = pairs(d)?;
    let mut activities = Vec::with_capacity(count);
    for _ in 0..count {
        let role = ContextRole::from_code(d.u8()?);
        let id = d.str()?;
        activities.extend(role.map(|role| (role, id)));
    }
    Ok(activities)
}

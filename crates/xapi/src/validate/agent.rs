//! Agents and groups (1.0.3 Data 2.4.2, IEEE 4.2.2.1).

use super::found::{Checked, Fault, Found};
use super::leaf::{self, fields, required};
use crate::Iris;
use crate::agents::{AgentRole, AgentSpan, Identifier};
use crate::json::Value;

/// What may stand in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    Both,
    Agent,
    Group,
}

/// What stood there.
pub(super) enum Actor {
    Agent,
    IdentifiedGroup,
    AnonymousGroup { members: usize },
}

impl Found {
    pub(super) fn agent(&mut self, value: Value<'_>, role: AgentRole, allowed: Allowed) -> Checked<Actor> {
        let [object_type, name, member, mbox, mbox_sha1sum, openid, account] =
            fields(value, ["objectType", "name", "member", "mbox", "mbox_sha1sum", "openid", "account"])?;
        let is_group = match object_type {
            None => false,
            Some(t) if t.is("Agent") => false,
            Some(t) if t.is("Group") => true,
            Some(t) => return Err(Fault::at(t, "\"Agent\" or \"Group\"")),
        };
        match allowed {
            Allowed::Agent if is_group => return Err(Fault::at(value, "an agent, not a group")),
            Allowed::Group if !is_group => return Err(Fault::at(value, "a group (objectType \"Group\")")),
            _ => {}
        }
        name.map(leaf::string).transpose()?;
        if member.is_some() && !is_group {
            return Err(Fault::at(
                value,
                "an object without the property \"member\", or objectType \"Group\"",
            ));
        }
        let identifiers = [mbox, mbox_sha1sum, openid, account].iter().flatten().count();
        if identifiers > 1 || (identifiers == 0 && !is_group) {
            return Err(Fault::at(value, "exactly one of mbox, mbox_sha1sum, openid and account"));
        }
        if identifiers == 0 {
            required(value, member, "member")?;
        }
        let role = if self.in_sub_statement { role.in_sub_statement() } else { role };
        if let Some(identifier) = identifier(mbox, mbox_sha1sum, openid, account)? {
            let members = member.map(|m| self.range(m));
            self.lists.agents.push(AgentSpan {
                role,
                identifier,
                is_group,
                range: self.range(value),
                members,
            });
        }
        let members = member.map(|m| self.members(m, role.of_member())).transpose()?.unwrap_or(0);
        Ok(match (is_group, identifiers) {
            (false, _) => Actor::Agent,
            (true, 0) if members == 0 => {
                return Err(Fault::at(
                    member.unwrap_or(value),
                    "at least one agent, as nothing else says who this is",
                ));
            }
            (true, 0) => Actor::AnonymousGroup { members },
            (true, _) => Actor::IdentifiedGroup,
        })
    }

    /// Checks a group's members, whose role is already that of a SubStatement where they are in one.
    fn members(&mut self, value: Value<'_>, role: AgentRole) -> Checked<usize> {
        let mut count = 0;
        let in_sub_statement = std::mem::replace(&mut self.in_sub_statement, false);
        for member in leaf::array(value)? {
            self.agent(member, role, Allowed::Agent)?;
            count += 1;
        }
        self.in_sub_statement = in_sub_statement;
        Ok(count)
    }
}

/// Whatever in an object identifies somebody, whether or not the rest of it is an agent.
pub(super) fn identifiers(value: Value<'_>) -> impl Iterator<Item = Identifier> {
    value.entries().filter_map(|(key, child)| {
        let under = |name: &str| key.is(name).then_some(child);
        identifier(under("mbox"), under("mbox_sha1sum"), under("openid"), under("account")).ok().flatten()
    })
}

fn identifier(
    mbox: Option<Value<'_>>,
    mbox_sha1sum: Option<Value<'_>>,
    openid: Option<Value<'_>>,
    account: Option<Value<'_>>,
) -> Checked<Option<Identifier>> {
    Ok(Some(if let Some(mbox) = mbox {
        Identifier::Mbox(leaf::mailto(mbox)?.into_owned())
    } else if let Some(hash) = mbox_sha1sum {
        Identifier::MboxSha1sum(leaf::sha1(hash)?.to_ascii_lowercase())
    } else if let Some(openid) = openid {
        Identifier::OpenId(leaf::uri(openid)?.into_owned())
    } else if let Some(account) = account {
        let [home_page, name] = fields(account, ["homePage", "name"])?;
        Identifier::Account {
            home_page: leaf::iri(required(account, home_page, "homePage")?, Iris::Strict)?.into_owned(),
            name: leaf::string(required(account, name, "name")?)?.into_owned(),
        }
    } else {
        return Ok(None);
    }))
}

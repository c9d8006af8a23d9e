//! `context` (1.0.3 Data 2.4.6, IEEE 4.2.2.5).

use uuid::Uuid;

use super::agent::Allowed;
use super::found::{Checked, Fault, Found};
use super::leaf::{self, fields, required};
use crate::Version;
use crate::agents::AgentRole;
use crate::json::{Kind, Value};
use crate::statement::ContextRole;

/// What a statement keeps of its context, besides the lists.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) registration: Option<Uuid>,
    pub(super) statement: Option<Uuid>,
}

impl Found {
    pub(super) fn context(&mut self, value: Value<'_>, about_activity: bool) -> Checked<Facts> {
        let [
            registration,
            instructor,
            team,
            activities,
            revision,
            platform,
            language,
            statement,
            extensions,
            agents,
            groups,
        ] = fields(
            value,
            [
                "registration",
                "instructor",
                "team",
                "contextActivities",
                "revision",
                "platform",
                "language",
                "statement",
                "extensions",
                "contextAgents",
                "contextGroups",
            ],
        )?;
        if self.version == Version::V1_0_3 && (agents.is_some() || groups.is_some()) {
            return Err(Fault::at(
                value,
                "no contextAgents and contextGroups, which version 1.0.3 does not define",
            ));
        }
        for (field, name) in [(revision, "revision"), (platform, "platform")] {
            field.map(leaf::string).transpose()?;
            if field.is_some() && !about_activity {
                return Err(Fault::at(value, format!("no {name} where the object is not an activity")));
            }
        }
        let registration = registration.map(leaf::uuid).transpose()?;
        if let Some(instructor) = instructor {
            self.agent(instructor, AgentRole::Instructor, Allowed::Both)?;
        }
        if let Some(team) = team {
            self.agent(team, AgentRole::Team, Allowed::Group)?;
        }
        if let Some(activities) = activities {
            self.context_activities(activities)?;
        }
        language.map(leaf::language_tag).transpose()?;
        let statement = statement.map(leaf::statement_ref).transpose()?;
        extensions.map(leaf::extensions).transpose()?;
        if let Some(agents) = agents {
            self.relations(agents, "contextAgent", "agent", AgentRole::ContextAgent, Allowed::Agent)?;
        }
        if let Some(groups) = groups {
            self.relations(groups, "contextGroup", "group", AgentRole::ContextGroup, Allowed::Group)?;
        }
        Ok(Facts { registration, statement })
    }

    fn context_activities(&mut self, value: Value<'_>) -> Checked<()> {
        const ROLES: [ContextRole; 4] =
            [ContextRole::Parent, ContextRole::Grouping, ContextRole::Category, ContextRole::Other];
        let lists = fields(value, ["parent", "grouping", "category", "other"])?;
        for (role, list) in ROLES.into_iter().zip(lists) {
            let role = if self.in_sub_statement { role.in_sub_statement() } else { role };
            match list {
                None => {}
                Some(list) if list.kind() == Kind::Array => {
                    for activity in list.items() {
                        self.context_activity(role, activity)?;
                    }
                }
                Some(one) if one.kind() == Kind::Object => self.context_activity(role, one)?,
                Some(other) => return Err(Fault::at(other, "an activity or an array of activities")),
            }
        }
        Ok(())
    }

    fn context_activity(&mut self, role: ContextRole, value: Value<'_>) -> Checked<()> {
        let activity = self.activity(value)?;
        self.lists.context_activities.push((role, activity.id));
        Ok(())
    }

    /// `contextAgents` or `contextGroups`: objects of the type `kind` that hold an agent or a group under `name`.
    fn relations(
        &mut self,
        value: Value<'_>,
        kind: &'static str,
        name: &'static str,
        role: AgentRole,
        allowed: Allowed,
    ) -> Checked<()> {
        for item in leaf::array(value)? {
            let [object_type, agent, types] = fields(item, ["objectType", name, "relevantTypes"])?;
            leaf::named(required(item, object_type, "objectType")?, kind)?;
            self.agent(required(item, agent, name)?, role, allowed)?;
            let Some(types) = types else { continue };
            let mut some = false;
            for relevant_type in leaf::array(types)? {
                leaf::iri(relevant_type, self.iris)?;
                some = true;
            }
            if !some {
                return Err(Fault::at(types, "at least one type"));
            }
        }
        Ok(())
    }
}

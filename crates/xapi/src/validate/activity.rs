//! Activities and their definitions (1.0.3 Data 2.4.4.1, IEEE 4.2.2.3).

use std::collections::HashSet;

use super::found::{Checked, Fault, Found};
use super::leaf::{self, fields, required};
use crate::Iris;
use crate::json::Value;
use crate::statement::{Activity, InteractionType};

impl Found {
    pub(super) fn activity(&mut self, value: Value<'_>) -> Checked<Activity> {
        let [object_type, id, definition] = fields(value, ["objectType", "id", "definition"])?;
        object_type.map(|t| leaf::named(t, "Activity")).transpose()?;
        let id = leaf::iri(required(value, id, "id")?, self.iris)?.into_owned();
        let interaction_type = definition.map(|d| check_definition(d, self.iris)).transpose()?.flatten();
        let definition = definition.map(|d| self.range(d));
        if let Some(range) = &definition {
            self.lists.definitions.push((id.clone(), range.clone()));
        }
        Ok(Activity { id, definition, interaction_type })
    }
}

fn check_definition(value: Value<'_>, iris: Iris) -> Checked<Option<InteractionType>> {
    let [
        name,
        description,
        kind,
        more_info,
        extensions,
        interaction,
        pattern,
        choices,
        scale,
        source,
        target,
        steps,
    ] = fields(
        value,
        [
            "name",
            "description",
            "type",
            "moreInfo",
            "extensions",
            "interactionType",
            "correctResponsesPattern",
            "choices",
            "scale",
            "source",
            "target",
            "steps",
        ],
    )?;
    name.map(leaf::language_map).transpose()?;
    description.map(leaf::language_map).transpose()?;
    kind.map(|kind| leaf::iri(kind, iris)).transpose()?;
    more_info.map(|more_info| leaf::iri(more_info, iris)).transpose()?;
    extensions.map(leaf::extensions).transpose()?;
    let lists = [choices, scale, source, target, steps];
    let Some(interaction) = interaction else {
        if pattern.is_some() || lists.iter().any(Option::is_some) {
            required(value, None, "interactionType")?;
        }
        return Ok(None);
    };
    let Some(interaction_type) = InteractionType::from_name(&leaf::string(interaction)?) else {
        return Err(Fault::at(interaction, "an interaction type of the standard"));
    };
    if let Some(pattern) = pattern {
        for response in leaf::array(pattern)? {
            leaf::string(response)?;
        }
    }
    for (list, used) in lists.into_iter().zip(component_lists(interaction_type)) {
        match list {
            Some(list) if !used => {
                return Err(Fault::at(list, "no component list that this interactionType has not"));
            }
            Some(list) => components(list)?,
            None => {}
        }
    }
    Ok(Some(interaction_type))
}

/// Which of choices, scale, source, target and steps an interaction may have.
fn component_lists(interaction: InteractionType) -> [bool; 5] {
    match interaction {
        InteractionType::Choice | InteractionType::Sequencing => [true, false, false, false, false],
        InteractionType::Likert => [false, true, false, false, false],
        InteractionType::Matching => [false, false, true, true, false],
        InteractionType::Performance => [false, false, false, false, true],
        InteractionType::TrueFalse
        | InteractionType::FillIn
        | InteractionType::LongFillIn
        | InteractionType::Numeric
        | InteractionType::Other => [false; 5],
    }
}

fn components(list: Value<'_>) -> Checked<()> {
    let mut ids = HashSet::new();
    for component in leaf::array(list)? {
        let [id, description] = fields(component, ["id", "description"])?;
        let id = required(component, id, "id")?;
        if !ids.insert(leaf::string(id)?) {
            return Err(Fault::at(id, "an id that no other component of the list has"));
        }
        description.map(leaf::language_map).transpose()?;
    }
    Ok(())
}

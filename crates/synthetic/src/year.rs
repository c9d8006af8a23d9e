//! What happened in the school year.

use crate::schedule::schedule;
use crate::statement::Statements;
use crate::world::World;

impl World {
    /// The statements' JSON texts in time order, one at a time, exactly as many as planned. Each has an id
    /// and a timestamp, and no version; ids and texts depend on the plan alone.
    ///
    /// The year is laid out first (32 bytes a statement); the texts are written while iterating.
    pub fn statements(&self) -> impl Iterator<Item = String> {
        Statements::new(self, schedule(self))
    }
}

//! Ordered reports and their schedules: what is asked of whoever keeps them, their pages, and the same for programs.

pub(super) mod api;
mod keeper;
pub(super) mod page;
mod words;

pub use keeper::{
    Opened, OrderFailure, OrderInput, OrderedReport, Orders, OrdersListed, ReportSchedule, ScheduleInput,
};
pub(super) use words::{BELOW, ORDERED};

//! Pages and API for administrators.

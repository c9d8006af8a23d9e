//! Projections, the lake and reports, kept up.

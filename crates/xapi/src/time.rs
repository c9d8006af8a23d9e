//! Timestamps and durations (1.0.3 Data 4.5 and 4.6).

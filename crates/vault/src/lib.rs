//! Pseudonyms, keys per person and quarter, sealing, erasure.

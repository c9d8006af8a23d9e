//! Black-box suites against a running larka.

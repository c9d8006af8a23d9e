//! Released result tables to HTML, SVG, CSV and JSON.

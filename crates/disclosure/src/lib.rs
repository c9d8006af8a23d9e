//! Result tables and the one gate that figures pass.

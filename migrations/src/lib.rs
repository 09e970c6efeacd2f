//! The database schema, in order.

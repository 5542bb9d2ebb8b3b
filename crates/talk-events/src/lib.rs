//! Delivery of committed events inside one process.

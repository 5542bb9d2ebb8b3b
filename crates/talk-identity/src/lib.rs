//! Passwords, tokens, access keys and trusted issuers: the identity adapters of Talk.

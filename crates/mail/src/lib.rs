//! Letters to MIME to DKIM to SMTP, to the local mailbox or to memory.

"""Auto-sync: a pure state machine (`machine`), and at its rim what listens, looks, commits, talks and tells."""

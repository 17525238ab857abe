"""Files: read without following links, replaced in one step, locked with a deadline."""

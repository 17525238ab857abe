"""Pure rules of entities and their documents: no I/O, no clock, no environment."""

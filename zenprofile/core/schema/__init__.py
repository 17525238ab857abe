"""JSON Schemas: the catalog of those that ship, two validators, and the messages of what they find."""

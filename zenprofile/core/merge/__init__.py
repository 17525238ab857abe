"""Merge by meaning: three documents become one, entity by entity, field by field."""

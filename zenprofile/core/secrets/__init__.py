"""Secrets: detected in plain text, and the references that stand in their place."""

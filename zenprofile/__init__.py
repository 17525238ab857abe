"""Stack profiles kept in Git, in an SQL database or behind a REST server."""

__version__ = "0.1.0"

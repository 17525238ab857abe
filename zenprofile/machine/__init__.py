"""This machine: its profiles, the active one, passwords and identity."""

"""The ZenML that is installed and connected on this machine: read, compared with a profile, and made to match it."""

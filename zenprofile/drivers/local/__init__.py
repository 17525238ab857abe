"""The driver of profiles in a Git working tree. It starts at `driver`; a write goes through `store` and `commit`."""

"""The contract that every store keeps, and the table that finds its driver by URL."""

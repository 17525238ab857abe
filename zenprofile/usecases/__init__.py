"""What a user wants done, one module a thing, knowing the store contract and no driver."""

"""Customer success metrics as pure functions."""

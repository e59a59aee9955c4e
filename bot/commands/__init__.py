"""What one can type after /health: a file a command, a line each in the registry."""

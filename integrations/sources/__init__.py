"""Sources: one file a vendor, each blind to the others."""

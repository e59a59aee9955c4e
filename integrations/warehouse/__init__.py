"""Warehouse: the company's own queries over its own engine, read as records."""

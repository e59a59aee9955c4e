"""Shapes: what vendors' JSON looks like, and the records it becomes."""

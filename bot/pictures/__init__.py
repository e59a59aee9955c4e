"""The pictures of charts, as PNG: one file a picture, drawn with matplotlib, which nobody else knows of."""

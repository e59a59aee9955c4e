"""CSV: files of rows, read as what their columns say, every mistake with its row and column."""

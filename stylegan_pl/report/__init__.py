"""What a comparison found, for eyes: a page, a grid, a table, a JSON file. It knows no model and reads no run."""

"""Shows the result of an evaluation: a page, a grid, a table, a JSON file. It knows no models and reads no runs."""

"""The page in the browser: upload a picture or a film, paint it, compare, download."""

"""A trained generator as a page in a browser: a picture or a film is dropped, painted, compared, taken away."""

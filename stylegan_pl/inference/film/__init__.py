"""A film, painted frame by frame, whose painting holds still where the scene does."""

"""Made-up worlds, drawn: pictures that look like a game's, where no game's may be shipped."""

"""From what was typed to a config that is right, and every error on the way in one line."""

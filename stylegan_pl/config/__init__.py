"""From a typed command line to a checked config; every error on the way is one line."""

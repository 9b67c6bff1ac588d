"""One call of `prepare`: a look through two image sets, and sets written as shards."""

"""One call of `prepare`: checks two image sets, or writes sets as shards."""

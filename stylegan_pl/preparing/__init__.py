"""One call of `prepare`: fetches a data set, checks two sets, or writes sets as shards."""

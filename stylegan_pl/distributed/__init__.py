"""Several processes that train together: started, watched, given their shares, queued again."""

"""Images in, pairs of content and style out."""

"""Image files to training pairs of content and style."""

"""Content image -> stylised image, (N, 3, H, W) in [-1, 1] both; one network a file."""

"""Content image -> stylised image, both (N, 3, H, W) in [-1, 1]; one network per file."""

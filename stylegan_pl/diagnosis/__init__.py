"""What goes wrong with a GAN, each complaint a file: how it is measured, and what to type against it."""

"""What is done to pictures before a discriminator sees them."""

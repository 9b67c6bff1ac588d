"""What generators and discriminators are made of: blocks, resampling, normalisation, first weights, taps."""

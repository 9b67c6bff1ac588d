"""What a player descends: adversarial losses of logits, image losses of pictures and their features."""

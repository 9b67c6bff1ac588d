"""The losses of both players: adversarial losses of logits, image losses of pictures and their features."""

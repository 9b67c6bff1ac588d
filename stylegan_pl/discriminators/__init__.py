"""Image -> logits, one a receptive field; no sigmoid, the adversarial loss decides what a logit means."""

"""Image -> logits, one per receptive field; no sigmoid, because the adversarial loss defines what a logit means."""

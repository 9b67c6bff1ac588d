"""Frozen pretrained networks, and the code that finds and checks their weights."""

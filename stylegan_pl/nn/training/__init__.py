"""What training keeps beside the networks: an average of weights, earlier fakes, a teacher, probes."""

"""Modules that compute the same as others, sooner or in less memory."""

"""Modules that compute the same as others, but faster or in less memory."""

"""Where image sets come from: downloads, and sets that are made on this machine."""

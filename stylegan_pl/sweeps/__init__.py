"""Many runs from one command: grids, searches, and where their jobs run."""

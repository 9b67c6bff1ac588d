"""Many runs from one command: grids, searches, and launchers for their jobs."""

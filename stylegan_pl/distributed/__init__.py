"""Training on several processes: starting and watching ranks, their shares of data, and requeueing of jobs."""

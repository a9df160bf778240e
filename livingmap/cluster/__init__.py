"""What several processes on one log share: the lease, checkpoints, the cursor key and short-lived broadcasts."""

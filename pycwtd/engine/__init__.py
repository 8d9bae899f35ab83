"""The queue: which job runs where, in chunks, with leases, back after any crash."""

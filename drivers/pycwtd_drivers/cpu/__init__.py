"""The CPU driver: the C kernel on one core or on all."""

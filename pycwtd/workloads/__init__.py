"""What the appliance can analyse; each workload has its request types and its computation."""

"""The inside of a host process. Only here, and in workloads' compute modules, is there numpy."""

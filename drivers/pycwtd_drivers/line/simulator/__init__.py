"""A simulated board behind a pseudo terminal, and a line on which everything goes wrong."""

"""Who may do what, and how much of it: roles, keys, tokens, rates. Knows nothing of HTTP."""

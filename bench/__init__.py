"""Our speed against other programs': see README.md beside this file."""

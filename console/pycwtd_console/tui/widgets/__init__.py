"""Pieces of screens: what more than one of them is made of, or what draws."""

"""What makers of boards need: a package to start from, the contract as tests, cassettes.

:mod:`.scaffold` writes a working driver, :mod:`.plugin` and :mod:`.suite` are the conformance
suite for pytest, :mod:`.cassette` records what goes over a board's line and plays it back.
"""

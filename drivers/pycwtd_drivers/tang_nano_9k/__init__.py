"""The driver for coherence in gateware on a Tang Nano 9K."""

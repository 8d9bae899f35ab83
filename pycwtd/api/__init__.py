"""HTTP and WebSocket: the only place that knows their words."""

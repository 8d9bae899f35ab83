"""What the operating system gives: paths, sockets, peers, systemd."""

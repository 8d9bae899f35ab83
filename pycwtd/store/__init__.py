"""What must survive: the database and the files that its rows name."""

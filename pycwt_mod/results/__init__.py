"""What the functions return: results that know what they are of, their labels and exports."""

"""From numbers to cells of the terminal. Knows nothing of Textual; numpy comes with the maps."""

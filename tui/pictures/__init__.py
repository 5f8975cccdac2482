"""Pictures in the terminal: what it can draw, loading off the UI thread, and the three ways of drawing."""

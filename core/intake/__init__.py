"""The intake desk: what comes in, who is in it, where it belongs, and how it gets there."""

"""The intake desk: where an incoming picture belongs, and how it gets there."""

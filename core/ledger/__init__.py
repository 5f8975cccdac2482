"""The ledger: effects are written down before they start, done, written down as done, and can be taken back."""

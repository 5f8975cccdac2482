"""Winnow's own database: everything that must outlive the process. The only place that holds SQL."""

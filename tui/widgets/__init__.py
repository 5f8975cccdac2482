"""Widgets: they are given data and post messages; they know no service."""

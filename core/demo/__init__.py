"""A small world of real HTTP servers: a Stash and two stash-boxes, with a library made for the purpose.

For `winnow demo` and for the tests. Nothing of the product depends on it.
"""

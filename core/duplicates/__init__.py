"""The duplicates desk: which of these files is the one to keep?"""

"""The intake desk: what comes in, who is in it, and where does it go?"""

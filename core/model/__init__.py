"""The words every part speaks: frozen values, no behaviour that needs a server, a disk or a clock.

Hashes are integers here and nowhere strings: OSHASH and PHASH unsigned 64-bit, MD5 unsigned 128-bit. They become
text only at an edge (`Fingerprint.hex`). Scene ids of a Stash are integers, ids of a stash-box are UUID strings.
"""

"""Files on disk: checksums, perceptual hashes, video frames. Synchronous and CPU-bound; `pool` runs it elsewhere.

Nothing here is heavy to import: numpy, Pillow and PyAV are loaded by the functions that need them.
"""

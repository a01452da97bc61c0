"""What recorded events mean: checks, prices, errors, idle time, timelines.

Pure: no files, sockets, clock or randomness.
"""

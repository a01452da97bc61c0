"""What recorded events mean: checking, prices, errors, idle time, timelines. Pure: no files, sockets, clock or randomness."""

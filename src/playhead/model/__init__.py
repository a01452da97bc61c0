"""Structs that the recorder, the server and the OpenAPI document share. No input or output, no clock, no randomness."""

"""Small helpers for everyday values: each module stands alone, each function does one thing."""

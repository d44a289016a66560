"""The house itself, measured: its folders and files, and what stays bitwise equal to an older commit."""

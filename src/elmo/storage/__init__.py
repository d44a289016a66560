"""Storage: files and folders that appear whole or not at all, arrays on disk, compressed streams. No text, no models."""

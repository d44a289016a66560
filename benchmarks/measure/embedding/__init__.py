"""Speed and accuracy of embedding and of searching an index."""

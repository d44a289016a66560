"""What is measured of the text floor."""

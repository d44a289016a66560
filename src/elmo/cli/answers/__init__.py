"""Commands about knowledge bases."""

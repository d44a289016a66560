"""What is kept in results/ -> pages of docs/, their tables and pictures."""
